package cluster

import (
	"errors"
	"fmt"
	"slices"

	"github.com/quorumlab/quorumlab/cluster/conductor"
	"github.com/quorumlab/quorumlab/cluster/disk"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Bounds of what an order may set.
const (
	MinDrift, MaxDrift              = event.One / 10, 10 * event.One
	MaxFsync           event.Micros = 60_000_000
	MaxDelay           event.Micros = 600_000_000
	MaxSlow                         = 1000 * event.One
)

// order carries out what an operator asks. Most of it is done at once, frozen or not: it is done to the machines. What a
// machine must do itself waits for time to go on.
func (r *Room) order(p *pending) {
	if f := insideOf[p.command.Kind]; f != nil {
		r.orderInside(p, f)
		return
	}
	res := event.Result{Outcome: event.OK, Node: p.node}
	r.mu.Lock()
	err := r.command(p, &res)
	if err == nil {
		err = r.save()
	}
	r.mu.Unlock()
	if err != nil {
		res.Outcome, res.Error = event.Failed, err.Error()
	}
	p.settle(res, r.tell)
}

// command obeys, and remembers what can be taken back. The lock is held.
func (r *Room) command(p *pending, res *event.Result) error {
	if r.closed || r.hands.Err() != nil {
		return errors.New("the room is closing")
	}
	if p.by != nil && p.by != r.storm {
		return errors.New("the chaos has ended")
	}
	past := r.before(&p.command)
	err := r.obey(p.command, res)
	if err == nil {
		r.done(&p.command, past, p.by)
	}
	return err
}

// insideOf prepares the orders that a node carries out itself: who does it, and what exactly.
var insideOf = [event.Commands]func(*Room, *pending) error{
	event.Elect:         func(r *Room, p *pending) error { return r.exists(p.command.Node) },
	event.Snapshot:      func(r *Room, p *pending) error { return nil },
	event.StepDown:      func(r *Room, p *pending) error { return nil },
	event.Transfer:      (*Room).byLeader,
	event.MemberAdd:     (*Room).addMachine,
	event.MemberPromote: (*Room).byLeader,
	event.MemberDemote:  (*Room).byLeader,
	event.MemberRemove:  (*Room).byLeader,
}

// stranger says whether a machine of the ring is no member: it was removed by a command that nobody answered, or never
// got in.
func (r *Room) stranger(id event.NodeID) bool {
	stranger := false
	r.journal.With(func(s *view.State) {
		member := func(m event.Member) bool { return m.ID == id }
		stranger = s.Node(id) != nil && !slices.ContainsFunc(s.Members, member)
		for i := range s.Nodes {
			stranger = stranger && (s.Nodes[i].ID == id || !slices.ContainsFunc(s.Nodes[i].Members, member))
		}
	})
	return stranger
}

func (r *Room) orderInside(p *pending, prepare func(*Room, *pending) error) {
	if p.command.Kind == event.MemberRemove && r.stranger(p.command.Node) {
		r.leave(p.command.Node)
		p.settle(event.Result{Outcome: event.OK}, r.tell)
		return
	}
	r.mu.Lock()
	past := r.before(&p.command)
	r.mu.Unlock()
	if err := prepare(r, p); err != nil {
		p.settle(event.Result{Outcome: event.Failed, Error: err.Error()}, r.tell)
		return
	}
	if p.command.Timeout == 0 {
		p.command.Timeout = operatorTimeout
	}
	r.mu.Lock()
	r.done(&p.command, past, p.by)
	if past != nil && !r.closed {
		if err := r.save(); err != nil {
			r.o.warn(err)
		}
	}
	r.mu.Unlock()
	r.inside(p, func(n *node.Node, _ uint64, c event.Command) event.Result {
		res := n.Order(c)
		if c.Peer != 0 { // the leader did it to another node
			res.Node = c.Peer
		}
		return res
	})
}

// byLeader turns an order about a node into one to the leader.
func (r *Room) byLeader(p *pending) error {
	about := p.command.Node
	if err := r.exists(about); err != nil {
		return err
	}
	leader := event.NodeID(0)
	r.journal.With(func(s *view.State) {
		if l := s.Leader(); l != nil {
			leader = l.ID
		}
	})
	if leader == 0 {
		return errors.New("there is no leader who could do that; wait for an election, or see why there is none")
	}
	p.command.Peer, p.command.Node, p.node = about, leader, leader
	return nil
}

// addMachine puts a new machine into the ring, or takes one that is there, and asks the leader to add it as a learner.
func (r *Room) addMachine(p *pending) error {
	if r.anyone() == 0 {
		return errors.New(nobodyRuns)
	}
	if p.command.Node == 0 {
		id, err := r.newMachine()
		if err != nil {
			return err
		}
		p.command.Node = id
	}
	return r.byLeader(p)
}

func (r *Room) newMachine() (event.NodeID, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.setup.Machines) >= r.o.MaxNodes {
		return 0, fmt.Errorf("the ring is full: %d machines; remove one first", r.o.MaxNodes)
	}
	id := r.setup.NextID
	r.setup.NextID++
	r.setup.Machines = append(r.setup.Machines, machineSetup{ID: id, Drift: event.One})
	r.nodes[id] = &member{id: id, dir: r.nodeDir(id)}
	r.conductor.AddMachine(id, event.One)
	return id, errors.Join(r.start(id, nil), r.save())
}

