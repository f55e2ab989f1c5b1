package web

import (
	"strconv"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

func TestViewerWindsItsRecorder(t *testing.T) {
	h := newHouse(t, Limits{})
	conn := h.watch(0, 0)
	if here := h.receive(conn, event.FrameTape).Tape; here.Mode != event.TapeLive || here.Head == 0 || here.Sealed {
		t.Errorf("at first: %+v", here)
	}
	h.send(conn, event.Frame{Type: event.FrameWind, Text: "seq 3"})
	if here := h.receive(conn, event.FrameTape).Tape; here.Mode != event.TapePaused || here.Seq != 3 {
		t.Errorf("in the past: %+v", here)
	}
	if c := h.receive(conn, event.FrameCheckpoint); c.Seq != 3 {
		t.Errorf("the state at 3 is that at %d", c.Seq)
	}
	h.cluster.tell(event.Event{Kind: event.Stepped})
	h.send(conn, event.Frame{Type: event.FrameWind, Text: "live"})
	if here := h.receive(conn, event.FrameTape).Tape; here.Mode != event.TapeLive {
		t.Errorf("back: %+v", here)
	}
	seen := h.receive(conn, event.FrameCheckpoint).Seq // one that was made a moment ago, and what came after it
	for seen < 7 {
		f := h.receive(conn, event.FrameEvents)
		if len(f.Events) > 0 && f.Seq != seen+1 {
			t.Fatalf("event %d follows %d", f.Seq, seen)
		}
		seen += uint64(len(f.Events))
	}
}

// TestAnswersComeInThePastToo: what was asked before the page looked back is still answered.
func TestAnswersComeInThePastToo(t *testing.T) {
	h := newHouse(t, Limits{})
	conn := h.watch(0, 0)
	h.send(conn, event.Frame{Type: event.FrameWind, Text: "seq 3"})
	h.receive(conn, event.FrameCheckpoint)
	h.send(conn, event.Frame{Type: event.FrameOrder, Command: event.Command{ID: 9, Kind: event.Put, Key: "x", Value: "1"}})
	if r := h.receive(conn, event.FrameAnswer).Result; r.ID != 9 || r.Outcome != event.OK {
		t.Errorf("%+v", r)
	}
}

func TestOddWindsAreNoticesAndAnswered(t *testing.T) {
	h := newHouse(t, Limits{})
	conn := h.watch(0, 0)
	h.receive(conn, event.FrameTape)
	h.send(conn, event.Frame{Type: event.FrameWind, Text: "rewind"})
	var notice, answer bool // in any order
	for !notice || !answer {
		_, b, err := conn.ReadMessage()
		if err != nil {
			t.Fatalf("a notice came: %v, an answer: %v, then %v", notice, answer, err)
		}
		f, err := event.DecodeFrame(b)
		if err != nil {
			t.Fatal(err)
		}
		notice = notice || f.Type == event.FrameNotice && f.Code == CodeTape && strings.Contains(f.Text, "rewind")
		answer = answer || f.Type == event.FrameTape
	}
}

// TestWindsAreBounded: more than WindBurst at once are refused, in words.
func TestWindsAreBounded(t *testing.T) {
	h := newHouse(t, Limits{})
	conn := h.watch(0, 0)
	for i := range 4 * WindBurst {
		h.send(conn, event.Frame{Type: event.FrameWind, Text: "at " + strconv.Itoa(i)})
	}
	if n := h.receive(conn, event.FrameNotice); n.Code != CodeTape {
		t.Errorf("%+v", n)
	}
}
