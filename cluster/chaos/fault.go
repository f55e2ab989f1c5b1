package chaos

import (
	"fmt"
	"slices"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/fault"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// mishap is one thing that goes wrong. It may be refused (a dead node cannot be killed): then nothing happens.
type mishap struct {
	name string
	do   func(*run)
}

// mishaps are all kinds of faults, and what only happens here: beside what a room's own chaos does machines are replaced,
// and hands are put on messages.
var mishaps = func() []mishap {
	all := []mishap{
		{"restart", func(r *run) { r.restartAll() }},
		{"resume", func(r *run) { r.resumeAll() }},
		{"heal", func(r *run) { r.order(event.Command{Kind: event.Heal}) }},
		{"hands on messages", (*run).handle},
		{"pre-vote", func(r *run) { r.order(event.Command{Kind: event.PreVote, On: r.rng.IntN(2) == 0}) }},
		{"replace", (*run).replace},
	}
	for i := range fault.All {
		all = append(all, mishap{fault.All[i].Name, func(r *run) { r.suffer(&fault.All[i]) }})
	}
	return all
}()

func (r *run) suffer(k *fault.Kind) {
	s := r.room.State()
	c := k.Draw(r.chooser, &s)
	if k.Async {
		r.room.Begin(c)
		return
	}
	r.order(c)
}

func (r *run) any() (id event.NodeID) {
	r.room.Journal().With(func(s *view.State) { id = s.Nodes[r.rng.IntN(len(s.Nodes))].ID })
	return id
}

// handle does something to each message that waits at a gate.
func (r *run) handle() {
	s := r.room.State()
	kinds := []event.CommandKind{event.Deliver, event.Drop, event.Duplicate, event.Reorder}
	for _, m := range s.Messages[:min(len(s.Messages), 20)] {
		if m.Held {
			r.order(event.Command{Kind: kinds[r.rng.IntN(len(kinds))], Message: m.ID})
		}
	}
}

// replace is how a machine whose disk is lost is replaced: its data goes, it is removed, a new one learns and then votes.
func (r *run) replace() {
	s := r.room.State()
	if len(s.Members) != len(s.Nodes) {
		return // another change is not through
	}
	r.mend() // one lost disk at a time: two more may be down, but only the rest can be lost for good
	if !r.until(settleMost, settled) {
		return
	}
	old := r.any()
	r.order(event.Command{Kind: event.Kill, Node: old})
	if r.rng.IntN(2) == 0 {
		r.order(event.Command{Kind: event.Wipe, Node: old})
	} else if res := r.order(event.Command{Kind: event.Corrupt, Node: old, File: []string{"log", "stable", "store"}[r.rng.IntN(3)]}); res.Outcome == event.OK {
		if res := r.order(event.Command{Kind: event.Restart, Node: old}); res.Outcome == event.OK {
			r.wrong = fmt.Errorf("%v started on corrupted files; what happened to it until then: %s", old, r.lately(old))
			return
		}
	}
	r.remove(old)
	r.add()
}

// mostFates of all machines are remembered.
const mostFates = 100

// remember keeps what happens to machines themselves. It is a journal's fold.
func (r *run) remember(e event.Event) []event.Event {
	// Partial: what has to do with a machine's files.
	//exhaustive:ignore
	switch e.Kind {
	case event.Started, event.Stopped, event.Wiped, event.Corrupted:
		if len(r.fates) == mostFates {
			r.fates = r.fates[1:]
		}
		r.fates = append(r.fates, e)
	}
	return nil
}

// lately is what has happened to a machine, as far as it is remembered.
func (r *run) lately(id event.NodeID) string {
	var said []string
	r.room.Journal().With(func(*view.State) { // no fold runs meanwhile
		for _, e := range r.fates {
			if e.Node == id {
				said = append(said, fmt.Sprintf("%v at %d µs, %v, %q, %d", e.Kind, e.At, e.Reason, e.Text, e.N))
			}
		}
	})
	return strings.Join(said, "; ")
}

func (r *run) remove(id event.NodeID) {
	for range 20 {
		r.order(event.Command{Kind: event.MemberRemove, Node: id})
		if r.until(3_000_000, func(s *view.State) bool { return s.Node(id) == nil }) {
			return
		}
	}
}

func (r *run) add() {
	if res := r.order(event.Command{Kind: event.MemberAdd}); res.Outcome == event.Failed {
		return
	}
	s := r.room.State()
	id := s.Nodes[len(s.Nodes)-1].ID
	r.until(20_000_000, func(s *view.State) bool {
		n, l := s.Node(id), s.Leader()
		return n != nil && l != nil && n.Applied > 0 && n.Applied+5 >= l.Applied
	})
	r.promote(id)
}

func (r *run) promote(id event.NodeID) {
	for range 20 {
		r.order(event.Command{Kind: event.MemberPromote, Node: id})
		if r.until(3_000_000, func(s *view.State) bool {
			return s.Node(id) == nil || slices.Contains(s.Members, event.Member{ID: id, Suffrage: event.Voter})
		}) {
			return
		}
	}
}

func (r *run) restartAll() {
	s := r.room.State()
	for i := range s.Nodes {
		if !s.Nodes[i].Up {
			r.order(event.Command{Kind: event.Restart, Node: s.Nodes[i].ID})
		}
	}
}

func (r *run) resumeAll() {
	s := r.room.State()
	for i := range s.Nodes {
		if s.Nodes[i].Suspended {
			r.order(event.Command{Kind: event.Resume, Node: s.Nodes[i].ID})
		}
	}
}

// mend repairs everything, and finishes changes of members that were interrupted.
func (r *run) mend() {
	s := r.room.State()
	for i := range s.Nodes {
		if id := s.Nodes[i].ID; s.Nodes[i].Up {
			r.order(event.Command{Kind: event.Drift, Node: id, Factor: event.One})
			r.order(event.Command{Kind: event.Disk, Node: id})
		}
	}
	r.order(event.Command{Kind: event.Heal})
	r.resumeAll()
	r.restartAll()
	for i := range s.Nodes {
		id := s.Nodes[i].ID
		switch {
		case s.Nodes[i].Refused != "":
			r.remove(id)
			r.add()
		case slices.Contains(s.Members, event.Member{ID: id, Suffrage: event.Learner}):
			r.promote(id)
		case !slices.ContainsFunc(s.Members, func(m event.Member) bool { return m.ID == id }):
			r.remove(id)
		}
	}
}
