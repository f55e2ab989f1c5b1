package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/event"
)

// fakeShell knows a few words: "say N" says N lines, "wait" runs until it is stopped, "ask" asks twice, "hold" until let.
type fakeShell struct{ hold chan struct{} }

func (s fakeShell) Run(ctx context.Context, viewer string, t *Terminal, line string) {
	n := 0
	switch {
	case line == "wait":
		<-ctx.Done()
		fmt.Fprintln(t.Out(), "stopped")
	case line == "ask":
		for _, prompt := range []string{"first?", "second?"} {
			said, err := t.Ask(ctx, prompt)
			if err != nil {
				fmt.Fprintln(t.Err(), err)
				return
			}
			fmt.Fprintf(t.Out(), "heard %q\n", said)
		}
	case line == "hold":
		<-s.hold
	case line == "who":
		fmt.Fprint(t.Out(), viewer, "\nno end of line")
	default:
		fmt.Sscanf(line, "say %d", &n)
		for i := range n {
			fmt.Fprintln(t.Out(), i)
		}
	}
}

func (fakeShell) Snapshot(_ context.Context, node string, to io.Writer) error {
	if node == "n2" {
		return errors.New("n2 is down")
	}
	_, err := io.WriteString(to, "the store of "+node)
	return err
}

// newStation is a house with a shell.
func newStation(t *testing.T) (*house, fakeShell) {
	h, s := &house{t: t, cluster: newFake(3)}, fakeShell{make(chan struct{})}
	h.server = New(Options{Cluster: h.cluster, Room: "amber-otter", Shell: s, Limits: Limits{Commands: 1000},
		Endpoints: func() []cluster.Endpoint { return []cluster.Endpoint{{Node: 1, URL: "http://127.0.0.1:4"}} }})
	listener := httptest.NewServer(h.server)
	h.url = listener.URL
	t.Cleanup(func() {
		h.server.Close()
		listener.Close()
	})
	return h, s
}

// run runs a line and gives all that it says until its end: lines as they are, what is wrong after a "! ".
func (h *house) run(conn *websocket.Conn, id uint64, line string) []string {
	h.t.Helper()
	h.send(conn, event.Frame{Type: event.FrameRun, Seq: id, Text: line})
	return h.rest(conn, id)
}

func (h *house) rest(conn *websocket.Conn, id uint64) (lines []string) {
	h.t.Helper()
	for {
		f := h.receive(conn, event.FrameOutput)
		switch {
		case f.Seq != id:
		case f.Code == event.OutputEnd:
			return lines
		case f.Code == event.OutputBad:
			lines = append(lines, "! "+f.Text)
		default:
			lines = append(lines, strings.Split(f.Text, "\n")...)
		}
	}
}

func TestALineRunsUntilItEndsOrIsStopped(t *testing.T) {
	h, _ := newStation(t)
	conn := h.watch(0, 0)
	if f := h.receive(conn, event.FrameEndpoints); f.Text != "n1 http://127.0.0.1:4" {
		t.Errorf("the endpoints are %q", f.Text)
	}
	if got := h.run(conn, 1, "say 3"); strings.Join(got, " ") != "0 1 2" {
		t.Errorf("it said %q", got)
	}
	if got := h.run(conn, 2, "who"); len(got) != 2 || got[0] == "" || got[1] != "no end of line" {
		t.Errorf("it said %q", got)
	}
	h.send(conn, event.Frame{Type: event.FrameRun, Seq: 3, Text: "wait"})
	h.send(conn, event.Frame{Type: event.FrameStop, Seq: 3})
	if got := h.rest(conn, 3); strings.Join(got, " ") != "stopped" {
		t.Errorf("stopped it said %q", got)
	}
	h.send(conn, event.Frame{Type: event.FrameRun, Seq: 4, Text: "ask"})
	for _, q := range []string{"first?", "second?"} {
		f := h.receive(conn, event.FrameOutput)
		for f.Code != event.OutputAsk {
			f = h.receive(conn, event.FrameOutput)
		}
		if f.Text != q {
			t.Errorf("asked %q, wanted %q", f.Text, q)
		}
		h.send(conn, event.Frame{Type: event.FrameInput, Seq: 4, Text: "to " + q})
	}
	if got := h.rest(conn, 4); got[len(got)-1] != `heard "to second?"` {
		t.Errorf("it said %q", got)
	}
}

func TestBoundsOfRunningLines(t *testing.T) {
	h, s := newStation(t)
	conn := h.watch(0, 0)
	if got := h.run(conn, 1, strings.Repeat("x", RunBytes+1)); len(got) != 1 || !strings.Contains(got[0], "too long") {
		t.Errorf("a long line: %q", got)
	}
	for id := range uint64(RunningLines) {
		h.send(conn, event.Frame{Type: event.FrameRun, Seq: 10 + id, Text: "hold"})
	}
	if got := h.run(conn, 30, "say 1"); len(got) != 1 || !strings.Contains(got[0], "running already") {
		t.Errorf("one line too many: %q", got)
	}
	for range InputLines {
		h.send(conn, event.Frame{Type: event.FrameInput, Seq: 10, Text: "x"})
	}
	h.send(conn, event.Frame{Type: event.FrameInput, Seq: 10, Text: "one too many"})
	if f := h.receive(conn, event.FrameOutput); f.Code != event.OutputBad || !strings.Contains(f.Text, "not taken") {
		t.Errorf("too much input: %+v", f)
	}
	close(s.hold)
	for ended := 0; ended < RunningLines; {
		if h.receive(conn, event.FrameOutput).Code == event.OutputEnd {
			ended++
		}
	}
	got := h.run(conn, 40, fmt.Sprintf("say %d", 3*OutputLines))
	if n := len(got); n < OutputLines || n > OutputLines+10 || !strings.Contains(got[n-1], "left out") {
		t.Errorf("%d lines came, the last is %q", n, got[n-1])
	}
}

func TestALineEndsWithTheRoomItRunsIn(t *testing.T) {
	h, _ := newStation(t)
	conn := h.watch(0, 0)
	h.receive(conn, event.FrameCheckpoint)
	h.send(conn, event.Frame{Type: event.FrameRun, Seq: 1, Text: "ask"})
	h.receive(conn, event.FrameOutput)
	h.cluster.Close()
	h.cluster.stage(8, 3)
	if got := h.rest(conn, 1); len(got) == 0 || !strings.Contains(got[0], "prepared anew") {
		t.Errorf("it said %q", got)
	}
}

func TestSnapshotAsAFile(t *testing.T) {
	h, _ := newStation(t)
	r, err := http.Get(h.url + "/snapshot?node=n1&name=../x%22y.db")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || string(body) != "the store of n1" || r.Header.Get("Content-Disposition") != "attachment; filename=-x-y.db" {
		t.Errorf("%s %q %v", body, r.Header.Get("Content-Disposition"), err)
	}
	for path, want := range map[string]int{"/snapshot?node=n9": http.StatusNotFound, "/snapshot?node=x": http.StatusBadRequest,
		"/snapshot?node=n2": http.StatusServiceUnavailable, "/snapshot?nod=n1": http.StatusBadRequest} {
		h.get(path, want)
	}
}
