package check

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// trial writes what clients did as facts, and has a judge look at them.
type trial struct {
	*testing.T
	judge  *Judge
	seq    uint64
	facts  []event.Event
	broken []event.Event
}

func newTrial(t *testing.T) *trial { return &trial{T: t, judge: NewJudge()} }

func (r *trial) tell(e event.Event) uint64 {
	r.seq++
	e.Seq = r.seq
	r.facts = append(r.facts, e)
	r.broken = append(r.broken, r.judge.Fold(e)...)
	return e.Seq
}

// ask begins a command; the returned function ends it.
func (r *trial) ask(op uint64, c event.Command) func(event.Outcome, event.Result) uint64 {
	asked := event.Event{Kind: event.Asked, Op: op, Command: c.Kind, Key: c.Key}
	if key, ok := Judged(&c); ok {
		asked.Key, asked.OK = key, true
	}
	r.tell(asked)
	return func(o event.Outcome, res event.Result) uint64 {
		res.Outcome = o
		return r.tell(event.Event{Kind: event.Answered, Op: op, Command: c.Kind, Outcome: o, Key: Deed(&c, &res)})
	}
}

func (r *trial) put(key, value string) uint64 {
	return r.ask(r.seq+1, event.Command{Kind: event.Put, Key: key, Value: value})(event.OK, event.Result{})
}

func (r *trial) get(key string, kvs ...event.KeyValue) uint64 {
	return r.ask(r.seq+1, event.Command{Kind: event.Get, Key: key})(event.OK, event.Result{KVs: kvs})
}

func kv(value string) event.KeyValue { return event.KeyValue{Value: value, Version: 1} }

func (r *trial) whole() {
	r.Helper()
	if len(r.broken) != 0 {
		r.Fatalf("said to be broken: %+v", r.broken)
	}
}

// breaks checks which two facts are said to contradict each other.
func (r *trial) breaks(later, earlier uint64) {
	r.Helper()
	if len(r.broken) != 1 {
		r.Fatalf("%d contradictions are told: %+v", len(r.broken), r.broken)
	}
	if b := r.broken[0]; b.Property != event.Linearizable || uint64(b.Rev) != later || uint64(b.N) != earlier || b.Text == "" {
		r.Errorf("told %+v, want that %d contradicts %d", b, later, earlier)
	}
}

func TestJudgeFindsAStaleRead(t *testing.T) {
	r := newTrial(t)
	r.put("x", "1")
	wrote := r.put("x", "2")
	r.whole()
	r.breaks(r.get("x", kv("1")), wrote)
	if r.get("x", kv("1")); len(r.broken) != 1 {
		t.Error("it is told twice")
	}
}

func TestJudgeFindsAStaleReadBehindConcurrentPuts(t *testing.T) {
	r := newTrial(t)
	first := r.ask(100, event.Command{Kind: event.Put, Key: "x", Value: "1"})
	second := r.ask(101, event.Command{Kind: event.Put, Key: "x", Value: "2"})
	first(event.OK, event.Result{})
	second(event.OK, event.Result{})
	r.get("x", kv("2")) // so 1 was before
	r.whole()
	if r.get("x", kv("1")); len(r.broken) != 1 {
		t.Error("a read that goes back is not found")
	}
}

func TestJudgeKnowsNothingInTheBeginning(t *testing.T) {
	r := newTrial(t)
	seen := r.get("x", kv("7"))
	r.get("y")
	r.whole()
	r.breaks(r.get("x", kv("8")), seen)
}

func TestUnknownPutMayHappenLateOrNever(t *testing.T) {
	r := newTrial(t)
	r.put("x", "1")
	r.ask(100, event.Command{Kind: event.Put, Key: "x", Value: "2"})(event.Unknown, event.Result{})
	r.get("x", kv("1"))
	r.put("x", "3")
	r.get("x", kv("3"))
	late := r.get("x", kv("2"))
	r.whole()
	r.breaks(r.get("x", kv("3")), late)
}

