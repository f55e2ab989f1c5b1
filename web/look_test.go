package web

import (
	"strings"
	"testing"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/web/desk"
)

func TestViewerSeesWhatItLooksAt(t *testing.T) {
	h := newHouse(t, Limits{})
	conn := h.watch(0, 0)
	h.send(conn, event.Frame{Type: event.FrameLook, Code: "side", Text: "teapot <b>"})
	p := h.receive(conn, event.FramePanel)
	if p.Code != "side" || !strings.Contains(p.Text, "teapot") || strings.Contains(p.Text, "<b>") {
		t.Errorf("%+v", p)
	}
}

func TestOddLooksAreNotices(t *testing.T) {
	h := newHouse(t, Limits{})
	conn := h.watch(0, 0)
	for place, what := range map[string]string{"ceiling": "node n1", "side": strings.Repeat("x", desk.MaxWords+1)} {
		h.send(conn, event.Frame{Type: event.FrameLook, Code: place, Text: what})
		if n := h.receive(conn, event.FrameNotice); n.Code != CodeTape || !strings.Contains(n.Text, " ") {
			t.Errorf("%s: %+v", place, n)
		}
	}
}

// TestLooksGoOverToTheNextJournal: a room that is prepared anew shows the same panels of its new life.
func TestLooksGoOverToTheNextJournal(t *testing.T) {
	h := newHouse(t, Limits{})
	conn := h.watch(0, 0)
	h.send(conn, event.Frame{Type: event.FrameLook, Code: "dialog", Text: "teapot"})
	h.receive(conn, event.FramePanel)
	old := h.cluster.Journal()
	h.cluster.stage(8, 3)
	old.Close()
	if w := h.receive(conn, event.FrameWelcome); w.Epoch == old.Epoch() {
		w = h.receive(conn, event.FrameWelcome)
	}
	if p := h.receive(conn, event.FramePanel); p.Code != "dialog" {
		t.Errorf("%+v", p)
	}
}

// TestPanelsThatDoNotDifferAreSentOnce: facts go on, the panel does not change.
func TestPanelsThatDoNotDifferAreSentOnce(t *testing.T) {
	h := newHouse(t, Limits{})
	conn := h.watch(0, 0)
	h.send(conn, event.Frame{Type: event.FrameLook, Code: "side", Text: "teapot"})
	h.receive(conn, event.FramePanel)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 12 {
		<-tick.C
		h.cluster.tell(event.Event{Kind: event.Stepped})
	}
	h.send(conn, event.Frame{Type: event.FrameLook, Code: "side", Text: "kettle"})
	if p := h.receive(conn, event.FramePanel); !strings.Contains(p.Text, "kettle") {
		t.Errorf("the same panel came again: %+v", p)
	}
}
