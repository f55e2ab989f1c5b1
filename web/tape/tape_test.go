package tape

import (
	"context"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/wasm/ui"
)

// page is what a viewer's page makes of the frames that it gets.
type page struct {
	t      *testing.T
	tape   *Tape
	state  view.State
	tapes  []event.Tape
	panels []event.Frame
	notice string
	jumps  int // checkpoints
}

// see takes what there is until nothing comes for a moment.
func (p *page) see(wait time.Duration) error {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), wait)
	defer cancel()
	for {
		sheet, err := p.tape.Next(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			return nil
		}
		if err != nil {
			return err
		}
		p.take(sheet)
	}
}

func (p *page) take(sheet Sheet) {
	p.t.Helper()
	f, err := event.DecodeFrame(sheet.Bytes)
	if err != nil {
		p.t.Fatal(err)
	}
	// Others do not come from a recorder.
	//exhaustive:ignore
	switch f.Type {
	case event.FrameTape:
		p.tapes = append(p.tapes, f.Tape)
	case event.FramePanel:
		p.panels = append(p.panels, f)
	case event.FrameNotice:
		p.notice = f.Text
	case event.FrameCheckpoint:
		p.jumps++
		p.state = view.State{}
		for _, e := range f.Events {
			p.state.Apply(e)
		}
		p.state.Seq, p.state.At, p.state.Wall = f.Seq, f.At, f.Wall
	case event.FrameEvents:
		for _, e := range f.Events {
			if e.Seq != p.state.Seq+1 {
				p.t.Fatalf("event %d follows %d", e.Seq, p.state.Seq)
			}
			p.state.Apply(e)
		}
		p.state.At = f.At
	default:
		p.t.Fatalf("a recorder sent a frame of type %d", f.Type)
	}
}

// told is what the page was told last.
func (p *page) told() event.Tape {
	p.t.Helper()
	if len(p.tapes) == 0 {
		p.t.Fatal("the page was not told where its recorder is")
	}
	return p.tapes[len(p.tapes)-1]
}

func (p *page) wind(said string) {
	p.t.Helper()
	if err := p.tape.Wind(said); err != nil {
		p.t.Fatalf("%s: %v", said, err)
	}
}

// folded is what the events up to seq add up to.
func (p *page) folded(seq uint64) {
	p.t.Helper()
	var want view.State
	events, err := p.tape.o.Journal.Events(1, int(seq))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range events {
		want.Apply(e)
	}
	got := p.state
	if got.At < want.At {
		p.t.Errorf("the page is at %d, event %d was at %d", got.At, seq, want.At)
	}
	got.At, got.Wall, want.Wall = want.At, 0, 0
	if !reflect.DeepEqual(got, want) {
		p.t.Fatalf("the page does not see what happened up to event %d\n got %+v\nwant %+v", seq, got, want)
	}
}

// TestARefusalIsAnsweredToo: the page waits until its recorder says where it is.
func TestARefusalIsAnsweredToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := watch(t, record(tale()), true)
		for want := range 3 {
			if err := p.see(time.Second); err != nil || len(p.tapes) != want+1 || p.jumps != 1 {
				t.Fatalf("%+v, %d checkpoints, %v", p.tapes, p.jumps, err)
			}
			if p.tape.Wind("next teapot") == nil {
				t.Fatal("there is a teapot")
			}
		}
	})
}

// tale is a recording of twelve events, one each 100 ms of virtual time; the fault at 5 and the one at 9, the leader at 3 and 11.
func tale() []event.Event {
	events := []event.Event{
		{Kind: event.MachineAdded, Node: 1}, {Kind: event.MachineAdded, Node: 2},
		{Kind: event.RoleChanged, Node: 1, Role: event.Leader, Term: 1},
		{Kind: event.Asked, Op: 1, Command: event.Put, Text: "put x 1"},
		{Kind: event.Suspended, Node: 1},
		{Kind: event.Fsynced, Node: 2}, {Kind: event.TimerSet, Node: 2, Until: 9},
		{Kind: event.Answered, Op: 1, Outcome: event.Unknown},
		{Kind: event.LinkSet, Node: 1, Peer: 2, Link: event.Link{Cut: true}},
		{Kind: event.LinkSet, Node: 1, Peer: 2},
		{Kind: event.RoleChanged, Node: 2, Role: event.Leader, Term: 2},
		{Kind: event.Committed, Node: 2, Index: 1},
	}
	for i := range events {
		events[i].At = event.Micros(i+1) * 100_000
	}
	events[0].At = events[1].At
	return events
}

