package check

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Bounds of a Judge, which thereby needs at most a few MiB and never long for one fact.
const (
	MaxKeys    = 1024                  // keys whose requests are remembered; the one that was idle longest goes
	MaxWindow  = 128                   // requests of one window; a fuller one is not judged
	MaxUnknown = 12                    // requests for one key with an unknown outcome; with more it is not judged any more
	MaxGuesses = 16                    // what a key may hold after a window; of more than these nothing is known
	MaxSpoilt  = 256                   // spans of keys that are not judged any more
	judgeMost  = 50 * time.Millisecond // for the search of one window
	shortMost  = 500 * time.Millisecond
)

// Why requests were not judged.
const (
	WhyMany   = "too many at once: more than can be judged"
	WhyLong   = "the search for an order took too long"
	WhyVague  = "a request over several keys, or with a lease, was under way"
	WhySpoilt = "one that could not be judged has an unknown outcome, and may still change the key"
	WhyMissed = "the judge did not keep up with the facts"
)

// Judge asks of a living room whether what its clients saw could have happened one after the other: Linearizable, bit by
// bit. It reads nothing but facts, Asked and Answered, and it is used by one goroutine at a time.
//
// Keys are judged by themselves, which is as good (Herlihy and Wing 1990, locality). For each the requests are gathered until
// none waits for its answer: a window. Then an order is searched, and what the key may hold after it is what the next
// window begins with. What cannot be judged makes the Judge forget and count, never guess: it says less than the whole
// truth where requests have no known end, but what it calls broken is.
type Judge struct {
	keys   map[string]*docket
	open   map[uint64]place // requests that wait, by Op
	vague  map[uint64]bool  // under way: they may write any key
	spoilt []span
	blind  bool // everything is spoilt
	done   bool // a contradiction was found

	judged, missed uint64
	why            string
	changed        bool
}

// docket is what is known of one key.
type docket struct {
	key   string
	from  []cell  // what it may have held as the window began,
	since int64   // from this answer on
	cases []brief // in the order of their calls
	waits int     // of them, for an answer
	blind bool    // something else may write it: nothing is judged until none waits
	used  uint64  // sequence of the last fact
}

// brief is a request of a window.
type brief struct {
	Op
	id    uint64
	waits bool // for its answer
}

// place is where a request is.
type place struct {
	at   *docket
	kind event.CommandKind
}

// NewJudge knows nothing: each key may hold anything.
func NewJudge() *Judge {
	return &Judge{keys: map[string]*docket{}, open: map[uint64]place{}, vague: map[uint64]bool{}}
}

// Fold takes the next fact and returns the contradiction it makes, mostly none.
func (j *Judge) Fold(e event.Event) []event.Event {
	if j.done || !e.Command.Store() {
		return nil
	}
	// Only commands are judged.
	//exhaustive:ignore
	switch e.Kind {
	case event.Asked:
		j.ask(&e)
	case event.Answered:
		if broken := j.answer(&e); broken != nil {
			j.done = true
			return []event.Event{*broken}
		}
	}
	return nil
}

// Told is what was judged so far as a fact, if that is news.
func (j *Judge) Told() (e event.Event, news bool) {
	news, j.changed = j.changed, false
	return event.Event{Kind: event.Judged, Property: event.Linearizable, N: int64(j.judged), Index: j.missed, Text: j.why}, news
}

// miss counts requests that are not judged.
func (j *Judge) miss(n int, why string) {
	if n > 0 {
		j.missed, j.why, j.changed = j.missed+uint64(n), why, true
	}
}

// Forget begins anew: facts are missing. With gone some of them may have been requests that can still change something.
func (j *Judge) Forget(gone bool) {
	j.miss(1, WhyMissed)
	j.keys, j.open, j.vague = map[string]*docket{}, map[uint64]place{}, map[uint64]bool{}
	j.blind = j.blind || gone
}

func (j *Judge) ask(e *event.Event) {
	if !e.OK {
		if Writes(e.Command) {
			j.vague[e.Op] = true
			for _, d := range j.keys {
				d.blind = true
			}
		}
		return
	}
	d := j.docket(e.Key)
	d.used = e.Seq
	d.blind = d.blind || len(j.vague) > 0
	op := Op{Client: int(e.Op), Command: event.Command{Kind: e.Command, Key: e.Key}, Call: int64(e.Seq), Return: math.MaxInt64}
	d.cases = append(d.cases, brief{Op: op, id: e.Op, waits: true})
	d.waits++
	j.open[e.Op] = place{d, e.Command}
}

// docket of a key. Where there is none yet, nothing is known of it.
func (j *Judge) docket(key string) *docket {
	if d := j.keys[key]; d != nil {
		return d
	}
	if len(j.keys) >= MaxKeys {
		j.evict()
	}
	d := &docket{key: key, from: []cell{anything}}
	j.keys[key] = d
	return d
}

