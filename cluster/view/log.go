package view

import (
	"cmp"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Log are the entries of consecutive indexes that are known of a machine's disk, at most MaxLog. A copy shares them: nobody changes an
// entry that is there, and only one of the two writes behind them.
type Log struct{ entries []Entry }

// LogOf is a log of these entries, whose indexes follow each other.
func LogOf(entries ...Entry) Log { return Log{entries} }

// Len is how many entries are known.
func (l *Log) Len() int { return len(l.entries) }

// First is the index of the oldest known entry; 0 if there is none.
func (l *Log) First() uint64 {
	if len(l.entries) == 0 {
		return 0
	}
	return l.entries[0].Index
}

// End is the index behind the newest entry; 0 if there is none.
func (l *Log) End() uint64 {
	if len(l.entries) == 0 {
		return 0
	}
	return l.entries[0].Index + uint64(len(l.entries))
}

// At is the i-th of the known entries, from 0 to Len()-1.
func (l *Log) At(i int) *Entry { return &l.entries[i] }

// Entry returns the entry at an index, nil if it is not known.
func (l *Log) Entry(i uint64) *Entry {
	if i -= l.First(); i < uint64(len(l.entries)) {
		return &l.entries[i]
	}
	return nil
}

// OfOp is the newest entry that is part of a command; nil if there is none.
func (l *Log) OfOp(op uint64) *Entry {
	for i := len(l.entries) - 1; i >= 0; i-- {
		if l.entries[i].Op == op {
			return &l.entries[i]
		}
	}
	return nil
}

// copy is a log that goes on by itself: what is appended to one of the two does not show in the other.
func (l *Log) copy() Log { return Log{l.entries[:len(l.entries):len(l.entries)]} }

// put adds the entry behind the last one.
func (l *Log) put(e *Entry) {
	if len(l.entries) >= MaxLog {
		l.entries = l.entries[1:]
	}
	l.entries = append(l.entries, *e)
}

// drop takes the entries before first away.
func (l *Log) drop(first uint64) {
	if n := int(first - l.First()); first >= l.End() {
		l.entries = nil
	} else if first > l.First() {
		l.entries = l.entries[n:]
	}
}

// keep leaves the entries before end. What comes next is written elsewhere: a copy may have what is cut off.
func (l *Log) keep(end uint64) {
	if n := end - l.First(); end <= l.First() {
		l.entries = nil
	} else if end < l.End() {
		l.entries = l.entries[:n:n]
	}
}

// Entry returns the entry at index i as n has it on disk, nil if it has none or it is no longer known.
// It is valid until the next Apply.
func (n *Node) Entry(i uint64) *Entry { return n.Log.Entry(i) }

// append puts an entry behind the others. One that is there already in another term gives way with all after
// it; one that leaves a gap (after a snapshot) begins the log anew. Entries may be told again, as after a
// restart: that changes nothing, nor do those that were forgotten for MaxLog.
func (s *State) append(n *Node, e *Entry) {
	if e.Index == 0 || e.Index < n.Log.First() {
		return
	}
	if old := n.Entry(e.Index); old != nil {
		if old.Term == e.Term {
			return
		}
		n.cut(e.Index - 1)
		n.Last = e.Index
	}
	if n.Log.Len() > 0 && n.Log.End() != e.Index {
		n.Log, n.First = Log{}, e.Index
	}
	if n.Log.Len() == 0 && (n.First == 0 || e.Index != n.Last+1) {
		n.First = e.Index
	}
	n.Log.put(e)
	n.Last = max(n.Last, e.Index)
}

// cut drops the entries after last from the log, and what was said of them.
func (n *Node) cut(last uint64) {
	if last < n.Log.End() {
		n.Log.keep(last + 1)
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
		n.Log, n.First = Log{}, 0
	default:
		n.First = first
		if n.Log.First() < first && n.Log.Len() > 0 {
			n.Log.drop(first)
			if n.Log.Len() == 0 { // a snapshot that came took the log with it, which was shorter
				n.First = 0
			}
		}
	}
}

// install takes the place of everything up to the snapshot's last entry.
func (n *Node) install(e *event.Event) {
	n.SnapshotIndex, n.SnapshotTerm = e.Index, e.LogTerm
	n.Last, n.Commit, n.Applied = max(n.Last, e.Index), max(n.Commit, e.Index), max(n.Applied, e.Index)
	n.Revision = cmp.Or(e.Rev, n.Revision)
}