func record(events []event.Event) *journal.Journal {
	j := journal.New(journal.Options{Epoch: 7})
	for _, e := range events {
		j.Append(e)
		j.Flush(e.At)
	}
	return j
}

// watch opens a page on a recording.
func watch(t *testing.T, j *journal.Journal, sealed bool) *page {
	if sealed {
		j.Close()
	}
	return &page{t: t, tape: New(Options{Journal: j, Studio: NewStudio(), Sealed: sealed})}
}

func TestARecordingBeginsAtRestAtItsStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := watch(t, record(tale()), true)
		if err := p.see(time.Second); err != nil {
			t.Fatal(err)
		}
		want := event.Tape{Mode: event.TapePaused, Speed: event.One, Seq: 2, At: 200_000, First: 1, FirstAt: 200_000, Head: 12, HeadAt: 1_200_000, Sealed: true}
		if len(p.tapes) != 1 || p.tapes[0] != want {
			t.Errorf("%+v", p.tapes)
		}
		p.folded(2)
	})
}

func TestWindingLeadsToPlaces(t *testing.T) {
	for _, c := range []struct {
		said []string
		seq  uint64
		at   event.Micros
	}{
		{[]string{"seq 7"}, 7, 700_000},
		{[]string{"seq 0"}, 0, 200_000},
		{[]string{"seq 99"}, 12, 1_200_000},
		{[]string{"at 650000"}, 6, 650_000},
		{[]string{"at 600000"}, 6, 600_000},
		{[]string{"at -5"}, 2, 200_000},
		{[]string{"at 99999999"}, 12, 1_200_000},
		{[]string{"part 0"}, 2, 200_000},
		{[]string{"part 0.5"}, 7, 700_000},
		{[]string{"part 1"}, 12, 1_200_000},
		{[]string{"seq 4", "step 1"}, 5, 500_000},
		{[]string{"seq 5", "step 1"}, 8, 800_000},
		{[]string{"seq 8", "step -1"}, 5, 500_000},
		{[]string{"seq 7", "step -1"}, 5, 500_000},
		{[]string{"at 550000", "step -1"}, 5, 500_000},
		{[]string{"seq 1", "next fault"}, 5, 500_000},
		{[]string{"seq 1", "next fault", "next fault"}, 9, 900_000},
		{[]string{"seq 12", "previous fault"}, 9, 900_000},
		{[]string{"seq 12", "previous fault", "previous fault"}, 5, 500_000},
		{[]string{"at 950000", "previous fault"}, 9, 900_000},
		{[]string{"seq 3", "next leader"}, 11, 1_100_000},
		{[]string{"next request"}, 4, 400_000},
		{[]string{"next answer"}, 8, 800_000},
		{[]string{"next commit"}, 12, 1_200_000},
		{[]string{"next timer-set"}, 7, 700_000},
		{[]string{"seq 6", "mark hello", "seq 1", "next mark"}, 6, 600_000},
		{[]string{"at 650000", "mark", "seq 12", "previous mark"}, 6, 650_000},
		{[]string{"live"}, 12, 1_200_000},
		{[]string{"moment seq=5&epoch=7&at=900000"}, 5, 500_000},
		{[]string{"moment seq=5&at=900000"}, 5, 500_000},
		{[]string{"moment at=650000"}, 6, 650_000},
	} {
		t.Run(strings.Join(c.said, ", "), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := watch(t, record(tale()), true)
				for _, said := range c.said {
					p.wind(said)
				}
				if err := p.see(time.Second); err != nil {
					t.Fatal(err)
				}
				if here := p.told(); here.Seq != c.seq || here.At != c.at || here.Mode != event.TapePaused {
					t.Errorf("%+v", here)
				}
				if p.state.At != c.at && c.seq != 0 {
					t.Errorf("the page is at %d", p.state.At)
				}
				if p.folded(c.seq); p.jumps != 1 {
					t.Errorf("%d checkpoints were sent for what was said at once", p.jumps)
				}
			})
		})
	}
}