// leave switches a machine off whose removal is committed, and takes it out of the ring.
func (r *Room) leave(id event.NodeID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.nodes[id]
	if m == nil || r.closed {
		return
	}
	if up, _ := r.conductor.Up(id); up {
		m.proper = true
		if err := r.conductor.Stop(id, event.LeftCluster, ""); err != nil {
			r.o.Fatal(err)
			return
		}
		r.shutDoor(id)
		r.bury(id, r.tell)
	}
	r.conductor.RemoveMachine(id)
	delete(r.nodes, id)
	r.Announce(id, "")
	r.setup.remove(id)
	if err := errors.Join(disk.Wipe(m.dir), r.save()); err != nil {
		r.o.Fatal(fmt.Errorf("removing %v: %w", id, err))
	}
	r.flushFrozen()
}

// obey does what is done to machines, links and time from outside. The lock is held.
func (r *Room) obey(c event.Command, res *event.Result) error {
	// requests to the store and orders inside a node went another way
	//exhaustive:ignore
	switch c.Kind {
	case event.Kill, event.Restart, event.Suspend, event.Resume, event.Drift, event.Wipe, event.Disk, event.Corrupt:
		if r.nodes[c.Node] == nil {
			return fmt.Errorf("there is no node %q in this room; say which", c.Node.String())
		}
		return r.handle(c)
	case event.Cut, event.Mend, event.SetLink, event.Hold, event.Release:
		return r.link(c)
	case event.Partition:
		return r.relink(r.conductor.Partition(c.Groups))
	case event.Heal:
		r.conductor.Heal()
		return r.relink(nil)
	case event.Deliver:
		return r.conductor.Deliver(c.Message)
	case event.Drop:
		return r.conductor.Drop(c.Message)
	case event.Duplicate:
		return r.conductor.Duplicate(c.Message)
	case event.Reorder:
		return r.conductor.Reorder(c.Message, c.With)
	case event.PreVote:
		r.conductor.SetPreVote(c.On)
		r.setup.PreVote = c.On
		return nil
	case event.Undo:
		return r.undo()
	case event.Chaos:
		return r.rage(c)
	}
	return r.time(c)
}

// time obeys the orders about the room's time.
func (r *Room) time(c event.Command) error {
	// the rest of obey
	//exhaustive:ignore
	switch c.Kind {
	case event.Rate:
		if err := checkRate(c.Factor); err != nil {
			return err
		}
		r.conductor.SetRate(c.Factor)
		r.setup.Thawed = c.Factor
	case event.Freeze:
		r.conductor.Freeze()
	case event.Thaw:
		r.conductor.Thaw()
	case event.Step:
		if r.conductor.Rate() != 0 {
			return errors.New("only a frozen room can be stepped; freeze it first")
		}
		if !r.conductor.Step() {
			return errors.New("nothing happens in this room within ten virtual seconds: no machine that runs has anything to do; restart or resume one")
		}
	default:
		return fmt.Errorf("%v is nothing that a room can do", c.Kind)
	}
	return nil
}

func checkRate(f event.Factor) error {
	if f < conductor.MinRate || f > conductor.MaxRate {
		return fmt.Errorf("a rate is between %v and %v virtual seconds a second, not %v", conductor.MinRate.Float(), conductor.MaxRate.Float(), f.Float())
	}
	return nil
}

// handle does something to one machine.
func (r *Room) handle(c event.Command) error {
	m, s := r.nodes[c.Node], r.setup.machine(c.Node)
	// obey lists what comes here
	//exhaustive:ignore
	switch c.Kind {
	case event.Kill:
		return r.kill(m, s, c.At)
	case event.Restart:
		return r.restart(m, s)
	case event.Suspend:
		return r.conductor.Suspend(c.Node)
	case event.Resume:
		return r.conductor.Resume(c.Node)
	case event.Drift:
		if c.Factor < MinDrift || c.Factor > MaxDrift {
			return fmt.Errorf("a clock drifts between ×%v and ×%v, not ×%v", MinDrift.Float(), MaxDrift.Float(), c.Factor.Float())
		}
		s.Drift = c.Factor
		return r.conductor.SetDrift(c.Node, c.Factor)
	case event.Disk:
		if c.Took < 0 || c.Took > MaxFsync {
			return fmt.Errorf("an fsync takes between 0 and %d ms more, not %d", MaxFsync/1000, c.Took/1000)
		}
		s.Fsync = c.Took
		m.setFsync(c.Took)
		r.conductor.Fact(event.Event{Kind: event.DiskSet, Node: c.Node, Took: c.Took})
		return nil
	case event.Wipe:
		return r.wipe(m, s)
	default:
		return r.corrupt(m, c)
	}
}

