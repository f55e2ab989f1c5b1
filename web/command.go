package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// command is POST /commands: one command, answered when the room has answered it or CommandWall has passed.
func (s *Server) command(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(w, r)
	if err != nil {
		WriteFault(w, err)
		return
	}
	c, err := DecodeOrder(body)
	if err == nil {
		err = vet(c, s.limits, s.ring)
	}
	if err != nil {
		s.numbers.refused.WithLabelValues("invalid").Inc()
		WriteFault(w, err)
		return
	}
	if !s.http.Allow() {
		s.numbers.refused.WithLabelValues("rate").Inc()
		w.Header().Set("Retry-After", "1")
		WriteFault(w, tooFast(s.limits.Commands))
		return
	}
	if s.class != nil {
		if err := s.class.Admit("", c); err != nil {
			s.numbers.refused.WithLabelValues("lesson").Inc()
			WriteFault(w, notNow(err))
			return
		}
	}
	ctx, cancel := context.WithTimeoutCause(s.ctx, s.wall, errWall)
	defer cancel()
	result, err := s.do(ctx, c)
	if err != nil {
		WriteFault(w, err)
		return
	}
	WriteJSON(w, http.StatusOK, result)
}

var errWall = fmt.Errorf("the room did not answer within %v of wall time (it may be frozen)", CommandWall)

// readBody reads at most OrderBytes.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, OrderBytes))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, tooLong
	}
	if err != nil {
		return nil, &Fault{http.StatusBadRequest, CodeBadRequest, "The request's body could not be read to its end.", ""}
	}
	return body, nil
}

func tooFast(most int) *Fault {
	return &Fault{http.StatusTooManyRequests, CodeLimit, fmt.Sprintf("This was not done: at most %d commands a second are taken.", most), ""}
}

// do asks the room, unless too much waits for it already.
func (s *Server) do(ctx context.Context, c event.Command) (event.Result, error) {
	select {
	case s.pending <- struct{}{}:
	default:
		s.numbers.refused.WithLabelValues("pending").Inc()
		return event.Result{}, &Fault{http.StatusServiceUnavailable, CodeLimit,
			fmt.Sprintf("This was not done: %d commands wait for the room's answer already. Is it frozen?", PendingCommands), ""}
	}
	defer func() { <-s.pending }()
	result := s.cluster.Do(ctx, c)
	result.ID = c.ID
	if result.Outcome == event.Unknown && ctx.Err() != nil {
		result.Error = unknownBecause(context.Cause(ctx))
	}
	s.numbers.commands.WithLabelValues(c.Kind.String(), result.Outcome.String()).Inc()
	return result, nil
}

// unknownBecause says why nobody waited for the answer.
func unknownBecause(cause error) string {
	if errors.Is(cause, errWall) {
		return "The outcome is unknown: " + cause.Error() + "."
	}
	return "The outcome is unknown: the asker left or the room closed before the answer came."
}
