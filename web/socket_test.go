package web

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
)

func TestViewerIsWelcomedAndGetsACheckpointThenLiveFacts(t *testing.T) {
	h := newHouse(t, Limits{Commands: 9})
	conn := h.watch(0, 0)
	welcome := h.receive(conn, event.FrameWelcome)
	if welcome.Room != "amber-otter" || welcome.Epoch != 7 || welcome.Limits.Commands != 9 || welcome.Viewers != 1 {
		t.Errorf("welcome: %+v", welcome)
	}
	checkpoint := h.receive(conn, event.FrameCheckpoint)
	var st view.State
	for _, e := range checkpoint.Events {
		st.Apply(e)
	}
	if len(st.Nodes) != 3 || checkpoint.Seq != 6 {
		t.Errorf("the checkpoint stands for %d and folds to %d nodes", checkpoint.Seq, len(st.Nodes))
	}
	h.cluster.tell(event.Event{Kind: event.Suspended, Node: 2})
	for {
		if f := h.receive(conn, event.FrameEvents); len(f.Events) > 0 {
			if f.Seq != 7 || f.Events[0].Kind != event.Suspended {
				t.Errorf("live frame: %+v", f)
			}
			return
		}
	}
}

func TestViewerWhoComesBackGetsExactlyWhatItMissed(t *testing.T) {
	h := newHouse(t, Limits{})
	h.cluster.tell(event.Event{Kind: event.Suspended, Node: 2})
	h.cluster.tell(event.Event{Kind: event.Resumed, Node: 2})
	conn := h.watch(7, 6)
	var got []event.Event
	for len(got) < 2 {
		got = append(got, h.receive(conn, event.FrameEvents).Events...)
	}
	if got[0].Seq != 7 || got[0].Kind != event.Suspended || got[1].Seq != 8 || got[1].Kind != event.Resumed {
		t.Errorf("missed facts: %+v", got)
	}
}

func TestOrderIsAnsweredWithItsID(t *testing.T) {
	h := newHouse(t, Limits{})
	conn := h.watch(0, 0)
	h.send(conn, event.Frame{Type: event.FrameOrder, Command: event.Command{ID: 77, Kind: event.Put, Key: "x", Value: "1"}})
	if r := h.receive(conn, event.FrameAnswer).Result; r.ID != 77 || r.Outcome != event.OK || r.Revision != 2 {
		t.Errorf("answer: %+v", r)
	}
}

func TestBadFramesGetANoticeAndACloseCode(t *testing.T) {
	hello := event.AppendFrame(nil, &event.Frame{Type: event.FrameHello, Version: event.WireVersion})
	order := event.AppendFrame(nil, &event.Frame{Type: event.FrameOrder, Command: event.Command{Kind: event.Freeze}})
	foreign := event.AppendFrame(nil, &event.Frame{Type: event.FrameHello, Version: event.WireVersion + 1})
	welcome := event.AppendFrame(nil, &event.Frame{Type: event.FrameWelcome})
	for name, c := range map[string]struct {
		kind   int
		frames [][]byte
		close  int
		code   string
	}{
		"an order before the hello": {websocket.BinaryMessage, [][]byte{order}, websocket.CloseProtocolError, "bad-frame"},
		"a second hello":            {websocket.BinaryMessage, [][]byte{hello, hello}, websocket.CloseProtocolError, "bad-frame"},
		"a server's frame":          {websocket.BinaryMessage, [][]byte{hello, welcome}, websocket.CloseProtocolError, "bad-frame"},
		"an unknown type":           {websocket.BinaryMessage, [][]byte{hello, {200, 1, 2}}, websocket.CloseProtocolError, "bad-frame"},
		"a truncated frame":         {websocket.BinaryMessage, [][]byte{hello, order[:len(order)-1]}, websocket.CloseProtocolError, "bad-frame"},
		"an empty frame":            {websocket.BinaryMessage, [][]byte{{}}, websocket.CloseProtocolError, "bad-frame"},
		"text":                      {websocket.TextMessage, [][]byte{[]byte("hello")}, websocket.CloseUnsupportedData, "bad-frame"},
		"another version":           {websocket.BinaryMessage, [][]byte{foreign}, CloseVersion, "version"},
		"a frame of 5 MiB":          {websocket.BinaryMessage, [][]byte{hello, bytes.Repeat([]byte{2}, 5<<20)}, websocket.CloseMessageTooBig, CodeTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, Limits{})
			conn := h.dial()
			for _, f := range c.frames {
				conn.WriteMessage(c.kind, f)
			}
			notice, code := h.parting(conn)
			if code != c.close || notice.Code != c.code || notice.Text == "" {
				t.Errorf("closed with %d, notice %q: %s", code, notice.Code, notice.Text)
			}
		})
	}
}