// TestOneCutIsOneFault: its directions, and those of a partition, are told one by one, and gone to at once.
func TestOneCutIsOneFault(t *testing.T) {
	cut := event.Link{Cut: true}
	events := []event.Event{
		{At: 100, Kind: event.MachineAdded, Node: 1}, {At: 200, Kind: event.Asked, Op: 1, Command: event.Cut},
		{At: 200, Kind: event.LinkSet, Node: 1, Peer: 2, Link: cut}, {At: 200, Kind: event.LinkSet, Node: 2, Peer: 1, Link: cut}, {At: 200, Kind: event.LinkSet, Node: 1, Peer: 3, Link: cut},
		{At: 200, Kind: event.Asked, Op: 2, Command: event.Cut}, {At: 200, Kind: event.LinkSet, Node: 2, Peer: 3, Link: cut}, {At: 400, Kind: event.Suspended, Node: 1}, {At: 500, Kind: event.Stepped},
	}
	leads(t, events, map[string][]uint64{"next fault": {3, 7, 8}, "previous fault": {8, 7, 3}})
}

// leads has the recorder go on from a recording's beginning, or back from its end: to these places, and to no other after them.
func leads(t *testing.T, events []event.Event, all map[string][]uint64) {
	t.Helper()
	tape := New(Options{Journal: record(events), Studio: NewStudio()})
	for said, want := range all {
		from := "seq 1"
		if strings.HasPrefix(said, "previous") {
			from = "seq " + strconv.Itoa(len(events))
		}
		if err := tape.Wind(from); err != nil {
			t.Fatal(err)
		}
		for _, seq := range want {
			if err := tape.Wind(said); err != nil || tape.deck.seq != seq {
				t.Errorf("%s leads to %d, not %d: %v", said, tape.deck.seq, seq, err)
			}
		}
		if err := tape.Wind(said); err == nil {
			t.Errorf("%s leads to %d", said, tape.deck.seq)
		}
	}
}

// TestWhatPagesOfferIsLookedFor: nothing that can be chosen is refused.
func TestWhatPagesOfferIsLookedFor(t *testing.T) {
	if len(ui.Sorts) != len(sorts) {
		t.Errorf("pages offer %d sorts, the recorder knows %d", len(ui.Sorts), len(sorts))
	}
	for _, s := range ui.Sorts {
		if _, known := sorts[s.Name]; !known {
			t.Errorf("pages offer %q, which the recorder does not know", s.Name)
		}
	}
}

// TestWhatARoomSaysAgainIsNoFault: how its links and machines are, when it is opened again. What somebody does there is one, also where no
// time has passed since.
func TestWhatARoomSaysAgainIsNoFault(t *testing.T) {
	cut := event.Link{Cut: true}
	events := []event.Event{
		{At: 100, Kind: event.MachineAdded, Node: 1}, {At: 200, Kind: event.LinkSet, Node: 1, Peer: 2, Link: cut}, {At: 300, Kind: event.Woke, Took: 9},
		{At: 300, Kind: event.LinkSet, Node: 1, Peer: 2, Link: cut}, {At: 300, Kind: event.Stopped, Node: 2, Reason: event.Killed}, {At: 300, Kind: event.DiskSet, Node: 1, Took: 5},
		{At: 300, Kind: event.Stopped, Node: 3, Reason: event.RefusedToStart}, {At: 300, Kind: event.Asked, Op: 1, Command: event.Cut},
		{At: 300, Kind: event.LinkSet, Node: 2, Peer: 3, Link: cut}, {At: 400, Kind: event.Suspended, Node: 1}, {At: 500, Kind: event.Stepped},
	}
	leads(t, events, map[string][]uint64{"next fault": {2, 7, 9, 10}, "previous fault": {10, 9, 7, 2}})
}

