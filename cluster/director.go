package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/preset"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// sceneMost is how long, in virtual time, each step towards a situation may take.
const sceneMost event.Micros = 30_000_000

// What is said on the way to a situation. {0} is a name.
const (
	sayMending = "Mending what is broken, and waiting until all follow one leader."
	sayStaging = "Bringing about: %s."
	sayThere   = "There it is, and time stands still. %s"
)

// director brings a situation about, with orders like everybody's.
type director struct {
	r    *Room
	ctx  context.Context
	say  func(string)
	rate event.Factor // of the room before
}

// scene is what a director waits for, looked at after every fact.
type scene struct {
	ok     func(*view.State) bool
	freeze bool // the room stands still as soon as it is so
	done   chan struct{}
}

// look wakes the director whose scene is there. The conductor is locked.
func (r *Room) look() {
	sc := r.scene.Load()
	if sc == nil {
		return
	}
	there := false
	r.journal.With(func(s *view.State) { there = sc.ok(s) })
	if !there || !r.scene.CompareAndSwap(sc, nil) {
		return
	}
	if sc.freeze {
		r.conductor.Halt()
		go r.remember()
	}
	close(sc.done)
}

// present brings about the situation that a command names, and answers it.
func (r *Room) present(p *pending) {
	situation := preset.Find(p.command.Key)
	err := r.mayPresent(situation, p.command.Key)
	if err != nil {
		p.settle(event.Result{Outcome: event.Failed, Error: err.Error()}, r.tell)
		return
	}
	r.busy.Go(func() {
		d := &director{r: r, ctx: r.hands, say: p.say}
		if d.say == nil {
			d.say = func(string) {}
		}
		res := event.Result{Outcome: event.OK}
		if err := d.stage(situation); err != nil {
			res = event.Result{Outcome: event.Failed, Error: fmt.Sprintf("the situation “%s” did not come about: %v", situation.Name, err)}
		}
		r.directed.Store(false) // before anybody hears that it is over, and asks for the next
		p.settle(res, r.tell)
		r.flushFrozen()
	})
}

