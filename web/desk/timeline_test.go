package desk

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
)

// timeline is the drawing of a book for a width.
func (b *book) timeline(width int) string {
	s := b.State()
	return Draw(Moment{Journal: b.Journal, State: &s, Live: true}, "timeline "+strconv.Itoa(width)).HTML
}

// path is the path of a look; "" if nothing looks so.
func path(html, class string) string {
	m := regexp.MustCompile(`<path class="` + class + `" d="([^"]*)"`).FindStringSubmatch(html)
	if m == nil {
		return ""
	}
	return m[1]
}

func TestTimelineTellsTheStory(t *testing.T) {
	b := newBook()
	b.machines(3)
	b.write(event.Event{Kind: event.RoleChanged, Node: 1, Role: event.Candidate, Term: 2})
	b.pass(300_000)
	b.write(event.Event{Kind: event.RoleChanged, Node: 1, Role: event.Leader, Term: 2})
	b.pass(3_000_000)
	b.put(event.OK)
	b.write(event.Event{Kind: event.Stopped, Node: 1, Reason: event.Killed})
	b.pass(2_000_000)
	b.write(event.Event{Kind: event.Suspended, Node: 3})
	b.pass(2_000_000)
	for _, far := range []event.NodeID{1, 3} {
		b.write(event.Event{Kind: event.LinkSet, Node: 2, Peer: far, Link: event.Link{Cut: true}})
	}
	b.pass(2_000_000)
	if err := b.Mark(journal.Mark{Seq: 9, At: 9000, Note: "<look here>"}); err != nil {
		t.Fatal(err)
	}
	html := b.timeline(1040)
	has(t, "a story", html, "n1 n2 n3 requests safety", "leader · term 2", "n1 down", "down", "stands still", "n3 still", "links cut", "★ <look here>")
	if strings.Contains(html, "n1 added") || strings.Contains(html, "n1 up") {
		t.Error("that a room is opened is no fault")
	}
	if strings.Count(html, ">links cut<") != 1 {
		t.Error("one command that cuts several links must be one flag")
	}
	if err := b.Mark(journal.Mark{Seq: 9, At: 9000, Note: strings.Repeat("very long ", 19)}); err != nil {
		t.Fatal(err)
	}
	has(t, "a long note", b.timeline(1040), "n1 down", "links cut", "★ very long very long ver…")
	for _, class := range []string{"span follower", "span leader", "span candidate", "span down", "span still", "deed ok", "lit", "flag bad", "pin"} {
		if path(html, class) == "" {
			t.Errorf("nothing is drawn as %q", class)
		}
	}
	for _, class := range []string{"out", "deed failed", "deed unknown"} {
		if path(html, class) != "" {
			t.Errorf("%q is drawn though it did not happen", class)
		}
	}
}

// What cannot be told apart is counted, not left out.
func TestTimelineAggregatesHonestly(t *testing.T) {
	b := newBook()
	b.machines(3)
	b.pass(60_000_000)
	for i := range uint64(60) { // that follow closely
		b.write(event.Event{Kind: event.RoleChanged, Node: 2, Role: event.Candidate, Term: i + 2})
		b.write(event.Event{Kind: event.RoleChanged, Node: 2, Role: event.Follower, Term: i + 2})
		b.pass(300_000)
	}
	b.pass(60_000_000)
	for range 240 {
		b.put(event.OK)
	}
	b.pass(3_000_000)
	html := b.timeline(1040)
	has(t, "a storm", html, "×60 elections", "×240")
	has(t, "the same on a telephone", b.timeline(300), "×60")
	if path(html, "span candidate") != "" {
		t.Error("candidacies of a pixel are drawn one by one")
	}
	if size := len(html); size > 8000 {
		t.Errorf("the drawing has %d bytes", size)
	}
}

// An unknown outcome has no end; what failed and what is under way look otherwise.
func TestTimelineShowsHowRequestsEnded(t *testing.T) {
	b := newBook()
	b.machines(3)
	for _, o := range []event.Outcome{event.OK, event.Failed, event.Unknown, event.Pending} {
		b.pass(1_000_000)
		b.put(o)
	}
	html := b.timeline(800)
	if open := path(html, "open"); path(html, "deed unknown") == "" || !strings.HasSuffix(open, "H800") {
		t.Errorf("a request of unknown outcome has an end: %s", open)
	}
	if under := path(html, "deed pending"); !reaches(under, 800) {
		t.Errorf("a request that is under way ends: %s", under)
	}
	for _, class := range []string{"deed ok", "deed failed"} {
		if d := path(html, class); d == "" || reaches(d, 800) {
			t.Errorf("%s: %q", class, d)
		}
	}
}

// reaches says whether the last box of a path ends at x.
func reaches(d string, x float64) bool {
	last := d[strings.LastIndex(d, "M")+1:]
	var from, y, wide float64
	if _, err := fmt.Sscanf(last, "%f %fh%f", &from, &y, &wide); err != nil {
		return false
	}
	return from+wide > x-0.2
}

