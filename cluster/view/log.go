package view

import "github.com/quorumlab/quorumlab/cluster/event"

// Entry returns the entry at index i as n has it on disk, nil if it has none or it is no longer known.
// It is valid until the next Apply.
func (n *Node) Entry(i uint64) *Entry {
	if len(n.Log) == 0 || i < n.Log[0].Index || i-n.Log[0].Index >= uint64(len(n.Log)) {
		return nil
	}
	return &n.Log[i-n.Log[0].Index]
}

// append puts an entry behind the others. One that is there already in another term gives way with all after
// it; one that leaves a gap (after a snapshot) begins the log anew. Entries may be told again, as after a
// restart: that changes nothing, nor do those that were forgotten for MaxLog.
func (n *Node) append(e *event.Event) {
	if e.Index == 0 || len(n.Log) > 0 && e.Index < n.Log[0].Index {
		return
	}
	if old := n.Entry(e.Index); old != nil {
		if old.Term == e.Term {
			return
		}
		n.cut(e.Index - 1)
		n.Last = e.Index
	}
	if len(n.Log) > 0 && n.Log[len(n.Log)-1].Index+1 != e.Index {
		n.Log, n.First = nil, e.Index
	}
	if len(n.Log) == 0 && (n.First == 0 || e.Index != n.Last+1) {
		n.First = e.Index
	}
	if len(n.Log) >= MaxLog {
		n.Log = n.Log[1:]
	}
	n.Log = append(n.Log, Entry{Index: e.Index, Term: e.Term, Type: e.Entry, Op: e.Op, Label: e.Text, Bytes: e.N})
	n.Last = max(n.Last, e.Index)
}

// cut drops the entries after last from the log, and what was said of them.
func (n *Node) cut(last uint64) {
	switch {
	case len(n.Log) == 0:
	case last < n.Log[0].Index:
		n.Log = nil
	case last-n.Log[0].Index+1 < uint64(len(n.Log)):
		n.Log = n.Log[:last-n.Log[0].Index+1]
	}
	if last < n.First {
		n.First = 0
	}
	n.Commit = min(n.Commit, last)
}

func (n *Node) truncate(from uint64) {
	if from == 0 || from > n.Last {
		return
	}
	n.cut(from - 1)
	n.Last = from - 1
}

// compact drops the entries before first, which a snapshot holds.
func (n *Node) compact(first uint64) {
	switch {
	case first == 0:
	case first > n.Last:
		n.Log, n.First = nil, 0
	default:
		had := len(n.Log) > 0
		n.First = first
		for len(n.Log) > 0 && n.Log[0].Index < first {
			n.Log = n.Log[1:]
		}
		if n.Log = none(n.Log); had && n.Log == nil { // a snapshot that came took the log with it, which was shorter
			n.First = 0
		}
	}
}

// install takes the place of everything up to the snapshot's last entry.
func (n *Node) install(e *event.Event) {
	n.SnapshotIndex, n.SnapshotTerm = e.Index, e.LogTerm
	n.Last, n.Commit, n.Applied = max(n.Last, e.Index), max(n.Commit, e.Index), max(n.Applied, e.Index)
}
