package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/gorilla/websocket"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// audience is one viewer of each member, as a page would be: it takes every frame.
type audience struct {
	viewers []*websocket.Conn
	reading sync.WaitGroup
	frames  atomic.Int64
	left    atomic.Bool // a viewer was sent away, or its member is gone
	closing atomic.Bool
}

// watch connects a viewer to every address, host and port, of a member's facts.
func watch(ctx context.Context, addresses []string) (*audience, error) {
	a := &audience{}
	hello := event.AppendFrame(nil, &event.Frame{Type: event.FrameHello, Version: event.WireVersion})
	for _, address := range addresses {
		v, _, err := websocket.DefaultDialer.DialContext(ctx, "ws://"+address+"/ws", http.Header{"Origin": {"http://" + address}})
		if err == nil {
			a.viewers = append(a.viewers, v)
			err = v.WriteMessage(websocket.BinaryMessage, hello)
		}
		if err != nil {
			a.leave()
			return nil, fmt.Errorf("the facts of the member at %s cannot be watched: %w", address, err)
		}
		a.reading.Go(func() { a.read(v) })
	}
	return a, nil
}

func (a *audience) read(v *websocket.Conn) {
	for {
		if _, _, err := v.ReadMessage(); err != nil {
			if !a.closing.Load() {
				a.left.Store(true)
			}
			return
		}
		a.frames.Add(1)
	}
}

// leave ends the viewers.
func (a *audience) leave() {
	a.closing.Store(true)
	for _, v := range a.viewers {
		v.Close()
	}
	a.reading.Wait()
}

var errNotWatched = errors.New("a viewer was sent away, so not all was measured with viewers; the machine may be too busy, try again")

// check says whether all of them have watched all the time.
func (a *audience) check() error {
	switch {
	case a.left.Load():
		return errNotWatched
	case a.frames.Load() == 0:
		return errors.New("the viewers were shown nothing; are the members of this version?")
	}
	return nil
}