// evict forgets the key that was idle longest. Requests without a known end that it leaves behind may still change it.
func (j *Judge) evict() {
	var idle *docket
	for _, d := range j.keys {
		if d.waits == 0 && (idle == nil || d.used < idle.used) {
			idle = d
		}
	}
	if idle == nil { // all are busy
		j.blind = true
		return
	}
	if len(idle.cases) > 0 {
		j.spoil(span{Key: idle.key})
	}
	delete(j.keys, idle.key)
}

// spoil judges keys no more.
func (j *Judge) spoil(s span) {
	if len(j.spoilt) >= MaxSpoilt {
		j.blind = true
		return
	}
	j.spoilt = append(j.spoilt, s)
}

func (j *Judge) answer(e *event.Event) *event.Event {
	if j.vague[e.Op] {
		delete(j.vague, e.Op)
		j.settle(e)
		return nil
	}
	p, ok := j.open[e.Op]
	if !ok {
		return nil
	}
	delete(j.open, e.Op)
	d := p.at
	d.used = e.Seq
	d.hear(e)
	return j.close(d, e)
}

// settle takes note of how something ended that may have written any key.
func (j *Judge) settle(e *event.Event) {
	if e.Outcome == event.Unknown {
		spans := spoilt(e.Key)
		j.blind = j.blind || len(spans) == 0
		for _, s := range spans {
			j.spoil(s)
		}
	}
	j.miss(1, WhyVague)
	if len(j.vague) > 0 {
		return
	}
	for _, d := range j.keys {
		j.rest(d)
	}
}

// rest lets a key be judged again, of which something else was written, once none of its requests waits.
func (j *Judge) rest(d *docket) {
	if !d.blind || d.waits > 0 || len(j.vague) > 0 {
		return
	}
	keep := d.cases[:0]
	for _, b := range d.cases {
		if !b.waits && b.open() {
			keep = append(keep, b) // it may still happen
		}
	}
	j.miss(len(d.cases)-len(keep), WhyVague)
	d.cases, d.from, d.blind = keep, []cell{anything}, false
}

// hear takes in an answer.
func (d *docket) hear(e *event.Event) {
	i := slices.IndexFunc(d.cases, func(b brief) bool { return b.id == e.Op })
	if i < 0 {
		return
	}
	b := &d.cases[i]
	b.waits, b.Result.Outcome = false, e.Outcome
	d.waits--
	switch {
	case e.Outcome != event.Failed && e.Outcome != event.Unknown && !b.recall(e.Key), e.Outcome == event.Unknown && Writes(e.Command) && !b.recall(e.Key):
		d.blind = true // what it did is not told
		d.cases = slices.Delete(d.cases, i, i+1)
	case b.idle():
		d.cases = slices.Delete(d.cases, i, i+1)
	case e.Outcome == event.OK:
		b.Return = int64(e.Seq)
	}
}

// close judges a window if it is over.
func (j *Judge) close(d *docket, e *event.Event) *event.Event {
	if d.waits > 0 {
		if len(d.cases) >= MaxWindow {
			j.skip(d)
		}
		return nil
	}
	unknown := d.unknown()
	switch {
	case unknown > MaxUnknown:
		j.spoil(span{Key: d.key})
		fallthrough
	case j.lost(d.key):
		j.miss(len(d.cases)-unknown, WhySpoilt)
		delete(j.keys, d.key)
		return nil
	case d.blind:
		j.rest(d)
		return nil
	}
	return j.judge(d, e)
}

// unknown counts what may still have an effect.
func (d *docket) unknown() (n int) {
	for i := range d.cases {
		if b := &d.cases[i]; !b.waits && b.open() {
			n++
		}
	}
	return n
}

// skip gives up a window that became too full, and judges nothing until none waits.
func (j *Judge) skip(d *docket) {
	before := len(d.cases)
	d.cases = slices.DeleteFunc(d.cases, func(b brief) bool { return !b.open() })
	j.miss(before-len(d.cases), WhyMany)
	d.blind = true
	if d.unknown() > MaxUnknown {
		j.spoil(span{Key: d.key})
	}
}

// lost says whether a key is not judged any more.
func (j *Judge) lost(key string) bool {
	return j.blind || slices.ContainsFunc(j.spoilt, func(s span) bool { return s.has(key) })
}

// judge searches an order of the window's requests.
func (j *Judge) judge(d *docket, e *event.Event) *event.Event {
	ops, ended := d.ops()
	switch verdict(d.from, ops, time.Now().Add(judgeMost)) {
	case porcupine.Illegal:
		return j.tell(d, e)
	case porcupine.Unknown:
		j.miss(ended, WhyLong)
		d.from = []cell{anything}
	case porcupine.Ok:
		if ended > 0 {
			j.judged, j.changed = j.judged+uint64(ended), true
			d.from, d.since = after(d.from, ops, int64(e.Seq)), int64(e.Seq)
		}
	}
	d.cases = slices.DeleteFunc(d.cases, func(b brief) bool { return !b.open() })
	return nil
}

