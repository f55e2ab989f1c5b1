package tale

import (
	"cmp"
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// MaxLifeScan is how many events before a moment the beginning of an entry is looked for.
const MaxLifeScan = 65_536

// lifeWindows are how far back it is looked for, one after the other.
var lifeWindows = [...]uint64{8_192, MaxLifeScan}

// Slot is a place in the log, and of which term the entry is that is meant.
type Slot struct{ Index, Term uint64 }

// Life is what became of an entry on all machines up to a moment, as far as the recording tells.
type Life struct {
	Slot
	Entry  view.Entry     // what it is
	From   uint64         // events after this one were looked at
	FromAt event.Micros   // its virtual time
	Older  bool           // somebody had it already then
	Seq    uint64         // the last event that was looked at
	Born   *event.Event   // the first time that it was written, nil where Older
	Agreed *event.Event   // the first Committed that covers it, nil: not yet, or longer ago
	Rival  uint64         // term of another entry that is committed in its place, 0: none that is known
	Unsure []event.NodeID // whose snapshots reach over its place, nobody tells with which entry
	Held   []event.NodeID
	Stays  []Stay // by machine

	settled bool                          // it is committed
	others  map[event.NodeID]*event.Event // what was written in its place
}

// Stay is the entry on one machine.
type Stay struct {
	Node      event.NodeID
	Before    bool         // it was there already where the search began
	Wrote     *event.Event // it came onto the disk
	Fsync     *event.Event
	Matched   *event.Event // a leader knew that it is there
	Committed *event.Event // the machine knew that it is committed
	Applied   *event.Event
	Snapshot  *event.Event // it came in a snapshot
	Compacted *event.Event // the log before it was dropped: a snapshot has it
	Cut       *event.Event // it was cut off
	Replaced  *event.Event // what was written in its place then
}

// Has says whether the machine has the entry in its log or in a snapshot.
func (s *Stay) Has() bool {
	return s.Cut == nil && (s.Before || s.Wrote != nil || s.Snapshot != nil)
}

// LifeOf begins where nobody had the entry yet, if that is near enough; entry is what it is, as some machine has it.
func LifeOf(m Moment, entry view.Entry) *Life {
	j, s := m.Journal, m.State
	l := &Life{Slot: Slot{entry.Index, entry.Term}, Entry: entry, others: map[event.NodeID]*event.Event{}}
	start, ok := l.asked(j, s)
	first := j.Reach().First
	for _, window := range lifeWindows {
		if ok {
			break
		}
		start = max(s.Seq-min(s.Seq, window), first-1)
		ok = start == first-1 || !l.known(j, start)
	}
	l.begin(m, start)
	return l
}

// asked is a place before its request was asked, if that is known.
func (l *Life) asked(j *journal.Journal, s *view.State) (seq uint64, known bool) {
	op := s.Op(l.Entry.Op)
	if l.Entry.Op == 0 || op == nil {
		return 0, false
	}
	seq, err := j.SeqAt(op.Asked - 1)
	return seq, err == nil && seq < s.Seq && s.Seq-seq <= MaxLifeScan
}

// known says whether some machine had the entry at a place; also where that cannot be told.
func (l *Life) known(j *journal.Journal, seq uint64) bool {
	s, err := j.StateAt(seq)
	if err != nil {
		return true
	}
	committed, _ := s.Agreed(l.Index)
	return slices.ContainsFunc(s.Nodes, func(n view.Node) bool { return stands(&n, l.Index, l.Term, committed) == has })
}

func (l *Life) begin(m Moment, seq uint64) {
	l.From, l.Seq = seq, seq
	s, err := m.Journal.StateAt(seq)
	if err != nil {
		return // it was dropped just now: what is followed is what is there
	}
	l.FromAt = s.At
	committed := l.before(Moment{Journal: m.Journal, Register: m.Register, State: &s})
	if l.settled = committed == l.Term; !l.settled {
		l.Rival = committed
	}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		switch stands(n, l.Index, l.Term, committed) {
		case has:
			l.stay(n.ID).Before, l.Older = true, true
		case unsure:
			l.Unsure = append(l.Unsure, n.ID)
		case lacks:
		}
		if e := n.Entry(l.Index); e != nil && e.Term != l.Term {
			l.others[n.ID] = &event.Event{Kind: event.Appended, Node: n.ID, Index: e.Index, Term: e.Term}
		}
	}
}

// before is the term of the entry that is committed at its place where the search begins, 0 if that is not known. Only where a snapshot
// hides it the past is asked.
func (l *Life) before(m Moment) uint64 {
	term, _ := m.State.Agreed(l.Index)
	if term == 0 && slices.ContainsFunc(m.State.Nodes, func(n view.Node) bool { return stands(&n, l.Index, l.Term, 0) == unsure }) {
		p := m.past(0)
		p.most = min(p.most, briefly)
		term, _ = p.agreed(m.State, l.Index)
	}
	return term
}

