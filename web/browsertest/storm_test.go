package browsertest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// A storm is what no room of nine makes, so that the page's reserve can be measured: so many events a second
// and packets in flight at a time.
const (
	stormEvents  = 2000 // a second
	stormFlying  = 200  // at any time
	stormFrames  = 60   // websocket messages a second
	stormFlight  = event.Micros(stormFlying) * 1_000_000 / (stormEvents / 3)
	stormNodes   = 9
	stormPerBeat = stormEvents / stormFrames
)

// storm stands between the page and the program. It lets everything through but the facts: after the
// checkpoint of a real room come its own.
type storm struct {
	base string
	at   event.Micros
	wall event.Micros
	seq  uint64
	msg  uint64
	idx  uint64
	term uint64
	due  []event.Event // what flies, in the order of its arrival
	real bool          // the room has been set to real time
	calm uint64        // where every machine's log ends before the storm; if it is not 0, nothing comes after that
}

// newStorm raises one in front of the program.
func newStorm(t testing.TB, p *program) *storm {
	t.Helper()
	target, err := url.Parse(p.base)
	if err != nil {
		t.Fatal(err)
	}
	s := &storm{msg: 1 << 40}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/ws") {
			s.blow(t, w, r, "ws://"+target.Host+r.URL.Path)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	s.base = front.URL
	return s
}

// blow serves the page's websocket until the page goes.
func (s *storm) blow(t testing.TB, w http.ResponseWriter, r *http.Request, room string) {
	up := websocket.Upgrader{}
	page, err := up.Upgrade(w, r, nil)
	if err != nil {
		t.Errorf("the page's websocket: %v", err)
		return
	}
	defer page.Close()
	if err := s.greet(r.Context(), page, room); err != nil {
		t.Errorf("the room's websocket: %v", err)
		return
	}
	go func() { // what the page says goes nowhere
		for {
			if _, _, err := page.ReadMessage(); err != nil {
				return
			}
		}
	}()
	beat := time.NewTicker(time.Second / stormFrames)
	defer beat.Stop()
	for range beat.C {
		f := s.frame()
		if s.calm > 0 && len(f.Events) == 0 {
			continue
		}
		if page.WriteMessage(websocket.BinaryMessage, event.AppendFrame(nil, &f)) != nil {
			return
		}
	}
}

// greet passes the real room's greeting on, up to its checkpoint.
func (s *storm) greet(ctx context.Context, page *websocket.Conn, room string) error {
	far, _, err := websocket.DefaultDialer.DialContext(ctx, room, nil)
	if err != nil {
		return err
	}
	defer far.Close()
	kind, hello, err := page.ReadMessage()
	if err != nil {
		return err
	}
	if err := far.WriteMessage(kind, hello); err != nil {
		return err
	}
	for {
		kind, message, err := far.ReadMessage()
		if err != nil {
			return err
		}
		f, err := event.DecodeFrame(message)
		if err != nil {
			return err
		}
		if err := page.WriteMessage(kind, message); err != nil {
			return err
		}
		if f.Type == event.FrameCheckpoint {
			s.start(f)
			return nil
		}
	}
}

// start goes on where the checkpoint ends.
func (s *storm) start(f event.Frame) {
	s.at, s.wall, s.seq, s.due, s.real = f.At, f.Wall, f.Seq, nil, false
	for _, e := range f.Events {
		if e.Kind == event.Appended {
			s.idx, s.term = max(s.idx, e.Index), max(s.term, e.Term)
		}
	}
}

// frame is what happens in one beat: two of three events are a message that sets out and one that arrives, the
// rest is the work of the log.
func (s *storm) frame() event.Frame {
	const beat = event.Micros(1_000_000 / stormFrames)
	f := event.Frame{Type: event.FrameEvents, Seq: s.seq + 1}
	if s.calm > 0 {
		f.Events = s.grown()
	} else {
		for i := range stormPerBeat {
			f.Events = append(f.Events, s.happen(i))
		}
	}
	for i := range f.Events {
		s.at, s.wall, s.seq = s.at+beat/event.Micros(len(f.Events)), s.wall+beat/event.Micros(len(f.Events)), s.seq+1
		f.Events[i].Seq, f.Events[i].At, f.Events[i].Wall = s.seq, s.at, s.wall
	}
	f.At, f.Wall = s.at, s.wall
	return f
}

// grown are the next entries of a log that becomes long, on every machine; none when it is so long.
func (s *storm) grown() (all []event.Event) {
	const aFrame, machines, aTerm = 400, 5, 7
	for range aFrame {
		if s.idx >= s.calm {
			break
		}
		s.idx++
		for n := range event.NodeID(machines) {
			all = append(all, event.Event{Kind: event.Appended, Node: n + 1, Index: s.idx, Term: s.term + s.idx/aTerm, Entry: event.EntryCommand,
				Text: "k" + strconv.FormatUint(s.idx%9, 10) + "=" + strconv.FormatUint(s.idx, 10), N: 64})
		}
	}
	return all
}

func (s *storm) happen(i int) event.Event {
	switch {
	case !s.real:
		s.real = true
		return event.Event{Kind: event.RateSet, Factor: event.One, Took: stormFlight}
	case i%3 == 0:
		return s.sent()
	case i%3 == 1 && len(s.due) > 0 && s.due[0].Until <= s.at:
		e := s.due[0]
		s.due = s.due[1:]
		return event.Event{Kind: event.Delivered, Msg: e.Msg, Node: e.Node, Peer: e.Peer}
	case i%6 == 2:
		s.idx++
		return event.Event{Kind: event.Appended, Node: 1, Index: s.idx, Term: s.term, Entry: event.EntryCommand, Text: "put k" + strconv.FormatUint(s.idx%9, 10), N: 64}
	default:
		return event.Event{Kind: event.Committed, Node: 1, Index: s.idx}
	}
}

// sent is the next message; each node sends to each other in turn.
func (s *storm) sent() event.Event {
	s.msg++
	from := s.msg % stormNodes
	to := (from + 1 + s.msg/stormNodes%(stormNodes-1)) % stormNodes
	e := event.Event{Kind: event.Sent, Msg: s.msg, Type: event.AppendEntries, Node: event.NodeID(from + 1), Peer: event.NodeID(to + 1),
		Term: s.term, Until: s.at + stormFlight, Reply: s.msg%2 == 0, OK: true}
	if !e.Reply {
		e.N, e.From, e.Index, e.Text = 1, event.Micros(s.term), s.idx, "put k"
	}
	s.due = append(s.due, e)
	return e
}
