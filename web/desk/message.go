package desk

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/tale"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// messageSight is a message as its panel shows it.
type messageSight struct {
	Moment
	msg   *view.Message
	seq   uint64       // of its sending, 0: longer ago than was looked
	ended *event.Event // it arrived or was lost
}

// drawMessage draws "message 55".
func drawMessage(m Moment, words []string) *content {
	if len(words) != 1 {
		return nil
	}
	id, ok := event.ParseNumber(words[0])
	if !ok {
		return nil
	}
	s := messageSight{Moment: m, msg: m.State.Message(id)}
	if m.Journal != nil {
		s.seek(id)
	}
	if s.msg == nil {
		return nil
	}
	return &content{body: messagePanel(s), marks: min(s.msg.From, s.msg.To).String() + "-" + max(s.msg.From, s.msg.To).String() + " message-" + number(id)}
}

// seek looks back for the message's sending, and for its end if it is not under way any more.
func (s *messageSight) seek(id uint64) {
	tale.Back(s.Journal, s.State.Seq, tale.MaxPastScan, func(e *event.Event) bool {
		if e.Msg != id {
			return false
		}
		if e.Kind == event.Delivered || e.Kind == event.Dropped {
			end := *e
			s.ended = &end
		}
		if e.Kind != event.Sent && e.Kind != event.Copied {
			return false
		}
		if s.seq = e.Seq; s.msg == nil && e.Kind == event.Sent {
			s.msg = tale.MessageOf(e)
		}
		return true
	})
}

// state says where it is, and why.
func (s messageSight) state() string {
	w, m := s.Words, s.msg
	link := s.link(m.From, m.To)
	switch {
	case s.ended != nil && s.ended.Kind == event.Delivered:
		return w.Say("It arrived {0} ago, after {1} on the way.", w.Duration(int64(s.State.At-s.ended.At)), w.Duration(int64(s.ended.At-m.Sent)))
	case s.ended != nil:
		return w.Say("It did not arrive: {0}, {1} ago.", s.reason(s.ended.Reason), w.Duration(int64(s.State.At-s.ended.At)))
	case m.Held && link.Hold:
		return w.Say("It waits for {0} now: the gate from {1} to {2} is closed. Open the gate, or let it through by hand.", w.Duration(int64(s.State.At-m.Sent)), m.From.String(), m.To.String())
	case m.Held:
		return w.Say("It waits for {0} now, held by hand.", w.Duration(int64(s.State.At-m.Sent)))
	case s.suspended(m.To) && m.Due <= s.State.At:
		return w.Say("It is there, but {0} stands still and does not take it.", m.To.String())
	}
	return w.Say("It is under way for {0} and due in {1}.", w.Duration(int64(s.State.At-m.Sent)), w.Duration(int64(max(m.Due-s.State.At, 0))))
}

func (m Moment) suspended(id event.NodeID) bool {
	n := m.State.Node(id)
	return n != nil && n.Suspended
}

// facts are what the message carries (Raft paper, Figure 2).
func (s messageSight) facts() []row {
	w, m := s.Words, s.msg
	rows := []row{{w.Say("From"), m.From.String()}, {w.Say("To"), m.To.String()}, {w.Say("Kind"), m.Type.String()}}
	add := func(yes bool, name, value string) {
		if yes {
			rows = append(rows, row{name, value})
		}
	}
	add(m.Term != 0, w.Say("Term"), number(m.Term))
	entries := m.Type == event.AppendEntries && !m.Reply
	add(entries, w.Say("Builds on"), w.Say("entry {0} of term {1}", number(m.Index), number(m.LogTerm)))
	add(entries && m.N == 0, w.Say("Entries"), w.Say("none"))
	add(entries && m.N == 1, w.Say("Entry"), w.Say("{0} of term {1}: {2}", number(m.Index+1), number(m.EntryTerm), m.Text))
	add(entries && m.N > 1, w.Say("Entries"), w.Say("{0} to {1}, first of term {2}: {3}", number(m.Index+1), number(m.Index+uint64(m.N)), number(m.EntryTerm), m.Text))
	add(entries, w.Say("Leader's commit"), w.Say("entry {0}", number(m.Commit)))
	add((m.Type == event.RequestVote || m.Type == event.RequestPreVote) && !m.Reply, w.Say("Candidate's last"), w.Say("entry {0} of term {1}", number(m.Index), number(m.LogTerm)))
	add(m.Type == event.InstallSnapshot && !m.Reply, w.Say("Snapshot"), w.Say("up to entry {0} of term {1}, {2}", number(m.Index), number(m.LogTerm), w.Bytes(m.N)))
	add(m.Type == event.ReadIndex && m.Reply && m.OK, w.Say("Apply first"), w.Say("entry {0}", number(m.Index)))
	add(m.Reply, w.Say("Answer"), s.answer())
	add(m.Op != 0, w.Say("Request"), opNumber(m.Op))
	return rows
}

func (s messageSight) answer() string {
	if s.msg.OK {
		return s.Words.Say("yes")
	}
	return s.Words.Say("no")
}

// choices are what one can do with a message at its gate.
func (s messageSight) choices() []choice {
	if !s.msg.Held || s.ended != nil {
		return nil
	}
	w, id := s.Words, number(s.msg.ID)
	return []choice{{"deliver " + id, w.Say("Deliver")}, {"drop " + id, w.Say("Drop")}, {"duplicate " + id, w.Say("Duplicate")}, {"reorder " + id, w.Say("Put behind the others")}}
}

// progress is how far it is, -1 where there is none to show.
func (s messageSight) progress() int {
	if s.ended != nil {
		return -1
	}
	return s.flight(s.msg).part
}