func TestFailedPutNeverHappens(t *testing.T) {
	r := newTrial(t)
	wrote := r.put("x", "1")
	r.ask(100, event.Command{Kind: event.Put, Key: "x", Value: "2"})(event.Failed, event.Result{})
	r.breaks(r.get("x", kv("2")), wrote)
}

func TestTransactionsAndDeletesAreJudged(t *testing.T) {
	cas := event.Command{Kind: event.TxnDo, Txn: &event.Txn{
		Compare: []event.Compare{{Key: "x", Target: "value", Result: "=", Value: "1"}},
		Success: []event.Request{{Kind: event.Put, Key: "x", Value: "2"}}, Failure: []event.Request{{Kind: event.Get, Key: "x"}}}}
	r := newTrial(t)
	r.put("x", "1")
	r.ask(100, cas)(event.OK, event.Result{Succeeded: true, Responses: []event.Response{{Kind: event.Put}}})
	r.ask(101, cas)(event.OK, event.Result{Responses: []event.Response{{Kind: event.Get, KVs: []event.KeyValue{kv("2")}}}})
	r.ask(102, event.Command{Kind: event.Del, Key: "x"})(event.OK, event.Result{Deleted: 1})
	gone := r.ask(103, event.Command{Kind: event.Del, Key: "x"})(event.OK, event.Result{})
	r.whole()
	r.breaks(r.ask(104, cas)(event.OK, event.Result{Succeeded: true, Responses: []event.Response{{Kind: event.Put}}}), gone)
}

// TestWhatPromisesLessIsNotJudged: a serializable read may be stale.
func TestWhatPromisesLessIsNotJudged(t *testing.T) {
	r := newTrial(t)
	r.put("x", "1")
	r.put("x", "2")
	stale := event.Result{KVs: []event.KeyValue{kv("1")}}
	r.ask(100, event.Command{Kind: event.Get, Key: "x", Serializable: true})(event.OK, stale)
	r.ask(101, event.Command{Kind: event.Get, Key: "x", Rev: 2})(event.OK, stale)
	r.ask(102, event.Command{Kind: event.Get, Key: "x", Prefix: true})(event.OK, stale)
	r.whole()
	if told, _ := r.judge.Told(); told.N != 2 || told.Index != 0 {
		t.Errorf("judged %d and left out %d, want the two puts", told.N, told.Index)
	}
}

