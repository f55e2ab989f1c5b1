package server

import (
	"context"
	"errors"
)

// Server is a member that runs.
type Server struct {
	ready chan struct{}
	ended chan error
}

// Start checks the configuration, opens or makes the data directory, and runs the member. It returns as soon as the
// member listens; Ready tells when it serves. The errors are sentences for the operator.
func Start(ctx context.Context, c Config) (*Server, error) {
	return nil, errors.New("not yet")
}

// Ready is closed when the member has found a leader, has told the cluster its name, and serves clients.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// Ended gives why the member ended by itself: its disk failed, it was removed from the cluster.
func (s *Server) Ended() <-chan error { return s.ended }

// Stop hands leadership over if this member leads, ends its clients' connections in order and closes its files.
func (s *Server) Stop(ctx context.Context) error { return nil }
