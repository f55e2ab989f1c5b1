package peer

import (
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/raft"
	"go.uber.org/zap"
)

// stream is a connection that was upgraded. No write takes longer than timeout.
type stream struct {
	net.Conn
	early   []byte // came in one piece with the upgrade
	timeout time.Duration
	gone    func(*stream)
	once    sync.Once
	member  uint64 // who made the connection; 0: this member did

	// Of a connection on which raft's requests come: who reads it also writes to it, in turn.
	turns   bool
	midway  bool // read last, so in the midst of a request
	limited bool // a read has a deadline
}

// Read takes as long as it takes, but within a request no piece of it longer than timeout: raft reads snapshots on its
// main goroutine, and a sender that stands still would hold up votes.
func (s *stream) Read(b []byte) (n int, err error) {
	if len(s.early) > 0 {
		n = copy(b, s.early)
		s.early = s.early[n:]
	} else {
		s.limit()
		n, err = s.Conn.Read(b)
	}
	if s.turns && n > 0 {
		s.midway = true
	}
	return n, err
}

func (s *stream) limit() {
	if !s.turns {
		return
	}
	var until time.Time
	if s.midway {
		until = time.Now().Add(s.timeout)
	}
	if s.midway || s.limited {
		_ = s.SetReadDeadline(until) // it fails on closed connections, and so does the read
		s.limited = s.midway
	}
}

func (s *stream) Write(b []byte) (int, error) {
	if s.turns {
		s.midway = false
	}
	_ = s.SetWriteDeadline(time.Now().Add(s.timeout)) // it fails on closed connections, and so does the write
	return s.Conn.Write(b)
}

func (s *stream) Close() error {
	s.once.Do(func() { s.gone(s) })
	return s.Conn.Close()
}

// streams is raft's StreamLayer: it gives and makes connections that have been upgraded, and knows all that are open.
type streams struct {
	t        *Transport
	dialer   *dialer
	accepted chan net.Conn

	mu     sync.Mutex
	closed bool
	all    map[*stream]struct{}
}

func newStreams(t *Transport) (*streams, error) {
	d, err := newDialer(t.o.TLS)
	if err != nil {
		return nil, err
	}
	return &streams{t: t, dialer: d, accepted: make(chan net.Conn), all: map[*stream]struct{}{}}, nil
}

// wrap makes a stream of a connection that a member made, or 0 this one; false when all have been closed already.
func (s *streams) wrap(c net.Conn, early []byte, member uint64) (*stream, bool) {
	w := &stream{Conn: c, early: early, timeout: s.t.o.Timeout, gone: s.forget, member: member}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = c.Close()
		return nil, false
	}
	s.all[w] = struct{}{}
	return w, true
}

func (s *streams) forget(w *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, w)
}

// sweepEvery is how often connections of removed members are looked for.
const sweepEvery = time.Second

// sweep closes the connections of members that have been removed. Their next try is refused, and so they hear of it: they
// may have missed the entry that removed them.
func (s *streams) sweep() {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			for _, w := range s.of(s.t.o.Roster().Removed) {
				s.t.o.Log.Info("a removed member is cut off", zap.String("member-id", strconv.FormatUint(w.member, 16)))
				_ = w.Close()
			}
		case <-s.t.dead:
			return
		}
	}
}

// of lists the connections that members made.
func (s *streams) of(members []uint64) (found []*stream) {
	if len(members) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.all {
		if w.member != 0 && slices.Contains(members, w.member) {
			found = append(found, w)
		}
	}
	return found
}

// Dial connects for raft's messages.
func (s *streams) Dial(a raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	w, err := s.t.dial(a, raftProtocol, timeout)
	if err != nil {
		return nil, err // not a nil *stream in an interface
	}
	return w, nil
}

// give hands raft a connection that another member made.
func (s *streams) give(w *stream) {
	w.turns = true
	select {
	case s.accepted <- w:
	case <-s.t.dead:
		_ = w.Close()
	}
}

// Accept gives the connections that others made.
func (s *streams) Accept() (net.Conn, error) {
	select {
	case c := <-s.accepted:
		return c, nil
	case <-s.t.dead:
		return nil, net.ErrClosed
	}
}

// Close closes all connections.
func (s *streams) Close() error {
	s.mu.Lock()
	s.closed = true
	all := s.all
	s.all = map[*stream]struct{}{}
	s.mu.Unlock()
	for w := range all {
		_ = w.Close() // there is nothing left to lose
	}
	return nil
}

// Addr is where the first listener listens.
func (s *streams) Addr() net.Addr {
	if len(s.t.o.Listeners) == 0 {
		return &net.TCPAddr{}
	}
	return s.t.o.Listeners[0].Addr()
}