// TestOthersWritingMakeItForget: after something over several keys, or with a lease, anything may be there.
func TestOthersWritingMakeItForget(t *testing.T) {
	for name, c := range map[string]event.Command{
		"range": {Kind: event.Del, Key: "a", Prefix: true},
		"lease": {Kind: event.Put, Key: "x", Value: "9", Vague: true},
		"txn": {Kind: event.TxnDo, Txn: &event.Txn{Success: []event.Request{
			{Kind: event.Put, Key: "x", Value: "9"}, {Kind: event.Put, Key: "y", Value: "9"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newTrial(t)
			r.put("x", "1")
			over := r.ask(100, c)
			reads := r.ask(101, event.Command{Kind: event.Get, Key: "x"})
			r.get("x", kv("9"))
			over(event.OK, event.Result{})
			reads(event.OK, event.Result{KVs: []event.KeyValue{kv("1")}})
			r.get("x")
			r.whole()
			r.put("x", "2")
			if r.get("x", kv("1")); len(r.broken) != 1 {
				t.Error("later it judges no more")
			}
			if told, _ := r.judge.Told(); told.Index == 0 || told.Text != WhyVague {
				t.Errorf("it does not say what was not judged: %+v", told)
			}
		})
	}
}

// TestUnknownWriteOfManyKeysSpoilsThem: it may still happen, whenever.
func TestUnknownWriteOfManyKeysSpoilsThem(t *testing.T) {
	r := newTrial(t)
	r.ask(100, event.Command{Kind: event.Del, Key: "x/", Prefix: true})(event.Unknown, event.Result{})
	r.put("x/1", "1")
	r.get("x/1")
	r.whole()
	r.put("y", "1")
	if r.get("y"); len(r.broken) != 1 {
		t.Error("other keys are not judged any more")
	}
}

func TestLeasedValuesGoByThemselves(t *testing.T) {
	r := newTrial(t)
	r.get("x", event.KeyValue{Value: "1", Version: 1, Lease: 7})
	r.get("x")
	r.whole()
}

// TestJudgeIsBounded: whatever is under way at once, it holds little and says what it did not judge.
func TestJudgeIsBounded(t *testing.T) {
	r := newTrial(t)
	for i := range 2 * MaxWindow {
		r.ask(uint64(1000+i), event.Command{Kind: event.Get, Key: "x"})
	}
	r.put("x", "1")
	for i := range 2*MaxKeys + 1 {
		r.put(fmt.Sprint("key", i), "1")
	}
	for i := range 2 * MaxSpoilt {
		r.ask(uint64(5000+i), event.Command{Kind: event.Put, Key: "z", Value: fmt.Sprint(i)})(event.Unknown, event.Result{})
	}
	r.whole()
	told, news := r.judge.Told()
	if !news || told.Index == 0 || len(r.judge.keys) > MaxKeys || len(r.judge.spoilt) > MaxSpoilt {
		t.Errorf("told %+v, holds %d keys and %d spoilt spans", told, len(r.judge.keys), len(r.judge.spoilt))
	}
	if _, news = r.judge.Told(); news {
		t.Error("what was told is told again")
	}
}

// TestJudgeIsNeverWrong plays clients on a real register, some of whose answers are lost: however requests overlap, nothing is
// called broken. With one answer of the register made false, it is found in most plays.
func TestJudgeIsNeverWrong(t *testing.T) {
	found := 0
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 1))
		if broken := playRegister(t, random, 0); len(broken) > 0 {
			t.Fatalf("seed %d: %+v", seed, broken)
		}
		random = rand.New(rand.NewPCG(seed, 1))
		if len(playRegister(t, random, 40)) > 0 {
			found++
		}
	}
	if found < 50 {
		t.Errorf("of 100 false answers only %d were found", found)
	}
}

// playRegister has five clients ask a register on two keys. The answer of the read that comes at place lie is false.
func playRegister(t *testing.T, random *rand.Rand, lie int) []event.Event {
	r := newTrial(t)
	type call struct {
		end  func(event.Outcome, event.Result) uint64
		c    event.Command
		res  event.Result
		done bool
	}
	var under []*call
	store := map[string]string{}
	act := func(u *call) {
		u.done = true
		// What the clients ask.
		//exhaustive:ignore
		switch u.c.Kind {
		case event.Put:
			store[u.c.Key] = u.c.Value
		case event.Del:
			if store[u.c.Key] != "" {
				u.res.Deleted = 1
			}
			delete(store, u.c.Key)
		default:
			if v := store[u.c.Key]; v != "" {
				u.res.KVs = []event.KeyValue{{Value: v}}
			}
		}
	}
	for i := range 80 {
		if len(under) < 1+random.IntN(5) {
			c := event.Command{Kind: []event.CommandKind{event.Put, event.Get, event.Get, event.Del}[random.IntN(4)], Key: []string{"x", "y"}[random.IntN(2)]}
			if c.Kind == event.Put {
				c.Value = fmt.Sprint(random.IntN(6))
			}
			under = append(under, &call{c: c, end: r.ask(uint64(1000+i), c)})
			continue
		}
		k := random.IntN(len(under))
		u := under[k]
		if !u.done {
			act(u)
			if random.IntN(2) == 0 {
				continue
			}
		}
		under = append(under[:k], under[k+1:]...)
		outcome := event.OK
		if random.IntN(12) == 0 {
			outcome = event.Unknown
		}
		if lie > 0 && i >= lie && u.c.Kind == event.Get && outcome == event.OK {
			u.res.KVs, lie = []event.KeyValue{{Value: "never put"}}, 0
		}
		u.end(outcome, u.res)
	}
	for _, u := range under {
		if !u.done {
			act(u)
		}
		u.end(event.OK, u.res)
	}
	return r.broken
}

