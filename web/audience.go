package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
)

// audience is everybody who watches: it counts them, sets their pace, and shares among them what is the same for
// all, the frames as websocket messages.
type audience struct {
	most int

	mu      sync.Mutex
	viewers map[*viewer]context.CancelFunc // interrupts the viewer's wait for the next frame
	streams int                            // readers of GET /events
	telling bool                           // a word about the number of viewers is under way

	sharedMu sync.Mutex
	shared   map[span]*websocket.PreparedMessage
	recent   [sharedMessages]span // the spans in shared, the oldest at next
	next     int
}

// span is a run of the journal's frames: one, or several that were merged.
type span struct{ first, last *journal.Frame }

// tellAfter gathers people who come together before the others are told how many they are.
const tellAfter = 100 * time.Millisecond

func newAudience(most int) *audience {
	return &audience{most: most, viewers: map[*viewer]context.CancelFunc{}, shared: map[span]*websocket.PreparedMessage{}}
}

func (a *audience) size() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.viewers) + a.streams
}

// full refuses one more. It needs mu.
func (a *audience) full() *Fault {
	if n := len(a.viewers) + a.streams; n >= a.most {
		return &Fault{http.StatusServiceUnavailable, CodeLimit, fmt.Sprintf("%d people watch this room already and that is all it takes; come back later.", n), ""}
	}
	return nil
}

// join adds a viewer.
func (a *audience) join(v *viewer) *Fault {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f := a.full(); f != nil {
		return f
	}
	a.viewers[v] = func() {}
	a.tell()
	return nil
}

func (a *audience) leave(v *viewer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.viewers[v]()
	delete(a.viewers, v)
	a.tell()
}

// attend counts a stream until the returned function is called.
func (a *audience) attend() (leave func(), f *Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f := a.full(); f != nil {
		return nil, f
	}
	a.streams++
	a.tell()
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.streams--
		a.tell()
	}, nil
}

// interrupted is a context for the viewer's next waits; it ends when there is something else to tell.
func (a *audience) interrupted(v *viewer) context.Context {
	ctx, cancel := context.WithCancel(v.ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.viewers[v] = cancel
	return ctx
}

// tell has all viewers look at the number of viewers, soon. It needs mu.
func (a *audience) tell() {
	if a.telling {
		return
	}
	a.telling = true
	time.AfterFunc(tellAfter, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.telling = false
		a.interrupt()
	})
}

// rouse has all viewers look at what is new beside the facts, now.
func (a *audience) rouse() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.interrupt()
}

// interrupt needs mu.
func (a *audience) interrupt() {
	for _, interrupt := range a.viewers {
		interrupt()
	}
}

// pause is how long a viewer waits before its next picture, so that in a large audience all look at the same
// moments and share what they get. In a small one the journal sets the pace.
func (a *audience) pause(now time.Time) time.Duration {
	if a.size() <= LargeAudience {
		return 0
	}
	return now.Truncate(pictureLarge).Add(pictureLarge).Sub(now)
}

// message makes one websocket message of a run of frames, once for all viewers.
func (a *audience) message(run []*journal.Frame) (*websocket.PreparedMessage, error) {
	key := span{run[0], run[len(run)-1]}
	a.sharedMu.Lock()
	defer a.sharedMu.Unlock()
	if m := a.shared[key]; m != nil {
		return m, nil
	}
	b := run[0].Bytes
	if len(run) > 1 {
		var err error
		if b, err = merge(run); err != nil {
			return nil, err
		}
	}
	m, err := websocket.NewPreparedMessage(websocket.BinaryMessage, b)
	if err != nil {
		return nil, err
	}
	delete(a.shared, a.recent[a.next])
	a.shared[key], a.recent[a.next] = m, key
	a.next = (a.next + 1) % len(a.recent)
	return m, nil
}

// merge makes one frame of several that follow each other.
func merge(run []*journal.Frame) ([]byte, error) {
	var whole event.Frame
	for i, part := range run {
		f, err := event.DecodeFrame(part.Bytes)
		if err != nil {
			return nil, err
		}
		if f.Type != event.FrameEvents {
			return nil, errors.New("only frames of events can be merged")
		}
		if i == 0 {
			whole = f
			continue
		}
		whole.Events = append(whole.Events, f.Events...)
		whole.At, whole.Wall = f.At, f.Wall
	}
	return event.AppendFrame(nil, &whole), nil
}
