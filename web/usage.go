package web

import (
	"sync"
	"time"
)

// usage knows how long nobody has watched or asked anything.
type usage struct {
	mu   sync.Mutex
	busy int       // visits under way
	last time.Time // end of the last one
}

func newUsage() *usage { return &usage{last: time.Now()} }

// begin counts a visit until the returned function is called.
func (u *usage) begin() (end func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.busy++
	return func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.busy--
		u.last = time.Now()
	}
}

// Use counts somebody who uses the room by another way than this server, until the returned function is called.
func (s *Server) Use() (end func()) { return s.usage.begin() }

// Idle is how long nobody has used the room; 0 while somebody does.
func (s *Server) Idle() time.Duration {
	s.usage.mu.Lock()
	defer s.usage.mu.Unlock()
	if s.usage.busy > 0 {
		return 0
	}
	return time.Since(s.usage.last)
}
