package view

import "github.com/quorumlab/quorumlab/cluster/event"

// In a checkpoint whole runs of a log's entries are told at once, as Appended events that stand for many: one with a Peer says that
// entries Index to N are those that Peer has, one with a Key holds those from Index on, as a frame of its own.

// alike is the least number of entries that it is worth to say of that another machine has the same, runSize the most that are told as
// a frame.
const alike, runSize = 4, 256

// log tells a machine's entries. Those of machines before it have been told.
func (r *restating) log(s *State, i int) {
	n := &s.Nodes[i]
	for at, end := n.Log.First(), n.Log.End(); at < end; {
		if peer, to := s.alike(i, at); to >= at+alike {
			r.add(event.Event{Kind: event.Appended, Node: n.ID, Peer: peer, Index: at, N: int64(to - 1)})
			at = to
			continue
		}
		run := event.Frame{Type: event.FrameCheckpoint}
		for from := at; ; {
			e := n.Entry(at)
			run.Events = append(run.Events, event.Event{Kind: event.Appended, Index: e.Index, Term: e.Term, Entry: e.Type, Op: e.Op, Text: e.Label, N: e.Bytes})
			at++
			if _, to := s.alike(i, at); at == end || at%runSize == 0 || to >= at+alike {
				r.add(event.Event{Kind: event.Appended, Node: n.ID, Index: from, Key: string(event.AppendFrame(nil, &run))})
				break
			}
		}
	}
}

// alike is which of the machines before the i-th has the same entries as it from an index on for longest, and up to where.
func (s *State) alike(i int, from uint64) (peer event.NodeID, to uint64) {
	l := &s.Nodes[i].Log
	for k := range i {
		o, at := &s.Nodes[k].Log, from
		for at < l.End() {
			e, mine := o.Entry(at), l.Entry(at)
			if e == nil || e != mine && *e != *mine {
				break
			}
			at++
		}
		if at > to {
			peer, to = s.Nodes[k].ID, at
		}
	}
	return peer, to
}

// appended folds an Appended event.
func (s *State) appended(n *Node, e *event.Event) {
	switch {
	case e.Peer != 0:
		s.adopt(n, e)
	case e.Key != "":
		run, _ := event.DecodeResponse([]byte(e.Key)) // of what is damaged nothing comes
		for i := range run.Events {
			s.append(n, entryOf(&run.Events[i]))
		}
	default:
		s.append(n, entryOf(e))
	}
}

func entryOf(e *event.Event) *Entry {
	return &Entry{Index: e.Index, Term: e.Term, Type: e.Entry, Op: e.Op, Label: e.Text, Bytes: e.N}
}

// adopt takes over what a peer has.
func (s *State) adopt(n *Node, e *event.Event) {
	p := s.Node(e.Peer)
	if p == nil || p == n {
		return
	}
	for at := max(e.Index, p.Log.First()); at <= uint64(e.N) && at < p.Log.End(); at++ {
		s.append(n, p.Entry(at))
	}
}
