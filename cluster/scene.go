package cluster

import (
	"errors"
	"fmt"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// The key that situations write, and what.
const (
	sceneKey = "x"
	sceneOld = "1"
	sceneNew = "2"
)

// slowDisk is what the leader's disk takes longer in its situation, and slowLook how long it has been writing then.
const (
	slowDisk event.Micros = 1_500_000
	slowLook event.Micros = 200_000
)

// play plays a situation of package preset in a room that is whole, at real time or faster. It ends frozen.
func (d *director) play(name string) error {
	switch name {
	case "election":
		return playElection(d)
	case "split-vote":
		return playSplitVote(d)
	case "held-commit":
		return playHeldCommit(d)
	case "cut-leader":
		return playCutLeader(d)
	case "two-leaders":
		return d.leaveBehind()
	case "stale-read":
		return playStaleRead(d)
	case "no-quorum":
		return playNoQuorum(d)
	case "overwrite":
		return playOverwrite(d)
	case "snapshot":
		return playSnapshot(d)
	case "one-way":
		return playOneWay(d)
	case "member-joins":
		return playMemberJoins(d)
	case "slow-disk":
		return playSlowDisk(d)
	}
	return fmt.Errorf("nobody has written how %q is played", name)
}

// first is the first error: scenes are lists of acts.
func first(acts ...func() error) error {
	for _, act := range acts {
		if err := act(); err != nil {
			return err
		}
	}
	return nil
}

// act is orders as one act.
func (d *director) act(cs ...event.Command) func() error {
	return func() error { return d.orders(cs...) }
}

// request is a client's command as one act; its number is put into op.
func (d *director) request(op *uint64, c event.Command) func() error {
	return func() (err error) {
		*op, err = d.send(c)
		return err
	}
}

// see is moment as one act.
func (d *director) see(what string, ok func(*view.State) bool) func() error {
	return func() error { return d.moment(what, ok) }
}

// wait is until as one act.
func (d *director) wait(what string, ok func(*view.State) bool) func() error {
	return func() error { return d.until(what, ok) }
}

func putTo(id event.NodeID, value string) event.Command {
	return event.Command{Kind: event.Put, Node: id, Key: sceneKey, Value: value, Timeout: operatorTimeout}
}

// wrote says that a node's last entry is the one of this command, and not known to be committed.
func wrote(s *view.State, id event.NodeID, op uint64) bool {
	n := s.Node(id)
	e := n.Entry(n.Last)
	return e != nil && e.Op == op && n.Commit < n.Last
}

// leads says that somebody other than not leads and has committed an entry of its term.
func leads(s *view.State, not event.NodeID) *view.Node {
	l := s.Leader()
	if l == nil || l.ID == not || l.Suspended {
		return nil
	}
	if e := l.Entry(l.Commit); e == nil || e.Term != l.Term {
		return nil
	}
	return l
}

func playElection(d *director) error {
	leader, _ := d.cast()
	return first(d.slow, d.still, d.act(event.Command{Kind: event.Kill, Node: leader}),
		d.see("votes are on their way to a candidate", func(s *view.State) bool {
			for i := range s.Messages {
				if m := &s.Messages[i]; m.Type == event.RequestVote && m.Reply && m.OK && s.Node(m.To).Role == event.Candidate {
					return true
				}
			}
			return false
		}))
}

// playSplitVote has two stand at once behind gates, and lets only those requests go on that divide the votes evenly.
func playSplitVote(d *director) error {
	leader, others := d.cast()
	if len(others)%2 == 1 { // one too many to be divided
		last := len(others) - 1
		if err := d.orders(event.Command{Kind: event.Suspend, Node: others[last]}); err != nil {
			return err
		}
		others = others[:last]
	}
	if len(others) < 2 {
		return fmt.Errorf("there are not two who could stand for election beside %v", leader)
	}
	op := uint64(0)
	return first(d.slow, d.still,
		d.act(event.Command{Kind: event.Kill, Node: leader}, event.Command{Kind: event.Hold}),
		d.request(&op, event.Command{Kind: event.Elect, Node: others[0]}),
		d.request(&op, event.Command{Kind: event.Elect, Node: others[1]}),
		d.see("two candidates have asked everybody", func(s *view.State) bool {
			return s.Node(others[0]).Term == s.Node(others[1]).Term && asked(s, others[0], others) && asked(s, others[1], others)
		}),
		func() error { return d.divide(leader, others) })
}

// asked says that a candidate's requests for votes wait at the gates to all others.
func asked(s *view.State, candidate event.NodeID, others []event.NodeID) bool {
	if s.Node(candidate).Role != event.Candidate {
		return false
	}
	for _, id := range others {
		if id != candidate && message(s, candidate, id, func(m *view.Message) bool { return m.Type == event.RequestVote && !m.Reply && m.Held }) == nil {
			return false
		}
	}
	return true
}

// message is one that is under way from one to another.
func message(s *view.State, from, to event.NodeID, ok func(*view.Message) bool) *view.Message {
	for i := range s.Messages {
		if m := &s.Messages[i]; m.From == from && m.To == to && ok(m) {
			return m
		}
	}
	return nil
}

// divide drops what would decide the election, and lets the rest go on.
func (d *director) divide(dead event.NodeID, others []event.NodeID) error {
	s := d.state()
	var drops []event.Command
	for i := range s.Messages {
		m := &s.Messages[i]
		wrong := false
		for k, id := range others[2:] { // the first candidate gets every second vote
			wrong = wrong || m.Type == event.RequestVote && m.To == id && m.From != others[k%2]
		}
		if m.Held && (wrong || m.From == dead || m.Type != event.RequestVote) {
			drops = append(drops, event.Command{Kind: event.Drop, Message: m.ID})
		}
	}
	return d.orders(append(drops, event.Command{Kind: event.Release})...)
}

// calm stops time when no entries are under way.
func (d *director) calm() error {
	for range calmTries {
		if err := d.moment("no entries are under way", quiet); err != nil {
			return err
		}
		if s := d.state(); quiet(&s) { // the step in which it was so has ended meanwhile
			return nil
		}
	}
	return errors.New("there is no moment at which no entries are under way")
}

// calmTries is how often calm tries.
const calmTries = 50

// quiet says that no entries are under way: then a leader sends new ones at once.
func quiet(s *view.State) bool {
	for i := range s.Messages {
		if s.Messages[i].Type == event.AppendEntries {
			return false
		}
	}
	return true
}

func playHeldCommit(d *director) error {
	leader, others := d.cast()
	op := uint64(0)
	return first(d.slow, d.calm, d.act(event.Command{Kind: event.Hold}),
		d.request(&op, putTo(leader, sceneNew)),
		d.see("the entry waits at the gates to all followers", func(s *view.State) bool {
			for _, id := range others {
				if message(s, leader, id, func(m *view.Message) bool { return m.Type == event.AppendEntries && m.N > 0 && m.Held }) == nil {
					return false
				}
			}
			return true
		}))
}

func playCutLeader(d *director) error {
	leader, others := d.cast()
	return first(d.slow, d.still,
		d.act(event.Command{Kind: event.Partition, Groups: [][]event.NodeID{{leader, others[0]}, others[1:]}}))
}

// leaveBehind has the leader stand still behind a cut until another is elected, and wake there. Both happen at one moment, so that
// nothing of the other's waits for it and tells it as it wakes.
func (d *director) leaveBehind() error {
	leader, others := d.cast()
	return first(d.act(putTo(leader, sceneOld)), d.still,
		d.act(event.Command{Kind: event.Suspend, Node: leader}, event.Command{Kind: event.Partition, Groups: [][]event.NodeID{{leader}, others}}),
		d.wait("the others have a leader", func(s *view.State) bool { return leads(s, leader) != nil }),
		func() error { return d.orders(putTo(leads1(d, leader), sceneNew)) },
		d.slow, d.still, d.act(event.Command{Kind: event.Resume, Node: leader}))
}

// leads1 is who leads now beside the one left behind.
func leads1(d *director, not event.NodeID) event.NodeID {
	s := d.state()
	if l := leads(&s, not); l != nil {
		return l.ID
	}
	return 0
}

func playStaleRead(d *director) error {
	old, _ := d.cast()
	op := uint64(0)
	return first(d.leaveBehind, d.request(&op, event.Command{Kind: event.Get, Node: old, Key: sceneKey}))
}

func playNoQuorum(d *director) error {
	leader, others := d.cast()
	op := uint64(0)
	var kills []event.Command
	for _, id := range others[:(len(others)+2)/2] {
		kills = append(kills, event.Command{Kind: event.Kill, Node: id})
	}
	return first(d.slow, d.still, d.act(kills...), d.request(&op, putTo(leader, sceneNew)),
		d.see("the leader has written an entry that nobody can acknowledge", func(s *view.State) bool { return wrote(s, leader, op) }))
}

// playOverwrite has the leader write something behind a cut, and the others go on without it.
func playOverwrite(d *director) error {
	old, others := d.cast()
	op, at := uint64(0), uint64(0)
	return first(d.still, d.act(event.Command{Kind: event.Partition, Groups: [][]event.NodeID{{old}, others}}), d.request(&op, putTo(old, sceneOld)),
		d.wait("the old leader has written an entry", func(s *view.State) bool { at = s.Node(old).Last; return wrote(s, old, op) }),
		d.wait("the others have a leader", func(s *view.State) bool { return leads(s, old) != nil }),
		d.slow, d.still, d.act(event.Command{Kind: event.Heal}),
		d.see("the new leader's entry for the same place is on its way", func(s *view.State) bool {
			l := leads(s, old)
			return l != nil && s.Node(old).Last >= at && message(s, l.ID, old, func(m *view.Message) bool {
				return m.Type == event.AppendEntries && !m.Reply && m.N > 0 && m.Index < at
			}) != nil
		}))
}

func playSnapshot(d *director) error {
	leader, others := d.cast()
	behind := others[len(others)-1]
	last := uint64(0)
	return first(d.act(event.Command{Kind: event.Kill, Node: behind}),
		func() error { s := d.state(); last = s.Node(behind).Last; return nil },
		d.act(putTo(leader, sceneOld), putTo(leader, sceneNew), event.Command{Kind: event.Snapshot, Node: leader}),
		d.wait("the leader's log begins after what the follower has", func(s *view.State) bool {
			l := s.Node(leader)
			return l.SnapshotIndex > last && (l.First == 0 || l.First > last+1)
		}),
		d.slow, d.still, d.act(event.Command{Kind: event.Restart, Node: behind}),
		d.see("a snapshot is on its way", func(s *view.State) bool {
			return message(s, leader, behind, func(m *view.Message) bool { return m.Type == event.InstallSnapshot && !m.Reply }) != nil
		}))
}

func playOneWay(d *director) error {
	leader, others := d.cast()
	deaf := others[0]
	var cuts []event.Command
	for _, id := range append(others[1:], leader) {
		cuts = append(cuts, event.Command{Kind: event.Cut, Node: id, Peer: deaf, OneWay: true})
	}
	return first(d.slow, d.still, d.act(cuts...),
		d.see("the follower stands for election", func(s *view.State) bool { return s.Node(deaf).Role == event.Candidate }))
}

func playMemberJoins(d *director) error {
	leader, _ := d.cast()
	added, err := d.order(event.Command{Kind: event.MemberAdd})
	if err != nil {
		return err
	}
	id, op := added.Node, uint64(0)
	return first(d.wait("the new machine has caught up", func(s *view.State) bool {
		n := s.Node(id)
		return n != nil && n.Applied > 0 && n.Applied == s.Node(leader).Applied
	}), d.slow, d.still, d.request(&op, event.Command{Kind: event.MemberPromote, Node: id}),
		d.see("the new configuration is in the leader's log", func(s *view.State) bool {
			l := s.Node(leader)
			for _, m := range l.Members {
				if m.ID == id && m.Suffrage == event.Voter {
					return l.MembersIndex > l.Commit
				}
			}
			return false
		}))
}

func playSlowDisk(d *director) error {
	leader, _ := d.cast()
	op := uint64(0)
	from := event.Micros(0)
	return first(d.slow, d.still, d.act(event.Command{Kind: event.Disk, Node: leader, Took: slowDisk}),
		func() error { s := d.state(); from = s.At; return nil }, d.request(&op, putTo(leader, sceneNew)),
		d.see("the leader is writing", func(s *view.State) bool { return s.At >= from+slowLook }))
}
