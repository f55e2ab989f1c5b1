package web

import (
	"errors"
	"time"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// contentsWait is how long the drawing of a panel waits for what a node's store holds.
const contentsWait = 100 * time.Millisecond

// shelf is a room whose nodes' stores can be looked into.
type shelf interface {
	Contents(event.NodeID, event.Command) <-chan cluster.Contents
}

// contents asks a node what its store holds, for a panel. The error is a sentence; nobody is told of the question.
func (s *Server) contents(id event.NodeID, c event.Command) (event.Result, error) {
	room, ok := s.cluster.(shelf)
	if !ok {
		return event.Result{}, errors.New("this room does not let its stores be looked into")
	}
	frozen := false
	s.cluster.Journal().With(func(now *view.State) { frozen = now.Rate == 0 })
	if frozen {
		return event.Result{}, errors.New("time stands still, so no node answers")
	}
	timer := time.NewTimer(contentsWait)
	defer timer.Stop()
	select {
	case r := <-room.Contents(id, c):
		return r.Result, r.Err
	case <-timer.C:
		return event.Result{}, errors.New("it does not answer at once; it may stand still")
	}
}
