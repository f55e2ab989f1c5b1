package view

import (
	"cmp"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Message returns the message in flight or held with this id, nil if there is none. It is valid until the next Apply.
func (s *State) Message(id uint64) *Message {
	if at, there := s.messageAt(id); there {
		return &s.Messages[at]
	}
	return nil
}

func (s *State) messageAt(id uint64) (int, bool) {
	if n := len(s.Messages); n == 0 || s.Messages[n-1].ID < id {
		return n, false // ids rise: nearly every new one belongs at the end
	}
	return find(len(s.Messages), func(i int) int { return cmp.Compare(s.Messages[i].ID, id) })
}

func (s *State) applyMessage(e *event.Event) {
	// State.Apply lists all kinds and sends those of messages here.
	//exhaustive:ignore
	switch e.Kind {
	case event.Sent:
		s.fly(Message{ID: e.Msg, From: e.Node, To: e.Peer, Type: e.Type, Reply: e.Reply, OK: e.OK, Term: e.Term, Index: e.Index,
			LogTerm: e.LogTerm, Commit: e.Commit, N: e.N, Op: e.Op, Text: e.Text, EntryTerm: uint64(e.From), Sent: e.At, Due: e.Until})
	case event.Copied:
		m := Message{From: e.Node, To: e.Peer}
		if original := s.Message(uint64(e.N)); original != nil {
			m = *original
		}
		m.ID, m.Sent, m.Due, m.Held = e.Msg, e.At, e.Until, false
		s.fly(m)
	case event.Held:
		s.hold(e.Msg, true, 0)
	case event.Released:
		s.hold(e.Msg, false, e.Until)
	case event.Delivered, event.Dropped:
		s.land(e.Msg)
	}
}

// fly adds m. One without a due time waits for the event that says whether it is held or lost.
func (s *State) fly(m Message) {
	at, there := s.messageAt(m.ID)
	switch {
	case there:
		s.Messages[at] = m
	case len(s.Messages) < MaxMessages:
		s.Messages = insert(s.Messages, at, m)
	}
}

func (s *State) hold(id uint64, held bool, due event.Micros) {
	if m := s.Message(id); m != nil {
		m.Held, m.Due = held, due
	}
}

// land removes a message. Mostly it is one of the oldest, so it is those before it that move up.
func (s *State) land(id uint64) {
	at, there := s.messageAt(id)
	if !there {
		return
	}
	copy(s.Messages[1:at+1], s.Messages[:at])
	s.Messages[0] = Message{}
	s.Messages = none(s.Messages[1:])
}