// mayPresent refuses what is not known, and a second situation while one is being brought about.
func (r *Room) mayPresent(s *preset.Situation, name string) error {
	if s == nil {
		var names []string
		for _, s := range preset.All {
			names = append(names, s.Name)
		}
		return fmt.Errorf("there is no situation %q; there are %s", name, strings.Join(names, ", "))
	}
	voters := 0
	r.journal.With(func(v *view.State) { voters = len(votersOf(v)) })
	if voters < s.Voters {
		return fmt.Errorf("“%s” needs %d voters; this room has %d", s.Name, s.Voters, voters)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.hands.Err() != nil {
		return errors.New("the room is closing")
	}
	if r.directed.Swap(true) {
		return errors.New("another situation is being brought about; wait until it is there")
	}
	return nil
}

// stage mends the room, plays the situation and leaves the room frozen in it.
func (d *director) stage(s *preset.Situation) error {
	d.rate = d.state().Thawed
	d.say(sayMending)
	err := d.mend()
	if err == nil {
		d.say(fmt.Sprintf(sayStaging, s.Title))
		err = d.play(s.Name)
	}
	if err != nil {
		return errors.Join(err, d.slow())
	}
	d.say(fmt.Sprintf(sayThere, s.About))
	return nil
}

func (d *director) state() view.State { return d.r.State() }

// mend makes everything whole, at least at real time, and waits for a leader whom all follow.
func (d *director) mend() error {
	s := d.state()
	var orders []event.Command
	if s.Chaos.On {
		orders = append(orders, event.Command{Kind: event.Chaos})
	}
	orders = append(orders, event.Command{Kind: event.Heal})
	for i := range s.Nodes {
		n := &s.Nodes[i]
		switch {
		case n.Refused != "":
			return fmt.Errorf("%v refuses to start; replace it first", n.ID)
		case n.Suspended:
			orders = append(orders, event.Command{Kind: event.Resume, Node: n.ID})
		case !n.Up:
			orders = append(orders, event.Command{Kind: event.Restart, Node: n.ID})
		}
		if n.Drift != event.One {
			orders = append(orders, event.Command{Kind: event.Drift, Node: n.ID, Factor: event.One})
		}
		if n.Fsync != 0 {
			orders = append(orders, event.Command{Kind: event.Disk, Node: n.ID})
		}
	}
	orders = append(orders, event.Command{Kind: event.Rate, Factor: max(d.rate, event.One)})
	if err := d.orders(orders...); err != nil {
		return err
	}
	return d.until("all members follow one leader and have applied everything", together)
}

// together says that every machine runs, follows one leader, and has applied all it wrote.
func together(s *view.State) bool {
	l := s.Leader()
	if l == nil || l.LastTerm() != l.Term || l.Commit < l.Last {
		return false
	}
	return !slices.ContainsFunc(s.Nodes, func(n view.Node) bool {
		return !n.Up || n.Suspended || n.Leader != l.ID || n.Commit != l.Last || n.Applied != l.Last || n.Term != l.Term
	})
}

// votersOf are the voting members, by ID.
func votersOf(s *view.State) (ids []event.NodeID) {
	for _, m := range s.Members {
		if m.Suffrage == event.Voter {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// cast is who leads, and the other voters.
func (d *director) cast() (leader event.NodeID, others []event.NodeID) {
	s := d.state()
	if l := s.Leader(); l != nil {
		leader = l.ID
	}
	return leader, slices.DeleteFunc(votersOf(&s), func(id event.NodeID) bool { return id == leader })
}

// order gives an order and waits for its answer.
func (d *director) order(c event.Command) (event.Result, error) {
	p, res := d.r.begin(c, nil)
	if p != nil {
		select {
		case res = <-p.answer:
		case <-d.ctx.Done():
			return res, errors.New("the room is closing")
		}
	}
	if res.Outcome != event.OK {
		return res, fmt.Errorf("%s: %s", Words(c), res.Error)
	}
	return res, nil
}

func (d *director) orders(cs ...event.Command) error {
	for _, c := range cs {
		if _, err := d.order(c); err != nil {
			return err
		}
	}
	return nil
}

// send gives a command whose answer is part of the story, and returns its number.
func (d *director) send(c event.Command) (op uint64, err error) {
	p, res := d.r.begin(c, nil)
	if p == nil {
		return 0, errors.New(res.Error)
	}
	return p.op, nil
}

// slow lets time go at the room's own rate again, so that messages fly as long as they do there.
func (d *director) slow() error {
	return d.orders(event.Command{Kind: event.Rate, Factor: d.rate})
}

// still stops time, so that what is done next happens at one moment.
func (d *director) still() error { return d.orders(event.Command{Kind: event.Freeze}) }

// until waits for something, which is looked at after every fact.
func (d *director) until(what string, ok func(*view.State) bool) error {
	return d.await(what, ok, false)
}

// moment lets time go on until something is so, and stops it there.
func (d *director) moment(what string, ok func(*view.State) bool) error {
	return d.await(what, ok, true)
}

func (d *director) await(what string, ok func(*view.State) bool, freeze bool) error {
	sc := &scene{ok: ok, freeze: freeze, done: make(chan struct{})}
	late := make(chan struct{})
	d.r.scene.Store(sc)
	defer d.r.conductor.After(sceneMost, func() { close(late) })()
	if freeze {
		d.now(sc) // a moment that is there already must not pass while time goes on
	}
	if d.r.conductor.Rate() == 0 && (!freeze || d.r.scene.Load() == sc) {
		if err := d.orders(event.Command{Kind: event.Thaw}); err != nil {
			return err
		}
	}
	d.now(sc)
	select {
	case <-sc.done:
		if freeze && d.r.conductor.Rate() > 0 { // it was so before time went on
			d.r.conductor.Freeze()
		}
		return nil
	case <-late:
	case <-d.ctx.Done():
	}
	if !d.r.scene.CompareAndSwap(sc, nil) { // it came just now
		<-sc.done
		return nil
	}
	if d.ctx.Err() != nil {
		return errors.New("the room is closing")
	}
	return fmt.Errorf("within %d virtual seconds it was not so that %s", sceneMost/1_000_000, what)
}

// now looks whether a scene is there already.
func (d *director) now(sc *scene) {
	there := false
	d.r.journal.With(func(s *view.State) { there = sc.ok(s) })
	if !there || !d.r.scene.CompareAndSwap(sc, nil) {
		return
	}
	if sc.freeze {
		d.r.conductor.Freeze()
	}
	close(sc.done)
}
