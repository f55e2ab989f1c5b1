package desk

import (
	"cmp"
	"iter"
	"slices"
	"sync"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/tale"
)

// What of a story is shown at once: chapters before and after the one that is open, and lines of it before and after the place.
const (
	chaptersAround = 20
	linesAround    = 30
)

// maxStories bounds the languages in which a recording's story is kept.
const maxStories = 4

func init() { drawers["story"] = drawStory }

// storyChapter is a chapter of a recording's story: its title, and what happened.
type storyChapter struct {
	tale.Line
	lines []tale.Line
}

// storySight is what is shown of a story at a moment.
type storySight struct {
	Moment
	whole    event.Micros // how long the recording is
	chapters []storyChapter
	first    int // of the chapters that are shown
	last     int // after them
	open     int // the chapter that the moment lies in
	from, to int // lines of it that are shown
	line     int // the newest that has happened; -1: none of this chapter
}

// drawStory draws "story": what happened in a recording that has ended, in chapters, with the one open that is looked at.
// A story that still goes on is what the feed tells.
func drawStory(m Moment, words []string) *content {
	if len(words) != 0 || m.Journal == nil || m.State == nil || !m.Journal.Reach().Closed {
		return nil
	}
	reach := m.Journal.Reach()
	s := storySight{Moment: m, whole: reach.HeadAt - reach.FirstAt}
	chapters, more := m.story()
	s.chapters = chapters
	s.find(m.State.Seq)
	return &content{body: storyPanel(s), more: more}
}

// find finds the place in the story, and what is shown around it.
func (s *storySight) find(seq uint64) {
	for i := range s.chapters {
		if s.chapters[i].Seq <= seq {
			s.open = i
		}
	}
	s.first, s.last = max(s.open-chaptersAround, 0), min(s.open+chaptersAround+1, len(s.chapters))
	if s.line = -1; len(s.chapters) == 0 {
		return
	}
	lines := s.chapters[s.open].lines
	for i := range lines {
		if lines[i].Seq <= seq {
			s.line = i
		}
	}
	s.from, s.to = max(s.line-linesAround, 0), min(s.line+linesAround+1, len(lines))
}

// newest says whether this line of the open chapter is the newest that has happened.
func (s *storySight) newest(i int) bool { return i == s.line }

// lead says at which line one should begin to read: a little before the newest.
func (s *storySight) lead(i int) bool {
	const before = 3
	return i == max(s.line-before, s.from)
}

// clock is a moment of the recording, as time since its beginning as everywhere on the page.
func (s *storySight) clock(at event.Micros) string { return s.Words.Duration(int64(at)) }

// storyShelf keeps the story of one recording in the languages in which it is told.
type storyShelf struct {
	mu   sync.Mutex
	of   *journal.Journal
	told map[string]*storyBook
}

// storyBook is a story as far as it has been read.
type storyBook struct {
	chapters []storyChapter
	next     func() (tale.Line, error, bool) // nil: that was all
	stop     func()
}

// linesAtOnce bounds the lines that are read for one drawing: some 20 ms, so that a viewer's recorder does not wait for the story
// of an hour. What is left comes with the next drawings.
const linesAtOnce = 300

// story gives the chapters of the recording as far as they have been read, and says whether there are more.
func (m Moment) story() (chapters []storyChapter, more bool) {
	shelf := &storyShelf{}
	if m.Memory != nil {
		shelf = &m.Memory.stories
	}
	shelf.mu.Lock()
	defer shelf.mu.Unlock()
	if _, told := shelf.told[m.tag()]; shelf.of != m.Journal || !told && len(shelf.told) >= maxStories {
		for _, b := range shelf.told {
			b.stop()
		}
		shelf.of, shelf.told = m.Journal, map[string]*storyBook{}
	}
	b := shelf.told[m.tag()]
	if b == nil {
		b = &storyBook{}
		b.next, b.stop = iter.Pull2(tale.Story(m.Words, m.Journal))
		shelf.told[m.tag()] = b
	}
	for n := 0; b.next != nil && (n < linesAtOnce || m.Memory == nil); n++ {
		b.read(m.Journal)
	}
	return slices.Clone(b.chapters), b.next != nil
}

// read takes in the next line, the lines of a chapter by when they came about. What cannot be read ends the story with the
// sentence that says why.
func (b *storyBook) read(j *journal.Journal) {
	line, err, there := b.next()
	if !there {
		b.next = nil
		return
	}
	if err != nil {
		line = tale.Line{Seq: j.Reach().Head, At: j.Reach().HeadAt, Text: err.Error()}
	}
	if line.Chapter {
		settle(b.chapters, line.Seq)
	}
	if line.Chapter || len(b.chapters) == 0 {
		b.chapters = append(b.chapters, storyChapter{Line: line})
	}
	if !line.Chapter {
		c := &b.chapters[len(b.chapters)-1]
		c.lines = append(c.lines, line)
	}
}

// settle puts the last chapter in order when the next one begins with an event. What was counted up to there belongs to the moment
// before it: whoever goes there is still in this chapter.
func settle(chapters []storyChapter, next uint64) {
	if len(chapters) == 0 {
		return
	}
	c := &chapters[len(chapters)-1]
	c.lines = slices.Clone(c.lines) // somebody may be drawing what there was
	for i := range c.lines {
		c.lines[i].Seq = max(c.Seq, min(c.lines[i].Seq, next-1))
	}
	slices.SortStableFunc(c.lines, func(a, b tale.Line) int { return cmp.Compare(a.Seq, b.Seq) })
}
