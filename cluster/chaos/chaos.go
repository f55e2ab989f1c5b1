// Package chaos does to a room what no operator would: random faults of every kind under concurrent clients, in virtual
// time, and judges what the clients saw.
package chaos

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/check"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/fault"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Options of one run.
type Options struct {
	Dir     string       // empty; holds the room
	Seed    uint64       // of faults, clients and the network. Not repeatable to the event: goroutines have an order of their own
	Virtual event.Micros // how long the faults go on
	Nodes   int          // 0: 5
	Clients int          // 0: 4
	Sync    bool         // real fsyncs
}

// Report says what happened.
type Report struct {
	Seed                uint64
	Virtual             event.Micros
	Real                time.Duration
	OK, Failed, Unknown int
	Faults              map[string]int
	Events              uint64
	Terms               uint64 // highest term reached
}

const (
	slice       event.Micros = 10_000     // clients look up this often
	settleMost  event.Micros = 60_000_000 // after healing
	settleTries              = 4
	judgeMost                = 20 * time.Second
)

type run struct {
	o       Options
	room    *cluster.Room
	rng     *rand.Rand
	chooser *fault.Chooser
	clients []*client
	history check.History
	faults  map[string]int
	kept    map[string]string // puts to keys of their own that were answered ok
	fates   []event.Event     // of machines, the last ones; the journal's lock guards them
	wrong   error             // what must not happen has happened: the run ends
}

// Run does it. The error says which promise was broken, or that the run itself went wrong.
func Run(o Options) (Report, error) {
	if o.Nodes == 0 {
		o.Nodes = 5
	}
	if o.Clients == 0 {
		o.Clients = 4
	}
	began := time.Now()
	room, err := cluster.Open(cluster.Options{Dir: o.Dir, Nodes: o.Nodes, Rate: event.One, NoSync: !o.Sync, Manual: true, Seed: o.Seed + 1})
	if err != nil {
		return Report{}, err
	}
	r := &run{o: o, room: room, rng: rand.New(rand.NewPCG(o.Seed, 2)), chooser: fault.NewChooser(o.Seed, event.One), faults: map[string]int{}, kept: map[string]string{}}
	room.Journal().AddFold(r.remember)
	for i := range o.Clients {
		r.clients = append(r.clients, &client{id: i, r: r})
	}
	err = errors.Join(r.storm(), room.Close())
	s := room.State()
	rep := Report{Seed: o.Seed, Virtual: s.At, Real: time.Since(began), Faults: r.faults, Events: s.Seq}
	r.count(&rep)
	for i := range s.Nodes {
		rep.Terms = max(rep.Terms, s.Nodes[i].Term)
	}
	if err != nil {
		err = fmt.Errorf("seed %d: %w", o.Seed, err)
	}
	return rep, err
}

func (r *run) count(rep *Report) {
	for _, op := range r.history.Ops() {
		switch op.Result.Outcome {
		case event.OK:
			rep.OK++
		case event.Failed:
			rep.Failed++
		case event.Unknown, event.Pending:
			rep.Unknown++
		}
	}
}

// storm makes faults until the time is over, mends everything and judges.
func (r *run) storm() error {
	end := r.room.Now() + r.o.Virtual
	for r.room.Now() < end && r.wrong == nil {
		f := mishaps[r.rng.IntN(len(mishaps))]
		r.faults[f.name]++
		f.do(r)
		r.pass(r.between(200_000, 2_000_000))
		if r.rng.IntN(5) == 0 {
			r.mend()
			r.pass(r.between(500_000, 4_000_000))
		}
	}
	if r.wrong != nil {
		return r.wrong
	}
	return r.judge()
}

func (r *run) between(least, most event.Micros) event.Micros {
	return least + event.Micros(r.rng.Int64N(int64(most-least)))
}

// pass lets time go on under the clients.
func (r *run) pass(d event.Micros) {
	for end := r.room.Now() + d; r.room.Now() < end; {
		for _, c := range r.clients {
			c.act()
		}
		r.room.Advance(slice)
	}
}