// Each property that was broken has a line of its own, with everything that contradicts it; the others hold.
func TestABrokenLampIsDrawn(t *testing.T) {
	b := newBook()
	b.machines(3)
	whole := b.timeline(800)
	if path(whole, "lit") == "" || path(whole, "out") != "" || strings.Contains(whole, "alarm") {
		t.Errorf("nothing is broken: %s", whole)
	}
	b.pass(1_000_000)
	b.write(event.Event{Kind: event.SafetyBroken, Property: event.LogMatching, Text: "n1 and n2 differ at 7"})
	b.pass(400_000)
	b.write(event.Event{Kind: event.SafetyBroken, Property: event.ElectionSafety, Text: "two leaders <b>"})
	b.write(event.Event{Kind: event.SafetyBroken, Property: event.LogMatching, Text: "n1 and n3 differ at 9"})
	b.pass(500_000)
	html := b.timeline(800)
	has(t, "two lamps out", html, "safety broken", "Election Safety", "Log Matching")
	if n := strings.Count(path(html, "out"), "M"); n != 2 {
		t.Errorf("%d lines are out, not 2", n)
	}
	if n := strings.Count(path(html, "lit"), "M"); n != 3 {
		t.Errorf("%d lines are lit: those of the two until they were broken, and one of the others", n)
	}
	for _, text := range []string{"Log Matching, broken at 1.008 s: n1 and n2 differ at 7", "Election Safety, broken at 1.409 s: two leaders &lt;b&gt;", "Log Matching, broken at 1.410 s: n1 and n3 differ at 9"} {
		if !strings.Contains(html, "<title>"+text+"</title>") {
			t.Errorf("no mark says %q", text)
		}
	}
}

// However much contradicts itself, the timeline keeps a bounded part of it, and something of each property.
func TestAlarmsHaveABound(t *testing.T) {
	b := newBook()
	b.machines(1)
	for range 2 * MaxAlarms {
		b.write(event.Event{Kind: event.SafetyBroken, Property: event.LogMatching, Text: "x"})
	}
	b.write(event.Event{Kind: event.SafetyBroken, Property: event.ElectionSafety, Text: "y"})
	if c := b.chronicle(); len(c.alarms) != MaxAlarms+1 || c.alarms[MaxAlarms].property != event.ElectionSafety {
		t.Errorf("%d alarms", len(c.alarms))
	}
}

// Those who look at the same time share a drawing, and one that changed nothing is not made again.
func TestADrawingIsMadeOnceForAll(t *testing.T) {
	b := newBook()
	b.machines(3)
	b.pass(2_100_000)
	draw := func() *content {
		s := b.State()
		return drawTimeline(Moment{Journal: b.Journal, State: &s, Live: true}, []string{"1040"})
	}
	one := draw()
	if draw() != one {
		t.Error("two who look at once have two drawings")
	}
	b.pass(300_000)
	if draw() != one {
		t.Error("it is drawn anew though only time went on")
	}
	b.put(event.OK)
	if draw() == one {
		t.Error("a request after some time is not drawn")
	}
	two := draw()
	b.op++
	b.write(event.Event{Kind: event.Asked, Op: b.op, Command: event.Put})
	if draw() != two {
		t.Error("every request has it drawn anew")
	}
	b.write(event.Event{Kind: event.Stopped, Node: 1, Reason: event.Killed})
	if draw() == two {
		t.Error("a fault is not drawn at once")
	}
	for w := range 2 * maxDrawings {
		b.timeline(minWidth + w)
	}
	if kept := len(b.chronicle().drawings); kept > maxDrawings {
		t.Errorf("%d drawings are kept, at most %d", kept, maxDrawings)
	}
}

func TestTimelineOfNoSuchWidth(t *testing.T) {
	b := newBook()
	for _, words := range []string{"timeline", "timeline x", "timeline 1", "timeline 99999", "timeline 800 600"} {
		if html := Draw(Moment{Journal: b.Journal}, words).HTML; !strings.Contains(html, "nothing to see") {
			t.Errorf("%s: %s", words, html)
		}
	}
	if html := Draw(Moment{Journal: b.Journal}, "timeline 800").HTML; !strings.Contains(html, "safety") {
		t.Errorf("an empty recording: %s", html)
	}
}

// The timeline of an hour is read piece by piece, and what is not read yet does not look like nothing.
func TestALongTimelineIsReadInPieces(t *testing.T) {
	b := newBook()
	b.machines(3)
	for range 2 * readAtOnce {
		b.at += 1000
		b.Append(event.Event{At: b.at, Kind: event.Stepped})
	}
	b.Flush(b.at)
	b.write(event.Event{Kind: event.Stopped, Node: 1, Reason: event.Killed})
	s := b.State()
	for i := range 4 {
		p := Draw(Moment{Journal: b.Journal, State: &s, Live: true}, "timeline 1040")
		if unread := path(p.HTML, "unread"); p.More != (i < 2) || (unread != "") != p.More || strings.Contains(p.HTML, "n1 down") == p.More {
			t.Fatalf("drawing %d: more is %v, unread %q", i, p.More, unread)
		}
	}
}

