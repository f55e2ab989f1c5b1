package conductor

import (
	"slices"
	"sync"
	"testing"

	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/world"
)

// ways are how requests reached the engine of a machine: through its own loop, or beside it.
type ways struct {
	mu   sync.Mutex
	went []string
}

func (w *ways) Fence()     {}
func (w *ways) End() error { return nil }

func (w *ways) take(way string, rpc raft.RPC) {
	w.mu.Lock()
	w.went = append(w.went, way)
	w.mu.Unlock()
	rpc.Respond(&raft.AppendEntriesResponse{Term: rpc.Command.(*raft.AppendEntriesRequest).Term, Success: true}, nil)
}

// engine puts into a machine's place one whose software takes requests as raft does.
func (l *lab) engine(id event.NodeID) *ways {
	l.Helper()
	if err := l.Stop(id, event.Killed, ""); err != nil {
		l.Fatal(err)
	}
	w := &ways{}
	err := l.Start(id, func(_ *world.World, p *Port) (Life, error) {
		p.SetHeartbeatHandler(func(rpc raft.RPC) { w.take("beside", rpc) })
		go func() {
			for {
				select {
				case rpc := <-p.Consumer():
					w.take("loop", rpc)
				case <-p.Dead():
					return
				}
			}
		}()
		return w, nil
	})
	if err != nil {
		l.Fatal(err)
	}
	return w
}

// beat has a machine send a heartbeat, or an append with an entry, and waits for its answer.
func (l *lab) beat(from, to event.NodeID, term uint64, entries int) {
	l.Helper()
	q := &raft.AppendEntriesRequest{RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, Addr: []byte(Address(from))}, Term: term}
	for range entries {
		q.Entries, q.PrevLogEntry = append(q.Entries, &raft.Log{}), 7
	}
	answered, p := make(chan error, 1), l.echoes[from].port
	l.Post(from, func() {
		go func() {
			var a raft.AppendEntriesResponse
			answered <- p.AppendEntries("", Address(to), q, &a)
		}()
	}, func() { answered <- ErrDown })
	l.Advance(2 * NearDelay)
	l.Advance(2 * NearDelay)
	select {
	case err := <-answered:
		if err != nil {
			l.Fatal(err)
		}
	default:
		l.Fatal("no answer yet")
	}
}

// TestFirstHeartbeatOfATermGoesThroughTheEnginesLoop: beside it the engine would change role and term while its loop, which led until
// then, still takes a proposal. Whom it follows already is heard beside it, not behind a slow disk.
func TestFirstHeartbeatOfATermGoesThroughTheEnginesLoop(t *testing.T) {
	l := newLab(t, 2)
	w := l.engine(2)
	for _, c := range []struct {
		term    uint64
		entries int
		way     string
	}{{3, 0, "loop"}, {3, 0, "beside"}, {3, 1, "loop"}, {3, 0, "beside"}, {4, 0, "loop"}, {4, 0, "beside"}, {6, 1, "loop"}, {6, 0, "beside"}, {7, 0, "loop"}} {
		w.mu.Lock()
		w.went = nil
		w.mu.Unlock()
		l.beat(1, 2, c.term, c.entries)
		w.mu.Lock()
		if !slices.Equal(w.went, []string{c.way}) {
			t.Errorf("term %d, %d entries: it went %q, not by the %s", c.term, c.entries, w.went, c.way)
		}
		w.mu.Unlock()
	}
}
