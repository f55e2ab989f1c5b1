package tale

import (
	"sync"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
)

// Bounds of a register.
const (
	stretchEvents = 1024 // events of which it knows together what is among them
	maxSlots      = 63   // machines that it tells apart; those that come later share the last slot
)

// Register knows in which stretches of a recording something of a kind happened to a machine, so that who looks for the last
// time need not read all that lies between. It is filled in the order of the events by whoever reads them anyway, and takes
// about 24 bytes a machine for every stretchEvents. What it does not know it takes for possible. It is safe for concurrent use;
// the zero Register knows nothing yet.
type Register struct {
	mu     sync.RWMutex
	first  uint64 // the first event that it knows; 0: none
	next   uint64 // the first after those
	slots  map[event.NodeID]int
	leaves []leaf // from the stretch of first on
}

// leaf is what is in one stretch.
type leaf struct {
	kinds journal.Kinds // of all
	slots []slot
}

// slot is what is in one stretch of one machine.
type slot struct {
	kinds journal.Kinds // of events that name it
	heard uint64        // slots of those from whom something was delivered to it
	deed  bool          // something is worth a sentence about it
}

// stretchOf is the number of the stretch that an event is in, from 0.
func stretchOf(seq uint64) uint64 { return (seq - 1) / stretchEvents }

// Next is the first event that it does not know; 0 before there was any.
func (r *Register) Next() uint64 {
	if r == nil {
		return 0
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.next
}

// Add takes in the events of a recording, in their order and without gap, from Next on. If there is a gap, what was before it
// is forgotten.
func (r *Register) Add(events []event.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range events {
		if e := &events[i]; e.Seq != 0 {
			r.add(e)
		}
	}
}

func (r *Register) add(e *event.Event) {
	if r.first == 0 || e.Seq > r.next {
		r.first, r.leaves = e.Seq, nil
	} else if e.Seq < r.next {
		return
	}
	r.next = e.Seq + 1
	if k := stretchOf(e.Seq) - stretchOf(r.first); k == uint64(len(r.leaves)) {
		r.leaves = append(r.leaves, leaf{})
	}
	l := &r.leaves[len(r.leaves)-1]
	bit := journal.KindsOf(e.Kind)
	l.kinds |= bit
	for _, id := range [...]event.NodeID{e.Node, e.Peer} {
		if id != 0 {
			l.slot(r.slotOf(id)).kinds |= bit
		}
	}
	if e.Kind == event.Delivered && e.Node != 0 && e.Peer != 0 {
		l.slot(r.slotOf(e.Peer)).heard |= 1 << r.slotOf(e.Node)
	}
	if !worth(e) {
		return
	}
	for _, id := range [...]event.NodeID{e.Node, e.Peer} {
		if id != 0 && concerns(e, id) {
			l.slot(r.slotOf(id)).deed = true
		}
	}
}

// slotOf is a machine's slot; it gets one if it has none.
func (r *Register) slotOf(id event.NodeID) int {
	at, there := r.slots[id]
	if !there {
		if at = len(r.slots); at >= maxSlots {
			return maxSlots - 1
		}
		if r.slots == nil {
			r.slots = map[event.NodeID]int{}
		}
		r.slots[id] = at
	}
	return at
}

func (l *leaf) slot(at int) *slot {
	for len(l.slots) <= at {
		l.slots = append(l.slots, slot{})
	}
	return &l.slots[at]
}

// Forget lets go of what is before the oldest event that is kept.
func (r *Register) Forget(oldest uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.first == 0 || oldest <= r.first || oldest >= r.next {
		return
	}
	if n := stretchOf(oldest) - stretchOf(r.first); n > 0 {
		r.leaves = append([]leaf(nil), r.leaves[n:]...)
		r.first = oldest
	}
}

// leaf is what is known of a stretch; nil if not everything in it up to event end is.
func (r *Register) leaf(stretch, end uint64) *leaf {
	last := min((stretch+1)*stretchEvents, end)
	if r.first == 0 || stretch*stretchEvents+1 < r.first || last >= r.next {
		return nil
	}
	return &r.leaves[stretch-stretchOf(r.first)]
}

// of is what is known of a machine in a stretch.
func (r *Register) of(l *leaf, id event.NodeID) slot {
	at, there := r.slots[id]
	if !there && len(r.slots) >= maxSlots {
		at, there = maxSlots-1, true
	}
	if !there || at >= len(l.slots) {
		return slot{}
	}
	return l.slots[at]
}

// may says whether something that is looked for can be in a stretch, of which end is the last event that counts.
func (r *Register) may(stretch, end uint64, w *search) bool {
	if r == nil {
		return true
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	l := r.leaf(stretch, end)
	switch {
	case l == nil:
		return true
	case w.deedOf != 0:
		return r.of(l, w.deedOf).deed
	case l.kinds&w.kinds == 0:
		return false
	}
	for _, id := range [...]event.NodeID{w.node, w.peer} {
		if id != 0 && r.of(l, id).kinds&w.kinds == 0 {
			return false
		}
	}
	if w.kinds == journal.KindsOf(event.Delivered) && w.node != 0 && w.peer != 0 {
		from, known := r.slots[w.node]
		return !known || r.of(l, w.peer).heard&(1<<from) != 0
	}
	return true
}