// What comes after a damaged part is not known, and is not drawn as if nothing had happened; what comes before is there to the last event.
func TestATimelineEndsWhereTheRecordingIsDamaged(t *testing.T) {
	b := newBook()
	b.machines(3)
	pass := func(events int) {
		for range events {
			b.at += 1000
			b.Append(event.Event{At: b.at, Kind: event.Stepped})
		}
		b.Flush(b.at)
	}
	pass(20_000)
	b.write(event.Event{Kind: event.Stopped, Node: 1, Reason: event.Killed})
	pass(20_000)
	b.write(event.Event{Kind: event.Answered, Op: 1, Outcome: 169}) // no program of ours writes it
	pass(20_000)
	b.write(event.Event{Kind: event.Stopped, Node: 2, Reason: event.Killed})
	pass(20_000)
	var file bytes.Buffer
	if err := b.Write(&file, journal.Info{Room: "amber-otter"}); err != nil {
		t.Fatal(err)
	}
	j, _, err := journal.Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	var damaged *journal.Damaged
	if _, err := j.Events(0, 100_000); !errors.As(err, &damaged) {
		t.Fatal("the recording can be read:", err)
	}
	var p Panel
	for p.More = true; p.More; {
		p = Draw(Moment{Journal: j}, "timeline 1040")
	}
	if c := chronicleOf(j); c.next != damaged.First {
		t.Errorf("it is read up to event %d, and damaged between %d and %d", c.next, damaged.First, damaged.Last)
	}
	if path(p.HTML, "unread") == "" || !strings.Contains(p.HTML, "n1 down") || strings.Contains(p.HTML, "n2 down") {
		t.Errorf("unread %q\n%s", path(p.HTML, "unread"), p.HTML)
	}
}

// Where not even what a recording begins with can be read, all of it is unread.
func TestATimelineOfADamagedBeginning(t *testing.T) {
	b := &book{Journal: journal.New(journal.Options{Epoch: 1, HistoryBytes: 40_000})}
	b.machines(2)
	b.write(event.Event{Kind: event.RoleChanged, Node: 1, Role: event.Leader + 1, Term: 2})
	for last := b.Reach().Head; b.Reach().First <= last; { // the checkpoints are left, which say so too
		b.write(event.Event{Kind: event.Suspended, Node: 2}, event.Event{Kind: event.Resumed, Node: 2})
	}
	b.write(event.Event{Kind: event.RoleChanged, Node: 1, Role: event.Follower, Term: 2})
	for range 150 {
		b.write(event.Event{Kind: event.Suspended, Node: 2}, event.Event{Kind: event.Resumed, Node: 2})
	}
	var file bytes.Buffer
	if err := b.Write(&file, journal.Info{Room: "amber-otter"}); err != nil {
		t.Fatal(err)
	}
	j, _, err := journal.Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.StateAt(j.Reach().First - 1); err == nil {
		t.Fatal("what it begins with can be read")
	}
	p := Draw(Moment{Journal: j}, "timeline 1040")
	if p.More || path(p.HTML, "unread") == "" || strings.Contains(p.HTML, "n2") {
		t.Errorf("more is %v, unread %q\n%s", p.More, path(p.HTML, "unread"), p.HTML)
	}
}

// What was dropped is not there: the timeline begins where the recording does.
func TestTheTimelineBeginsWithWhatIsKept(t *testing.T) {
	b := &book{Journal: journal.New(journal.Options{Epoch: 1, HistoryBytes: 40_000})}
	b.machines(2)
	b.write(event.Event{Kind: event.RoleChanged, Node: 1, Role: event.Leader, Term: 2})
	for b.Reach().First == 1 {
		b.pass(20_000)
		b.put(event.OK)
	}
	b.write(event.Event{Kind: event.Suspended, Node: 2})
	reach := b.Reach()
	if reach.FirstAt < 100_000 {
		t.Fatalf("the recording begins at %d", reach.FirstAt)
	}
	html := b.timeline(1000)
	tape := event.Tape{FirstAt: reach.FirstAt, HeadAt: reach.HeadAt}
	if want := fmt.Sprintf(`data-from="%d" data-span="%d"`, reach.FirstAt, tape.Span()); !strings.Contains(html, want) {
		t.Errorf("the drawing does not say %s", want)
	}
	if d := path(html, "span leader"); !strings.HasPrefix(d, "M0 ") {
		t.Errorf("the leader does not lead from the beginning on: %q", d)
	}
	want := tenths(float64(reach.HeadAt-reach.FirstAt) / float64(tape.Span()) * 1000)
	if d := path(html, "span still"); !strings.HasPrefix(d, "M"+want+" ") {
		t.Errorf("the last event is drawn at %.12q…, not at %s", d, want)
	}
}
