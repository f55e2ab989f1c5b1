package tale

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// lossWords by reason, with how many at {0}.
var lossWords = map[event.Reason]string{
	event.LinkCut: words.Of("{0} on ways that were cut"), event.Lost: words.Of("{0} at random"), event.ByHand: words.Of("{0} by hand"),
	event.MachineDown: words.Of("{0} at machines that were down"), event.QueueFull: words.Of("{0} in queues that were full"),
}

// sums are what is counted in a chapter and told at its end.
type sums struct {
	from      uint64 // the commit index before the chapter
	to        uint64 // and now, as far as any node knew
	snapshots int
	held      int
	dropped   map[event.Reason]int
	members   uint64 // the newest configuration that was told
}

func newSums() sums { return sums{dropped: map[event.Reason]int{}} }

// commit notes how far anybody knows the log to be committed.
func (s *sums) commit(n *narrator, e *event.Event) {
	if !n.begun {
		s.from = max(s.from, e.Index)
	}
	s.to = max(s.to, s.from, e.Index)
}

func (s *sums) drop(e *event.Event) { s.dropped[e.Reason]++ }

// tellSums ends a chapter.
func (n *narrator) tellSums(e *event.Event) {
	s := n.sums
	n.sums = newSums()
	n.sums.from, n.sums.to, n.sums.members = s.to, s.to, s.members
	if s.to > s.from && n.begun {
		n.line(e.Seq, e.At, n.Count(int(s.to-s.from), n.Number(s.to-s.from), "Meanwhile {0} entry was committed, entry {2}.", "Meanwhile {0} entries were committed, {1} to {2}.", number(s.from+1), number(s.to)))
	}
	if s.snapshots > 0 && n.begun {
		n.line(e.Seq, e.At, n.Count(s.snapshots, n.Number(uint64(s.snapshots)), "{0} snapshot was taken.", "{0} snapshots were taken."))
	}
	if s.held > 0 {
		n.line(e.Seq, e.At, n.Count(s.held, n.Number(uint64(s.held)), "{0} message came to a gate.", "{0} messages came to a gate."))
	}
	n.tellLosses(e, s.dropped)
}

// tellLosses tells how many messages were lost, and why.
func (n *narrator) tellLosses(e *event.Event, dropped map[event.Reason]int) {
	var why []string
	for _, r := range []event.Reason{event.LinkCut, event.Lost, event.ByHand, event.MachineDown, event.QueueFull} {
		if k := dropped[r]; k > 0 {
			why = append(why, n.Say(lossWords[r], n.Number(uint64(k))))
		}
	}
	if len(why) > 0 {
		n.line(e.Seq, e.At, n.Say("Messages that were lost: {0}.", n.List(why)))
	}
}