func TestWhatCannotBeWoundIsASentence(t *testing.T) {
	for said, says := range map[string]string{
		"":                     "does not know “”",
		"rewind":               "say live, pause",
		"play fast":            "0.1 to 10",
		"play 11":              "0.1 to 10",
		"play 0.09":            "0.1 to 10",
		"play NaN":             "0.1 to 10",
		"seq x":                "not the number",
		"at noon":              "not a time",
		"part half":            "0 to 1",
		"part NaN":             "0 to 1",
		"step 2":               "say 1 or -1",
		"next teapot":          "say fault, election",
		"previous fault":       "nothing of that kind earlier",
		"next alarm":           "nothing of that kind later",
		"previous mark":        "nothing of that kind earlier",
		"unmark 3":             "no bookmark",
		"moment":               "no moment",
		"moment %zz":           "no moment",
		"moment seq=5&epoch=6": "another life",
		"moment at=x":          "not a time",
		"unmark x":             "not the number",
		"mark " + strings.Repeat("x", journal.MaxNote+1): "at most " + strconv.Itoa(journal.MaxNote),
		strings.Repeat("x", MaxWind+1):                   strconv.Itoa(MaxWind) + " bytes",
	} {
		p := watch(t, record(tale()), true)
		if err := p.tape.Wind(said); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.40q: %v", said, err)
		}
	}
}

// TestAnAddressOfWhatIsNotThere leads near it, and says that it does.
func TestAnAddressOfWhatIsNotThere(t *testing.T) {
	for said, c := range map[string]struct {
		seq  uint64
		says string
	}{
		"moment seq=5&epoch=6&at=900000":    {9, "the same time of this one"},
		"moment seq=99&epoch=7&at=5":        {12, "You see its end"},
		"moment seq=99&epoch=7":             {12, "You see its end"},
		"moment seq=99&epoch=6&at=99000000": {12, "You see its end"},
		"moment at=5":                       {2, "begins at 200 ms now"},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := watch(t, record(tale()), false)
			if err := p.tape.Wind(said); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v", said, err)
			}
			if err := p.see(time.Second); err != nil || p.told().Seq != c.seq {
				t.Errorf("%s: %+v, %v", said, p.told(), err)
			}
		})
	}
}

func TestThePastPassesByAsItWas(t *testing.T) {
	for speed, most := range map[string]time.Duration{"1": 1100 * time.Millisecond, "2": 600 * time.Millisecond, "0.5": 2100 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			p := watch(t, record(tale()), true)
			p.wind("play " + speed)
			begin := time.Now()
			for p.state.Seq < 12 {
				if err := p.see(10 * time.Millisecond); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(begin); took > most || took < most-250*time.Millisecond {
				t.Errorf("at %s the recording of one second took %v", speed, took)
			}
			if err := p.see(time.Second); err != nil {
				t.Fatal(err)
			}
			p.folded(12)
			if here := p.told(); here.Mode != event.TapePaused || here.Seq != 12 {
				t.Errorf("at its end: %+v", here)
			}
			p.wind("play") // again from the beginning
			if err := p.see(100 * time.Millisecond); err != nil || p.state.Seq > 4 {
				t.Errorf("it does not begin again: at %d, %v", p.state.Seq, err)
			}
		})
	}
}

// TestAFrozenRoomTakesNoTime: the room was frozen for an hour, and went at a tenth of real time after that.
func TestAFrozenRoomTakesNoTime(t *testing.T) {
	events := tale()
	events[5] = event.Event{At: 600_000, Kind: event.RateSet, Factor: 0}
	events[6] = event.Event{At: 600_000, Kind: event.RateSet, Factor: event.One / 10}
	synctest.Test(t, func(t *testing.T) {
		p := watch(t, record(events), true)
		p.wind("play")
		if err := p.see(500 * time.Millisecond); err != nil || p.state.Seq != 7 {
			t.Fatalf("after half a second: event %d, %v", p.state.Seq, err)
		}
		if err := p.see(1500 * time.Millisecond); err != nil || p.state.Seq != 7 {
			t.Fatalf("two seconds: event %d, %v", p.state.Seq, err)
		}
		if err := p.see(500 * time.Millisecond); err != nil || p.state.Seq != 8 {
			t.Fatalf("two seconds and a half: event %d, %v", p.state.Seq, err)
		}
	})
}

func TestALivingRoomIsLeftAndFoundAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := record(tale())
		p := watch(t, j, false)
		if err := p.see(time.Second); err != nil {
			t.Fatal(err)
		}
		if here := p.told(); here.Mode != event.TapeLive || here.Sealed || here.Head != 12 || len(p.tapes) != 1 {
			t.Errorf("at first: %+v", p.tapes)
		}
		p.wind("seq 5")
		if err := p.see(50 * time.Millisecond); err != nil {
			t.Fatal(err)
		}
		p.folded(5)
		j.Append(event.Event{At: 1_300_000, Kind: event.Resumed, Node: 1})
		j.Flush(1_300_000)
		if err := p.see(600 * time.Millisecond); err != nil {
			t.Fatal(err)
		}
		p.folded(5)
		if here := p.told(); here.Head != 13 || here.Mode != event.TapePaused {
			t.Errorf("the head went on: %+v", here)
		}
		p.wind("live")
		if err := p.see(50 * time.Millisecond); err != nil {
			t.Fatal(err)
		}
		p.folded(13)
		if here := p.told(); here.Mode != event.TapeLive {
			t.Errorf("back: %+v", here)
		}
	})
}

func TestPlayingArrivesAtWhatHappensNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := watch(t, record(tale()), false)
		p.wind("at 900000")
		p.wind("play")
		if err := p.see(time.Second); err != nil {
			t.Fatal(err)
		}
		p.folded(12)
		if here := p.told(); here.Mode != event.TapeLive {
			t.Errorf("%+v", here)
		}
	})
}

func TestARoomThatEndsEndsItsPastToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := record(tale())
		p := watch(t, j, false)
		p.wind("seq 5")
		if err := p.see(time.Second); err != nil {
			t.Fatal(err)
		}
		j.Close()
		if err := p.see(time.Second); err != journal.ErrClosed {
			t.Error(err)
		}
	})
}

// TestAHandOnTheTimelineQueuesNothing: who is told of a hundred places before it looks sees the last one only.
func TestAHandOnTheTimelineQueuesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := watch(t, record(tale()), false)
		for i := range 100 {
			p.wind("at " + strconv.Itoa(200_000+i*9_000))
		}
		if err := p.see(50 * time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if p.jumps != 1 || p.told().At != 1_091_000 {
			t.Errorf("%d checkpoints, %+v", p.jumps, p.told())
		}
	})
}

func TestPanelsFollowTheRecorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := watch(t, record(tale()), true)
		if err := p.see(time.Second); err != nil {
			t.Fatal(err)
		}
		if err := p.tape.Look("side", "teapot"); err != nil {
			t.Fatal(err)
		}
		for range 40 { // a slow reader's panels are not queued, and the same one does not come twice
			p.wind("step 1")
			p.wind("step -1")
		}
		p.wind("play")
		if err := p.see(2 * time.Second); err != nil || len(p.panels) != 1 || p.panels[0].Code != "side" {
			t.Fatalf("%+v, %v", p.panels, err)
		}
		if err := p.tape.Look("side", ""); err != nil {
			t.Fatal(err)
		}
		p.wind("seq 3")
		if err := p.see(time.Second); err != nil || len(p.panels) != 1 {
			t.Errorf("a closed panel is drawn: %+v, %v", p.panels, err)
		}
	})
}

// TestWhatIsNotKeptAnyMoreGivesTheOldest: the room goes on while somebody looks at its oldest facts.
func TestWhatIsNotKeptAnyMoreGivesTheOldest(t *testing.T) {
	j := journal.New(journal.Options{HistoryBytes: 20_000})
	tell := func(n int) {
		for range n {
			at := event.Micros(j.Stats().Seq) * 1000
			j.Append(event.Event{At: at, Kind: event.Stepped})
			j.Flush(at)
		}
	}
	tell(1000)
	first := j.Reach().First
	synctest.Test(t, func(t *testing.T) {
		p := &page{t: t, tape: New(Options{Journal: j, Studio: NewStudio()})}
		p.wind("part 0")
		p.wind("play 0.1")
		if err := p.see(50 * time.Millisecond); err != nil || p.state.Seq > first+2 {
			t.Fatalf("event %d, %v", p.state.Seq, err)
		}
		tell(3000)
		if err := p.see(200 * time.Millisecond); err != nil || p.state.Seq < j.Reach().First-1 || p.told().Mode != event.TapePlaying {
			t.Errorf("event %d of %d, %v", p.state.Seq, j.Reach().First, err)
		}
	})
}