// ops are the window's requests, and how many of them have ended.
func (d *docket) ops() (ops []Op, ended int) {
	for i := range d.cases {
		ops = append(ops, d.cases[i].Op)
	}
	return ops, len(ops) - d.unknown()
}

// after is what the key may hold once all ops are done, that end before now.
func after(from []cell, ops []Op, now int64) []cell {
	if len(ops) == 1 && !ops[0].open() {
		return stepped(from, &ops[0])
	}
	guesses := candidates(from, ops)
	if len(guesses) > MaxGuesses || slices.Contains(guesses, anything) {
		return []cell{anything}
	}
	var held []cell
	deadline := time.Now().Add(judgeMost)
	for _, guess := range guesses {
		look := Op{Command: event.Command{Kind: event.Get}, Result: event.Result{Outcome: event.OK}, Call: now + 1, Return: now + 2}
		if guess.version != 0 {
			look.Result.KVs = []event.KeyValue{{Value: guess.value}}
		}
		if verdict(from, append(slices.Clip(ops), look), deadline) != porcupine.Illegal {
			held = append(held, guess)
		}
	}
	if len(held) == 0 {
		return []cell{anything}
	}
	return held
}

// stepped is after for one request that was alone.
func stepped(from []cell, op *Op) (held []cell) {
	for _, c := range from {
		if ok, next := c.step(op); ok && !slices.Contains(held, next) {
			held = append(held, next)
		}
	}
	return held
}

// candidates are what a key can hold at the end: what it held, or what somebody may have put.
func candidates(from []cell, ops []Op) (all []cell) {
	add := func(c cell) {
		if !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	for _, c := range from {
		if c.version > 0 {
			c.version = some
		}
		if !c.unknown {
			add(c)
		}
	}
	wrote := false
	for i := range ops {
		op := &ops[i]
		switch {
		case op.Command.Kind == event.Put:
			add(cell{value: op.Command.Value, version: some})
			wrote = wrote || !op.open()
		case op.Command.Kind == event.Del:
			add(cell{})
			wrote = wrote || !op.open()
		case op.Command.Txn != nil:
			for _, r := range slices.Concat(op.Command.Txn.Success, op.Command.Txn.Failure) {
				if r.Kind == event.Put {
					add(cell{value: r.Value, version: some})
				} else if r.Kind == event.Del {
					add(cell{})
				}
			}
		}
		for _, kv := range op.Result.KVs {
			if kv.Lease != 0 {
				add(anything)
			}
		}
	}
	if !wrote && slices.Contains(from, anything) {
		add(anything) // perhaps nothing has happened to it
	}
	return all
}

// tell says which two facts contradict each other: the answer that nothing explains, and that of the request without which
// there would be an order.
func (j *Judge) tell(d *docket, e *event.Event) *event.Event {
	ops, _ := d.ops()
	wrong := NotLinearizable{Key: d.key, Ops: shortest(d.from, ops, shortMost)}
	last := wrong.last()
	earlier := against(d.from, wrong.Ops, &last)
	if earlier == 0 {
		earlier = d.since
	}
	return &event.Event{Kind: event.SafetyBroken, Property: event.Linearizable, At: e.At, Node: e.Node, Op: uint64(last.Client),
		Rev: last.Return, N: earlier, Text: sentence(d.key, &last)}
}

// against is the place of the answer with which the last one cannot be: leaving that request out gives an order. 0: it is
// what the key held before.
func against(from []cell, ops []Op, last *Op) int64 {
	deadline := time.Now().Add(shortMost)
	found := int64(0)
	for i := range ops {
		if ops[i].open() || ops[i].Client == last.Client || ops[i].Return < found {
			continue
		}
		if verdict(from, slices.Delete(slices.Clone(ops), i, i+1), deadline) == porcupine.Ok {
			found = ops[i].Return
		}
	}
	if found != 0 {
		return found
	}
	for i := range ops { // the last thing that was known before
		if !ops[i].open() && ops[i].Return < last.Call {
			found = max(found, ops[i].Return)
		}
	}
	return found
}

// sentence is what was seen that cannot be.
func sentence(key string, op *Op) string {
	what := "the answer to a " + op.Command.Kind.String() + " of " + strconv.Quote(key)
	switch {
	case op.Command.Kind != event.Get:
	case len(op.Result.KVs) == 0:
		what = "a read found no " + strconv.Quote(key)
	default:
		what = "a read of " + strconv.Quote(key) + " saw " + strconv.Quote(op.Result.KVs[0].Value)
	}
	return what + ", and no order of all requests explains that"
}
