package desk

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
	"github.com/quorumlab/quorumlab/web/languages"
)

// storyAt draws a recording's story as one sees it at an event.
func storyAt(t *testing.T, b *book, seq uint64, l *words.Language) string {
	t.Helper()
	s, err := b.StateAt(seq)
	if err != nil {
		t.Fatal(err)
	}
	return Draw(Moment{Journal: b.Journal, State: &s, Words: l}, "story").HTML
}

// elected is a machine that becomes leader.
func (b *book) elected(id event.NodeID, term uint64) {
	b.write(event.Event{Kind: event.TermChanged, Node: id, Term: term}, event.Event{Kind: event.RoleChanged, Node: id, Role: event.Candidate, Term: term},
		event.Event{Kind: event.RoleChanged, Node: id, Role: event.Leader, Term: term})
}

var storyHere = regexp.MustCompile(`aria-current="true"[^>]*data-arg="seq (\d+)"`)

func TestStoryOfARoomThatLivesIsNotTold(t *testing.T) {
	b := newBook()
	b.machines(3)
	b.elected(1, 2)
	if html := storyAt(t, b, b.Reach().Head, nil); !strings.Contains(html, "nothing to see") {
		t.Error("a living room has a feed, and no story yet:", html)
	}
}

// Wherever one goes by the story, that is the line which is marked, and everything it tells is in the recording.
func TestStoryMarksThePlaceThatOneWentTo(t *testing.T) {
	b := newBook()
	b.machines(3)
	b.elected(1, 2)
	for range 3 {
		b.put(event.OK)
		b.pass(5_000_000)
		b.write(event.Event{Kind: event.Stopped, Node: 2, Reason: event.Killed})
		b.pass(5_000_000)
		b.write(event.Event{Kind: event.Started, Node: 2, Term: 2})
		b.put(event.Failed)
	}
	b.Close()
	places := map[uint64]bool{}
	for chapters, i := chronicleChapters(b), 0; i < len(chapters); i++ {
		places[chapters[i].Seq] = true
		for _, line := range chapters[i].lines {
			places[line.Seq] = true
		}
	}
	if len(places) < 6 {
		t.Fatalf("the story has %d places only", len(places))
	}
	for seq := range places {
		html := storyAt(t, b, seq, nil)
		here := storyHere.FindAllStringSubmatch(html, -1)
		if len(here) != 1 || here[0][1] != strconv.FormatUint(seq, 10) {
			t.Errorf("at event %d the story says that one is at %v", seq, here)
		}
	}
	html := storyAt(t, b, b.Reach().Head, nil)
	for _, want := range []string{"What happened", "n2 goes down", "The end of the recording"} {
		if !strings.Contains(html, want) {
			t.Errorf("the story lacks %q: %s", want, html)
		}
	}
}

func chronicleChapters(b *book) []storyChapter {
	chapters, _ := Moment{Journal: b.Journal}.story()
	return chapters
}

func TestStoryIsToldInTheReadersLanguage(t *testing.T) {
	b := newBook()
	b.machines(3)
	b.elected(1, 2)
	b.Close()
	head := b.Reach().Head
	german := storyAt(t, b, head, languages.Of("de"))
	if !strings.Contains(german, "Was geschah") || strings.Contains(german, "What happened") {
		t.Error(german)
	}
	if english := storyAt(t, b, head, nil); !strings.Contains(english, "What happened") {
		t.Error("who reads English after a German is told:", english)
	}
}

// However long the recording is, a page gets the chapters around the place, and of a long chapter the lines around it.
func TestStoryIsBounded(t *testing.T) {
	b := newBook()
	b.machines(3)
	b.elected(1, 2)
	for range 3 * chaptersAround {
		b.write(event.Event{Kind: event.Stopped, Node: 2, Reason: event.Killed})
		b.pass(5_000_000)
		b.write(event.Event{Kind: event.Started, Node: 2, Term: 2})
		b.put(event.OK)
		b.pass(5_000_000)
	}
	b.Close()
	chapters := chronicleChapters(b)
	if len(chapters) <= 2*chaptersAround+1 {
		t.Fatalf("%d chapters are no test", len(chapters))
	}
	for i := range chapters {
		html := storyAt(t, b, chapters[i].Seq, nil)
		if n := strings.Count(html, `class="story-chapter"`); n > 2*chaptersAround+1 {
			t.Fatalf("%d chapters are shown", n)
		}
		if before := strings.Contains(html, `id="story-before"`); before != (i > chaptersAround) {
			t.Errorf("in chapter %d the way to earlier ones is there: %v", i+1, before)
		}
	}

	long := storySight{chapters: chapters[:1]}
	for i := range uint64(5 * linesAround) {
		line := chapters[0].Line
		line.Seq, line.Chapter = line.Seq+i, false
		long.chapters[0].lines = append(long.chapters[0].lines, line)
	}
	for i := range uint64(5 * linesAround) {
		long.find(chapters[0].Seq + i)
		if n := long.to - long.from; n > 2*linesAround+1 || long.line < long.from || long.line >= long.to {
			t.Fatalf("at line %d %d lines are shown, %d to %d", long.line, n, long.from, long.to)
		}
	}
}

// A long story is read a part at a time, and the panel says that there is more until it is whole.
func TestStoryIsReadInParts(t *testing.T) {
	b := newBook()
	b.machines(3)
	b.elected(1, 2)
	for range linesAtOnce {
		b.write(event.Event{Kind: event.Stopped, Node: 2, Reason: event.Killed})
		b.pass(5_000_000)
		b.write(event.Event{Kind: event.Started, Node: 2, Term: 2})
		b.put(event.OK)
		b.pass(5_000_000)
	}
	b.Close()
	s := b.State()
	m := Moment{Journal: b.Journal, State: &s, Memory: NewMemory()}
	parts := 1
	for Draw(m, "story").More {
		if parts++; parts > linesAtOnce {
			t.Fatal("it never ends")
		}
	}
	whole := chronicleChapters(b)
	if read, _ := m.story(); parts < 3 || len(read) != len(whole) || read[len(read)-1].Text != "The end of the recording" {
		t.Errorf("%d parts, %d chapters of %d", parts, len(read), len(whole))
	}
}
