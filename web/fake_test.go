package web

import (
	"context"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// fakeCluster is a room without Raft: it records facts that a test gives it and answers every command ok, or not
// before its time has come when it is frozen.
type fakeCluster struct {
	mu      sync.Mutex
	journal *journal.Journal
	frozen  chan struct{} // nil: not frozen; closed by thaw
	asked   []event.Command
	now     event.Micros
}

func newFake(nodes int) *fakeCluster {
	f := &fakeCluster{}
	f.stage(7, nodes)
	return f
}

// stage begins another journal with a ring of its own, as a room does that is prepared anew.
func (f *fakeCluster) stage(epoch uint64, nodes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.journal = journal.New(journal.Options{Epoch: epoch})
	for i := range nodes {
		f.note(event.Event{Kind: event.MachineAdded, Node: event.NodeID(i + 1)}, event.Event{Kind: event.Started, Node: event.NodeID(i + 1)})
	}
}

// tell records facts in one frame.
func (f *fakeCluster) tell(events ...event.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.note(events...)
}

func (f *fakeCluster) note(events ...event.Event) {
	f.now += 1000
	for _, e := range events {
		e.At = f.now
		f.journal.Append(e)
	}
	f.journal.Flush(f.now)
}

func (f *fakeCluster) Do(ctx context.Context, c event.Command) event.Result {
	f.mu.Lock()
	f.asked = append(f.asked, c)
	op, frozen := uint64(len(f.asked)), f.frozen
	f.mu.Unlock()
	if frozen != nil {
		select {
		case <-frozen:
		case <-ctx.Done():
			return event.Result{Op: op, Kind: c.Kind, Node: c.Node, Outcome: event.Unknown}
		}
	}
	f.tell(event.Event{Kind: event.Asked, Op: op, Command: c.Kind, Node: c.Node, Key: c.Key, Text: cluster.Words(c)},
		event.Event{Kind: event.Answered, Op: op, Command: c.Kind, Node: c.Node, Outcome: event.OK})
	return event.Result{Op: op, Kind: c.Kind, Node: c.Node, Outcome: event.OK, Revision: int64(op) + 1}
}

func (f *fakeCluster) freeze() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.frozen = make(chan struct{})
}

func (f *fakeCluster) thaw() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.frozen)
	f.frozen = nil
}

func (f *fakeCluster) requests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.asked)
}

func (f *fakeCluster) Journal() *journal.Journal {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.journal
}

func (f *fakeCluster) State() view.State { return f.Journal().State() }
func (f *fakeCluster) Close() error      { f.Journal().Close(); return nil }

// house is a fake room behind a real HTTP server.
type house struct {
	t       testing.TB
	cluster *fakeCluster
	server  *Server
	url     string
}

func newHouse(t testing.TB, limits Limits) *house {
	t.Helper()
	return newSchool(t, limits, nil)
}

// newSchool is a house with a lesson in it.
func newSchool(t testing.TB, limits Limits, class Class) *house {
	t.Helper()
	h := &house{t: t, cluster: newFake(3)}
	h.server = New(Options{Cluster: h.cluster, Room: "amber-otter", Limits: limits, Class: class})
	listener := httptest.NewServer(Guard(h.server))
	h.url = listener.URL
	t.Cleanup(func() {
		h.server.Close()
		listener.Close()
	})
	return h
}

// dial opens a websocket without saying hello.
func (h *house) dial() *websocket.Conn {
	h.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(strings.Replace(h.url, "http", "ws", 1)+"/ws", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	h.t.Cleanup(func() { conn.Close() })
	return conn
}

// watch opens a websocket and says hello as someone who has seen everything up to seq.
func (h *house) watch(epoch, seq uint64) *websocket.Conn {
	h.t.Helper()
	conn := h.dial()
	h.send(conn, event.Frame{Type: event.FrameHello, Version: event.WireVersion, Epoch: epoch, Seq: seq})
	return conn
}

func (h *house) send(conn *websocket.Conn, f event.Frame) {
	h.t.Helper()
	if err := conn.WriteMessage(websocket.BinaryMessage, event.AppendFrame(nil, &f)); err != nil {
		h.t.Fatal(err)
	}
}

// receive reads frames until one of the type comes.
func (h *house) receive(conn *websocket.Conn, want event.FrameType) event.Frame {
	h.t.Helper()
	for {
		_, b, err := conn.ReadMessage()
		if err != nil {
			h.t.Fatalf("waiting for a frame of type %d: %v", want, err)
		}
		f, err := event.DecodeFrame(b)
		if err != nil {
			h.t.Fatal(err)
		}
		if f.Type == want {
			return f
		}
	}
}

// parting reads until the server closes and returns the last notice and the close code.
func (h *house) parting(conn *websocket.Conn) (notice event.Frame, code int) {
	h.t.Helper()
	for {
		_, b, err := conn.ReadMessage()
		if closed, ok := err.(*websocket.CloseError); ok {
			return notice, closed.Code
		}
		if err != nil {
			h.t.Fatalf("the connection ended without a close frame: %v", err)
		}
		if f, err := event.DecodeFrame(b); err == nil && f.Type == event.FrameNotice {
			notice = f
		}
	}
}