// TestAStepAheadIsSeenHappening: what is between comes as events, in the time that it took or a little less, and nothing of what
// follows; the recorder rests all the while.
func TestAStepAheadIsSeenHappening(t *testing.T) {
	for _, c := range []struct {
		from, said string
		seq        uint64
		least      time.Duration
		most       time.Duration
	}{
		{"seq 4", "step 1", 5, 100 * time.Millisecond, 200 * time.Millisecond}, // 100 ms, in a little more time
		{"seq 5", "step 1", 8, 260 * time.Millisecond, 340 * time.Millisecond},
		{"seq 5", "next leader", 11, 360 * time.Millisecond, 440 * time.Millisecond}, // 600 ms, in less time
		{"seq 1", "step 1", 2, 0, 40 * time.Millisecond},                             // in the same moment
	} {
		synctest.Test(t, func(t *testing.T) {
			p := watch(t, record(tale()), true)
			p.wind(c.from)
			if err := p.see(time.Second); err != nil {
				t.Fatal(err)
			}
			p.jumps, p.tapes = 0, nil
			p.wind(c.said)
			begin := time.Now()
			for p.state.Seq < c.seq && time.Since(begin) < time.Second {
				if err := p.see(5 * time.Millisecond); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(begin); took < c.least || took > c.most {
				t.Errorf("%s, %s took %v", c.from, c.said, took)
			}
			if err := p.see(time.Second); err != nil {
				t.Fatal(err)
			}
			if p.folded(c.seq); p.jumps != 0 || len(p.tapes) != 1 || p.told().Mode != event.TapePaused || p.told().Seq != c.seq {
				t.Errorf("%s, %s: %d checkpoints, %+v", c.from, c.said, p.jumps, p.tapes)
			}
		})
	}
}

// TestStepsFollowOneAnother: whoever holds the key goes on from where the last step leads to.
func TestStepsFollowOneAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := watch(t, record(tale()), true)
		p.wind("seq 3")
		for _, said := range []string{"", "step 1", "step 1", "step 1", "step 1"} { // 4, 5, 8, 9
			if said != "" {
				p.wind(said)
			}
			if err := p.see(40 * time.Millisecond); err != nil {
				t.Fatal(err)
			}
		}
		if here := p.told(); here.Seq != 9 || p.jumps != 1 || p.state.Seq >= 9 {
			t.Errorf("on the way: %+v, event %d, %d checkpoints", here, p.state.Seq, p.jumps)
		}
		if err := p.see(time.Second); err != nil {
			t.Fatal(err)
		}
		p.folded(9)
		p.wind("step -1")
		if err := p.see(time.Second); err != nil || p.jumps != 2 {
			t.Errorf("a step back: %d checkpoints, %v", p.jumps, err)
		}
		p.folded(8)
	})
}

// TestAFarStepIsAJump: in time, and in what happens on the way.
func TestAFarStepIsAJump(t *testing.T) {
	far, many := tale(), record(tale()[:3])
	for i := 8; i < len(far); i++ {
		far[i].At += strideFar
	}
	for i := range strideMost {
		many.Append(event.Event{Kind: event.TimerSet, Node: 1, Until: event.Micros(i), At: 300_001})
	}
	many.Append(event.Event{Kind: event.Suspended, Node: 1, At: 300_002})
	many.Flush(300_002)
	for from, j := range map[string]*journal.Journal{"seq 8": record(far), "seq 3": many} {
		synctest.Test(t, func(t *testing.T) {
			p := watch(t, j, true)
			p.wind(from)
			if err := p.see(time.Second); err != nil {
				t.Fatal(err)
			}
			p.wind("next fault")
			if err := p.see(50 * time.Millisecond); err != nil || p.jumps != 2 {
				t.Errorf("%d checkpoints, %v", p.jumps, err)
			}
			p.folded(p.told().Seq)
		})
	}
}

// TestAStepWhileThePastPassesBy: it goes there first and on from there.
func TestAStepWhileThePastPassesBy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := watch(t, record(tale()), true)
		p.wind("seq 3")
		p.wind("play 0.1")
		if err := p.see(100 * time.Millisecond); err != nil {
			t.Fatal(err)
		}
		p.wind("next leader")
		if err := p.see(450 * time.Millisecond); err != nil || p.state.Seq != 11 || p.jumps != 1 {
			t.Fatalf("event %d, %d checkpoints, %v", p.state.Seq, p.jumps, err)
		}
		if err := p.see(1200 * time.Millisecond); err != nil || p.told().Mode != event.TapePaused {
			t.Errorf("%+v, %v", p.told(), err)
		}
		p.folded(12)
	})
}
