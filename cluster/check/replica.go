package check

import "github.com/quorumlab/quorumlab/cluster/event"

// replica is what a monitor knows of one node.
type replica struct {
	id   event.NodeID
	term uint64

	leads      uint64 // the term that it leads, 0: none
	leadsSince uint64 // sequence of the event that said so

	// The log: terms of the entries first..last as far as the window goes.
	first, last        uint64
	terms              window[uint64]
	snapshot, snapTerm uint64

	committed uint64 // highest index that it called committed
	applied   uint64 // highest index that it ever applied
}

// termAt gives the term of the entry at index i, 0 if it is not known.
func (r *replica) termAt(i uint64) uint64 {
	if i >= r.first && i <= r.last && i != 0 {
		if t := r.terms.get(i); t != nil {
			return *t
		}
	}
	if i == r.snapshot {
		return r.snapTerm
	}
	return 0
}

// append puts an entry behind i-1; what was at i and after is gone.
func (r *replica) append(i, term uint64) {
	if i <= r.last {
		r.cut(i - 1)
	}
	if i != r.last+1 || i < r.first || r.first == 0 {
		r.first = i
	}
	r.terms.put(i, term)
	r.last = i
}

// end makes last the index of the last entry.
func (r *replica) end(last uint64) {
	if last > r.last {
		r.first = last + 1 // what is between was never told
	}
	r.cut(last)
	r.last = last
}

// cut drops the entries after last. What it had committed of them may be committed otherwise now.
func (r *replica) cut(last uint64) {
	r.last, r.committed = min(r.last, last), min(r.committed, last)
}

// install takes a snapshot's place in the log: of a log that contradicts it nothing is left (paper, Figure 13).
func (r *replica) install(e *event.Event) {
	if e.Index > r.last || r.termAt(e.Index) != e.LogTerm {
		r.first, r.last = e.Index+1, e.Index
	}
	r.snapshot, r.snapTerm = e.Index, e.LogTerm
	r.committed = max(r.committed, e.Index)
}

// wipe forgets what was on the disk.
func (r *replica) wipe() {
	r.terms.clear()
	*r = replica{id: r.id, terms: r.terms}
}