// Place is how far it has followed.
func (l *Life) Place() uint64 { return l.Seq }

// Follow looks at what comes up to event to.
func (l *Life) Follow(j *journal.Journal, to uint64) {
	l.Seq = Each(j, l.Seq, to, func(e *event.Event) bool {
		l.add(e)
		return false
	})
}

// stay is the entry on a machine; a new one begins where there is none.
func (l *Life) stay(id event.NodeID) *Stay {
	at, there := slices.BinarySearchFunc(l.Stays, id, func(s Stay, id event.NodeID) int { return cmp.Compare(s.Node, id) })
	if !there {
		l.Stays = slices.Insert(l.Stays, at, Stay{Node: id})
	}
	return &l.Stays[at]
}

// has is the entry on a machine that has it, nil on others.
func (l *Life) has(id event.NodeID) *Stay {
	for i := range l.Stays {
		if s := &l.Stays[i]; s.Node == id && s.Has() {
			return s
		}
	}
	return nil
}

func (l *Life) add(e *event.Event) {
	// Nothing else happens to an entry.
	//exhaustive:ignore
	switch e.Kind {
	case event.Appended:
		l.append(e)
	case event.SnapshotInstalled:
		l.install(e)
	case event.MatchSet:
		if s := l.has(e.Peer); s != nil && e.Index >= l.Index && s.Matched == nil && l.has(e.Node) != nil {
			s.Matched = keep(e)
		}
	case event.Fsynced, event.Truncated, event.Compacted, event.Committed, event.Applied, event.Wiped:
		if s := l.has(e.Node); s != nil {
			l.change(s, e)
		} else {
			l.other(e)
		}
	}
}

// install takes in that a machine has a snapshot now: the entry is in it if it is committed, else it was not.
func (l *Life) install(e *event.Event) {
	if e.Index < l.Index || e.Peer == 0 {
		return
	}
	delete(l.others, e.Node)
	switch s := l.has(e.Node); {
	case s == nil && (l.settled || e.Index == l.Index && e.LogTerm == l.Term):
		*l.stay(e.Node) = Stay{Node: e.Node, Snapshot: keep(e)}
	case s != nil && !l.settled && (l.Rival != 0 || e.LogTerm < l.Term):
		s.Cut = keep(e)
	}
}

// other follows what a machine has in the entry's place.
func (l *Life) other(e *event.Event) {
	o := l.others[e.Node]
	switch {
	case o == nil:
	case e.Kind == event.Wiped, e.Kind == event.Truncated && e.Index <= l.Index:
		delete(l.others, e.Node)
	case e.Kind == event.Committed && e.Index >= l.Index:
		l.Rival = o.Term
	}
}

func (l *Life) append(e *event.Event) {
	if e.Index != l.Index {
		return
	}
	if e.Term != l.Term {
		l.others[e.Node] = keep(e)
		for i := range l.Stays {
			if s := &l.Stays[i]; s.Node == e.Node && s.Cut != nil && s.Replaced == nil {
				s.Replaced = keep(e)
			}
		}
		return
	}
	if l.has(e.Node) != nil {
		return // told again, as after a restart
	}
	if l.Born == nil && !l.Older {
		l.Born = keep(e)
	}
	*l.stay(e.Node) = Stay{Node: e.Node, Wrote: keep(e)}
}

// change is what happens to an entry that a machine has.
func (l *Life) change(s *Stay, e *event.Event) {
	// The others were sorted out before.
	//exhaustive:ignore
	switch {
	case e.Kind == event.Wiped, e.Kind == event.Truncated && e.Index <= l.Index:
		s.Cut = keep(e)
	case e.Kind == event.Compacted && e.Index > l.Index && s.Compacted == nil:
		s.Compacted = keep(e)
	case e.Kind == event.Fsynced && e.Index >= l.Index && s.Fsync == nil && s.Wrote != nil:
		s.Fsync = keep(e)
	case e.Kind == event.Committed && e.Index >= l.Index && s.Committed == nil:
		s.Committed = keep(e)
		l.agree(e)
	case e.Kind == event.Applied && e.Index >= l.Index && s.Applied == nil:
		s.Applied = keep(e)
	}
}

// agree notes who had the entry when it was first known to be committed.
func (l *Life) agree(e *event.Event) {
	l.settled = true
	if l.Agreed != nil || l.Older {
		return
	}
	l.Agreed = keep(e)
	for i := range l.Stays {
		if l.Stays[i].Has() {
			l.Held = append(l.Held, l.Stays[i].Node)
		}
	}
}

// Settled says whether the entry is known to be committed.
func (l *Life) Settled() bool { return l.settled }

// Copy is the life so far; what is followed from here on does not change it.
func (l *Life) Copy() Life {
	c := *l
	c.Held, c.Stays, c.Unsure, c.others = slices.Clone(c.Held), slices.Clone(c.Stays), slices.Clone(c.Unsure), nil
	return c
}
