package journal

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Bounds of bookmarks.
const (
	MaxMarks = 200 // of a recording
	MaxNote  = 200 // bytes of a note
	markCost = 64  // bytes of memory that a bookmark takes beside its note
)

// Mark is a bookmark: somebody's note on a moment.
type Mark struct {
	Seq  uint64       `json:"seq"`
	At   event.Micros `json:"at"` // virtual time
	Note string       `json:"note"`
}

// The mistakes that can be made with bookmarks, beside *Gone and a note of more than MaxNote bytes.
var (
	ErrMarks = errors.New("this recording has " + strconv.Itoa(MaxMarks) + " bookmarks, and that is all it takes: remove one first")
	ErrNote  = errors.New("a bookmark's note is one line of at most " + strconv.Itoa(MaxNote) + " bytes")
	ErrMark  = errors.New("there is no bookmark at this moment")
)

// Mark sets a bookmark, or changes the note of the one that is there.
func (j *Journal) Mark(m Mark) error {
	m.Note = strings.TrimSpace(m.Note)
	if len(m.Note) > MaxNote || !utf8.ValidString(m.Note) || strings.ContainsFunc(m.Note, func(r rune) bool { return r < ' ' }) {
		return ErrNote
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if m.Seq < j.oldest || m.Seq > j.state.Seq {
		return &Gone{From: m.Seq, Oldest: j.oldest + 1}
	}
	i, there := j.markAt(m.Seq)
	switch {
	case there:
		j.bytes += int64(len(m.Note) - len(j.marks[i].Note))
		j.marks[i].Note = m.Note
	case len(j.marks) >= MaxMarks:
		return ErrMarks
	default:
		j.bytes += int64(len(m.Note)) + markCost
		j.marks = slices.Insert(j.marks, i, m)
	}
	j.marked++
	return nil
}

// Unmark removes a bookmark.
func (j *Journal) Unmark(seq uint64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	i, there := j.markAt(seq)
	if !there {
		return ErrMark
	}
	j.bytes -= int64(len(j.marks[i].Note)) + markCost
	j.marks = slices.Delete(j.marks, i, i+1)
	j.marked++
	return nil
}

// markAt is the place of the bookmark at seq.
func (j *Journal) markAt(seq uint64) (int, bool) {
	return slices.BinarySearchFunc(j.marks, seq, func(m Mark, seq uint64) int { return cmp.Compare(m.Seq, seq) })
}

// Marks are the bookmarks of what is kept, by Seq. Those whose moment was dropped have gone with it.
func (j *Journal) Marks() []Mark {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return slices.Clone(j.marks)
}

// forgetMarks removes the bookmarks of what is no longer kept.
func (j *Journal) forgetMarks() {
	for len(j.marks) > 0 && j.marks[0].Seq < j.oldest {
		j.bytes -= int64(len(j.marks[0].Note)) + markCost
		j.marks = slices.Delete(j.marks, 0, 1)
		j.marked++
	}
}