// until is pass until ok, at most d.
func (r *run) until(d event.Micros, ok func(*view.State) bool) bool {
	for end := r.room.Now() + d; r.room.Now() < end; {
		done := false
		r.room.Journal().With(func(s *view.State) { done = ok(s) })
		if done {
			return true
		}
		r.pass(slice)
	}
	return false
}

// order gives an order and waits for its end under the clients.
func (r *run) order(c event.Command) event.Result {
	answer := r.room.Begin(c)
	for {
		select {
		case res := <-answer:
			return res
		default:
			r.pass(slice)
		}
	}
}

// judge mends everything and holds the room to its promises.
func (r *run) judge() error {
	if !r.recover() {
		return fmt.Errorf("long after everything was mended the rows differ: %s", rows(r.room.State()))
	}
	for _, c := range r.clients {
		c.finish()
	}
	if !r.recover() {
		return fmt.Errorf("the rows differ after the last answers: %s", rows(r.room.State()))
	}
	return errors.Join(r.safety(), r.equalStores(), r.nothingLost(), check.Linearizable(r.history.Ops(), judgeMost))
}

// recover mends and waits, again where a kill that was armed long ago has struck meanwhile.
func (r *run) recover() bool {
	for range settleTries {
		r.mend()
		if r.until(settleMost, settled) {
			return true
		}
	}
	return false
}

func (r *run) safety() (err error) {
	s := r.room.State()
	for _, l := range s.Safety {
		if !l.Holds {
			err = errors.Join(err, fmt.Errorf("%v is broken (events %d and %d): %s", l.Property, l.Earlier, l.Seq, l.Text))
		}
	}
	return err
}

func (r *run) equalStores() error {
	s := r.room.State()
	var first cluster.Hash
	for i := range s.Nodes {
		answer := r.room.Hash(s.Nodes[i].ID)
		r.room.Advance(slice)
		h := <-answer
		if h.Err != nil {
			return h.Err
		}
		if i == 0 {
			first = h
		} else if h != first {
			return fmt.Errorf("the store of %v (revision %d, hash %x) differs from that of %v (revision %d, hash %x)",
				s.Nodes[i].ID, h.Revision, h.Sum, s.Nodes[0].ID, first.Revision, first.Sum)
		}
	}
	return nil
}

// nothingLost looks on every node for the puts that were answered ok.
func (r *run) nothingLost() error {
	s := r.room.State()
	for i := range s.Nodes {
		answer := r.room.Begin(event.Command{Kind: event.Get, Node: s.Nodes[i].ID, Key: keptPrefix, Prefix: true, Serializable: true})
		r.room.Advance(slice)
		res := <-answer
		if res.Outcome != event.OK {
			return fmt.Errorf("%v does not answer: %s", s.Nodes[i].ID, res.Error)
		}
		have := map[string]string{}
		for _, kv := range res.KVs {
			have[kv.Key] = kv.Value
		}
		for k, v := range r.kept {
			if have[k] != v {
				return fmt.Errorf("%v has %s = %q, though %q was acknowledged", s.Nodes[i].ID, k, have[k], v)
			}
		}
	}
	return nil
}

// settled says that everyone runs and has applied the same log to its end.
func settled(s *view.State) bool {
	l := s.Leader()
	if l == nil || len(s.Members) != len(s.Nodes) {
		return false
	}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if !n.Up || n.Last != l.Last || n.Commit != l.Last || n.Applied != l.Last || n.Revision != l.Revision {
			return false
		}
	}
	return true
}

func rows(s view.State) (out string) {
	for i := range s.Nodes {
		n := &s.Nodes[i]
		out += fmt.Sprintf("%v up %v %v term %d last %d commit %d applied %d rev %d %s; ", n.ID, n.Up, n.Role, n.Term, n.Last, n.Commit, n.Applied, n.Revision, n.Refused)
	}
	return out + fmt.Sprint("members ", s.Members)
}