func TestOrderThatCannotBeIsAnsweredFailed(t *testing.T) {
	h := newHouse(t, Limits{ValueBytes: 1000})
	conn := h.watch(0, 0)
	for name, c := range map[string]struct {
		command event.Command
		says    string
	}{
		"unknown kind":    {event.Command{Kind: 200}, "needs a kind"},
		"unknown node":    {event.Command{Kind: event.Kill, Node: 8}, "n8 is not in this room"},
		"2 MiB value":     {event.Command{Kind: event.Put, Key: "x", Value: strings.Repeat("v", 2<<20)}, "takes 1000"},
		"missing key":     {event.Command{Kind: event.Put}, "key"},
		"endless timeout": {event.Command{Kind: event.Put, Key: "x", Timeout: math.MaxInt64}, "milliseconds"},
	} {
		c.command.ID = 5
		h.send(conn, event.Frame{Type: event.FrameOrder, Command: c.command})
		if r := h.receive(conn, event.FrameAnswer).Result; r.ID != 5 || r.Outcome != event.Failed || !strings.Contains(r.Error, c.says) || strings.HasPrefix(r.Error, "/") {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if n := h.cluster.requests(); n != 0 {
		t.Errorf("the room was asked %d times", n)
	}
}

func TestFloodOfOrdersIsLimitedPerViewer(t *testing.T) {
	const flood = 10_000
	h := newHouse(t, Limits{Commands: 100})
	conn := h.watch(0, 0)
	began, counts := time.Now(), map[event.Outcome]int{}
	go func() {
		put := event.AppendFrame(nil, &event.Frame{Type: event.FrameOrder, Command: event.Command{ID: 1, Kind: event.Put, Key: "x", Value: "1"}})
		for range flood {
			if conn.WriteMessage(websocket.BinaryMessage, put) != nil {
				return
			}
		}
	}()
	for range flood {
		counts[h.receive(conn, event.FrameAnswer).Result.Outcome]++
	}
	// A full bucket of 100 and 100 a second after it.
	most := 100 + int(100*time.Since(began).Seconds()) + 1
	if counts[event.OK] < 100 || counts[event.OK] > most || counts[event.OK]+counts[event.Failed] != flood {
		t.Errorf("of %d puts in %v: %v, at most %d may pass", flood, time.Since(began), counts, most)
	}
	if n := h.cluster.requests(); n != counts[event.OK] {
		t.Errorf("the room was asked %d times for %d answers", n, counts[event.OK])
	}
}

func TestPendingOrdersOfAViewerAreBounded(t *testing.T) {
	h := newHouse(t, Limits{Commands: 10 * PendingOrders})
	h.cluster.freeze()
	conn := h.watch(0, 0)
	for i := range PendingOrders + 1 {
		h.send(conn, event.Frame{Type: event.FrameOrder, Command: event.Command{ID: uint64(i + 1), Kind: event.Put, Key: "x"}})
	}
	r := h.receive(conn, event.FrameAnswer).Result
	if r.ID != PendingOrders+1 || r.Outcome != event.Failed || !strings.Contains(r.Error, "frozen") {
		t.Fatalf("the first answer is %+v", r)
	}
	h.cluster.thaw()
	for range PendingOrders {
		if r := h.receive(conn, event.FrameAnswer).Result; r.Outcome != event.OK {
			t.Fatalf("after the thaw: %+v", r)
		}
	}
}

func TestViewerWhoNeverReadsIsDisconnected(t *testing.T) {
	h := newHouse(t, Limits{})
	conn := h.watch(0, 0)
	await(t, func() bool { return h.server.audience.size() == 1 })
	// It never reads from here on, so the sockets' buffers fill; the room goes on beyond what a viewer may be behind.
	text := strings.Repeat("x", journal.MaxText)
	for deadline := time.Now().Add(60 * time.Second); h.server.audience.size() > 0; {
		if time.Now().After(deadline) {
			t.Fatal("it is still there after a minute")
		}
		for range 50 {
			h.cluster.tell(event.Event{Kind: event.Asked, Command: event.Put, Text: text}, event.Event{Kind: event.Asked, Command: event.Put, Text: text})
		}
	}
	if h.metric("quorumlab_viewers_slow_total") != "1" {
		t.Error("it is not counted as slow")
	}
	conn.Close()
}

func TestRoomThatIsFullSaysSo(t *testing.T) {
	h := newHouse(t, Limits{Viewers: 2})
	h.receive(h.watch(0, 0), event.FrameWelcome)
	h.receive(h.watch(0, 0), event.FrameWelcome)
	notice, code := h.parting(h.watch(0, 0))
	if code != websocket.CloseTryAgainLater || notice.Code != CodeLimit {
		t.Errorf("the third viewer: %d %+v", code, notice)
	}
}

func TestViewersAreToldHowManyTheyAre(t *testing.T) {
	h := newHouse(t, Limits{})
	first := h.watch(0, 0)
	h.receive(first, event.FrameWelcome)
	second := h.watch(0, 0)
	if f := h.receive(first, event.FrameAudience); f.Viewers != 2 {
		t.Errorf("with two: %d", f.Viewers)
	}
	second.Close()
	if f := h.receive(first, event.FrameAudience); f.Viewers != 1 {
		t.Errorf("with one: %d", f.Viewers)
	}
}

func TestClosingRoomSaysGoodbyeAndLeavesNobodyWaiting(t *testing.T) {
	h := newHouse(t, Limits{})
	h.cluster.freeze()
	conn := h.watch(0, 0)
	h.receive(conn, event.FrameWelcome)
	h.send(conn, event.Frame{Type: event.FrameOrder, Command: event.Command{ID: 1, Kind: event.Put, Key: "x"}})
	await(t, func() bool { return h.cluster.requests() == 1 })
	closed := make(chan struct{})
	go func() { h.server.Close(); close(closed) }()
	notice, code := h.parting(conn)
	if code != websocket.CloseServiceRestart || notice.Code != CodeClosing {
		t.Errorf("closed with %d, %+v", code, notice)
	}
	<-closed
}

func TestForeignOriginIsRefused(t *testing.T) {
	h := newHouse(t, Limits{})
	_, response, err := websocket.DefaultDialer.Dial(strings.Replace(h.url, "http", "ws", 1)+"/ws", http.Header{"Origin": {"https://evil.example"}})
	if err == nil || response.StatusCode != http.StatusForbidden {
		t.Errorf("a foreign page opened the websocket: %v", err)
	}
}

func TestLargeAudienceGetsMergedFrames(t *testing.T) {
	cluster := newFake(3)
	facts := cluster.journal.Subscribe(6, 7)
	var run []*journal.Frame
	for i := range 5 {
		cluster.tell(event.Event{Kind: event.Suspended, Node: 1, N: int64(i)}, event.Event{Kind: event.Resumed, Node: 1})
		f, err := facts.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		run = append(run, f)
	}
	b, err := merge(run)
	if err != nil {
		t.Fatal(err)
	}
	f, err := event.DecodeFrame(b)
	if err != nil || len(f.Events) != 10 || f.Seq != 7 || f.Events[9].Seq != 16 || f.At != cluster.now {
		t.Errorf("merged: %d events from %d at %d, %v", len(f.Events), f.Seq, f.At, err)
	}
	a := newAudience(10)
	if a.pause(time.Now()) != 0 {
		t.Error("a small audience waits")
	}
	a.streams = LargeAudience + 1
	if p := a.pause(time.Now()); p <= 0 || p > pictureLarge {
		t.Errorf("a large audience waits %v", p)
	}
	first, _ := a.message(run)
	again, _ := a.message(run)
	if first == nil || first != again {
		t.Error("two viewers do not share a message")
	}
}

func TestSharedMessagesAreBounded(t *testing.T) {
	cluster := newFake(1)
	facts := cluster.journal.Subscribe(2, 7)
	a := newAudience(10)
	for range 3 * sharedMessages {
		cluster.tell(event.Event{Kind: event.Stepped})
		f, err := facts.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.message([]*journal.Frame{f}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(a.shared); n != sharedMessages {
		t.Errorf("%d messages are kept", n)
	}
}

// await waits for a condition that another goroutine brings about.
func await(t testing.TB, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it did not happen within 20 s")
		}
	}
}

// metric reads one number from /metrics.
func (h *house) metric(name string) string {
	h.t.Helper()
	for line := range strings.SplitSeq(h.get("/metrics", http.StatusOK), "\n") {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return value
		}
	}
	return fmt.Sprintf("no %s", name)
}