// kill ends a node as a crash does: at once, or at its next write to the log.
func (r *Room) kill(m *member, s *machineSetup, at event.KillPoint) error {
	up, _ := r.conductor.Up(m.id)
	if !up {
		return fmt.Errorf("%v is down already", m.id)
	}
	if at != event.Now {
		m.fence.Arm(at)
		return nil
	}
	s.Down = event.Killed
	err := r.conductor.Stop(m.id, event.Killed, "")
	r.shutDoor(m.id)
	r.bury(m.id, r.tell)
	return err
}

func (r *Room) restart(m *member, s *machineSetup) error {
	if up, _ := r.conductor.Up(m.id); up {
		return fmt.Errorf("%v runs; kill it first, or resume it if it is suspended", m.id)
	}
	if err := r.start(m.id, nil); err != nil {
		return err
	}
	s.Down = event.ReasonNone
	return nil
}

// wipe empties a machine's disk; if it runs it is killed first.
func (r *Room) wipe(m *member, s *machineSetup) error {
	if up, _ := r.conductor.Up(m.id); up {
		if err := r.kill(m, s, event.Now); err != nil {
			return err
		}
	}
	if err := disk.Wipe(m.dir); err != nil {
		return err
	}
	r.conductor.Fact(event.Event{Kind: event.Wiped, Node: m.id})
	return nil
}

func (r *Room) corrupt(m *member, c event.Command) error {
	if up, _ := r.conductor.Up(m.id); up {
		return fmt.Errorf("%v runs; kill it first: bits are flipped in the files of a stopped node", m.id)
	}
	file, offset, err := disk.Flip(m.dir, c.File, c.Offset)
	if err != nil {
		return err
	}
	r.conductor.Fact(event.Event{Kind: event.Corrupted, Node: m.id, Text: file, N: offset})
	return nil
}

// link obeys the orders about one link, or about all gates.
func (r *Room) link(c event.Command) error {
	if c.Node == 0 && c.Peer == 0 && (c.Kind == event.Hold || c.Kind == event.Release) {
		r.conductor.HoldAll(c.Kind == event.Hold)
		return r.relink(nil)
	}
	if err := r.setLink(c.Node, c.Peer, c); err != nil {
		return err
	}
	if !c.OneWay {
		if err := r.setLink(c.Peer, c.Node, c); err != nil {
			return err
		}
	}
	return r.relink(nil)
}

func (r *Room) setLink(from, to event.NodeID, c event.Command) error {
	l := r.conductor.Link(from, to)
	// obey lists what comes here
	//exhaustive:ignore
	switch c.Kind {
	case event.Cut:
		l.Cut = true
	case event.Mend:
		l = event.Link{}
	case event.Hold:
		l.Hold = true
	case event.Release:
		l.Hold = false
	case event.SetLink:
		if err := checkLink(c.Link); err != nil {
			return err
		}
		l = c.Link
	}
	return r.conductor.SetLink(from, to, l)
}

func checkLink(l event.Link) error {
	switch {
	case l.Delay < 0 || l.Delay > MaxDelay || l.Jitter < 0 || l.Jitter > MaxDelay:
		return fmt.Errorf("delay and jitter of a link are between 0 and %d ms", MaxDelay/1000)
	case l.Loss < 0 || l.Loss > event.One || l.Duplicate < 0 || l.Duplicate > event.One:
		return errors.New("loss and duplicate of a link are shares between 0 and 1")
	case l.Slow < 0 || l.Slow > MaxSlow:
		return fmt.Errorf("slow is a factor between 0 (as usual) and %v", MaxSlow.Float())
	}
	return nil
}

// relink remembers the links as they are now.
func (r *Room) relink(err error) error {
	if err != nil {
		return err
	}
	r.setup.Links = r.setup.Links[:0]
	for _, a := range r.setup.Machines {
		for _, b := range r.setup.Machines {
			if l := r.conductor.Link(a.ID, b.ID); a.ID != b.ID && l != (event.Link{}) {
				r.setup.Links = append(r.setup.Links, view.Link{From: a.ID, To: b.ID, Link: l})
			}
		}
	}
	return nil
}