func TestDeedsComeBack(t *testing.T) {
	long := strings.Repeat("long ", 40)
	for _, c := range []struct {
		command event.Command
		result  event.Result
	}{
		{event.Command{Kind: event.Put, Key: "x", Value: long}, event.Result{}},
		{event.Command{Kind: event.Put, Key: "x", Value: ""}, event.Result{}},
		{event.Command{Kind: event.Get, Key: "x"}, event.Result{}},
		{event.Command{Kind: event.Get, Key: "x"}, event.Result{KVs: []event.KeyValue{{Value: "a:b", Version: 3, Lease: 1}}}},
		{event.Command{Kind: event.Del, Key: "x"}, event.Result{Deleted: 1}},
	} {
		c.result.Outcome = event.OK
		deed := Deed(&c.command, &c.result)
		op := Op{Command: event.Command{Kind: c.command.Kind, Key: "x"}}
		if !op.recall(deed) || len(deed) > 64 {
			t.Errorf("%q cannot be read, or is too long", deed)
			continue
		}
		if got, want := op.Result.KVs, c.result.KVs; len(got) != len(want) || len(got) == 1 && (got[0].Value != want[0].Value || got[0].Version != 3 || got[0].Lease == 0) {
			t.Errorf("%q gives %+v, want %+v", deed, got, want)
		}
		if op.Result.Deleted != c.result.Deleted || op.Command.Value != sum(c.command.Value) {
			t.Errorf("%q gives %+v %+v", deed, op.Command, op.Result)
		}
	}
	if Deed(&event.Command{Kind: event.Put, Key: "x", Value: long}, &event.Result{}) == Deed(&event.Command{Kind: event.Put, Key: "x", Value: long + "."}, &event.Result{}) {
		t.Error("two long values have one sum")
	}
}

func FuzzDeed(f *testing.F) {
	for _, deed := range []string{"", "=1", "?", "?3:1", "?3~:1", "-1", "*", `*[{"key":"a"}]`, `{"txn":{}}`} {
		f.Add(deed)
	}
	f.Fuzz(func(t *testing.T, deed string) {
		for _, k := range []event.CommandKind{event.Put, event.Get, event.Del, event.TxnDo} {
			r := newTrial(t)
			r.tell(event.Event{Kind: event.Asked, Op: 1, Command: k, Key: "x", OK: true})
			r.tell(event.Event{Kind: event.Answered, Op: 1, Command: k, Outcome: event.OK, Key: deed})
		}
	})
}

// TestCourtThatMissesFactsSaysSo fills the queue while nobody judges, and finds it working again later.
func TestCourtThatMissesFactsSaysSo(t *testing.T) {
	facts, busy := make(chan event.Event, 100), make(chan struct{})
	first := true
	c := NewCourt(func(e event.Event) {
		if first { // the judge is held up
			first = false
			<-busy
		}
		facts <- e
	})
	defer c.Close()
	seq := uint64(0)
	offer := func(kind event.Kind, op uint64, key string) {
		seq++
		c.Offer(event.Event{Seq: seq, Kind: kind, Command: event.Put, Op: op, Key: key, OK: kind == event.Asked, Outcome: map[event.Kind]event.Outcome{event.Answered: event.OK}[kind]})
	}
	request := func(op uint64) { offer(event.Asked, op, "x"); offer(event.Answered, op, "=1") }
	request(1)
	for op := uint64(2); ; op++ { // until the queue has been full: the tick that reports the first request holds the judge up
		request(op)
		c.mu.Lock()
		missed := c.missed
		c.mu.Unlock()
		if missed {
			break
		}
	}
	close(busy)
	for op := uint64(1_000_000); ; op++ {
		request(op)
		c.mu.Lock()
		missed := c.missed
		c.mu.Unlock()
		if !missed {
			break
		}
	}
	for e := range facts {
		if e.Property != event.Linearizable || e.Kind != event.Judged {
			t.Fatalf("told %+v", e)
		}
		if e.Index > 0 && e.Text == WhyMissed {
			return
		}
	}
}
