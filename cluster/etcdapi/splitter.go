package etcdapi

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// preface is how a connection of HTTP/2 begins, which gRPC speaks (RFC 9113 §3.4).
var preface = []byte("PRI * HTTP/2.0\r\n")

// splitter gives the connections of one listener to those who understand them.
type splitter struct {
	from       net.Listener
	tls        *tls.Config // nil: plain
	failed     func(*tls.Conn, error)
	grpc, http *half
}

func newSplitter(l net.Listener, secure *tls.Config, failed func(*tls.Conn, error)) *splitter {
	s := &splitter{from: l, failed: failed}
	if secure != nil {
		s.tls = offering(secure)
	}
	s.grpc, s.http = newHalf(l), newHalf(l)
	return s
}

// acceptPause is how long nothing is accepted when the system has no room for another connection.
const acceptPause = 100 * time.Millisecond

// run accepts until the listener is closed.
func (s *splitter) run() error {
	defer s.grpc.Close()
	defer s.http.Close()
	for {
		c, err := s.from.Accept()
		switch {
		case err == nil:
			go s.sort(c)
		case errors.Is(err, net.ErrClosed):
			return err
		case !s.http.pause(acceptPause):
			return net.ErrClosed
		}
	}
}

func (s *splitter) sort(c net.Conn) {
	if s.tls != nil {
		s.sortSecure(c)
	} else {
		s.sortPlain(c)
	}
}

// sortPlain reads the first line of a connection.
func (s *splitter) sortPlain(c net.Conn) {
	b := make([]byte, len(preface))
	_ = c.SetReadDeadline(time.Now().Add(headerPatience)) // if it cannot be set, reading fails too
	n, err := io.ReadFull(c, b[:4])                       // "GET " is as long as "PRI "
	if err == nil && bytes.Equal(b[:4], preface[:4]) {
		n, err = io.ReadFull(c, b[4:])
		n += 4
	}
	if err != nil {
		c.Close()
		return
	}
	_ = c.SetReadDeadline(time.Time{})
	to := s.http
	if bytes.Equal(b[:n], preface) {
		to = s.grpc
	}
	to.take(&begun{Conn: c, read: b[:n]})
}

// begun is a connection whose first bytes were read already.
type begun struct {
	net.Conn
	read []byte
}

func (b *begun) Read(p []byte) (int, error) {
	if len(b.read) > 0 {
		n := copy(p, b.read)
		b.read = b.read[n:]
		return n, nil
	}
	return b.Conn.Read(p)
}

// half is a listener of the connections that are its.
type half struct {
	from  net.Listener
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newHalf(l net.Listener) *half {
	return &half{from: l, conns: make(chan net.Conn), done: make(chan struct{})}
}

// pause waits; false when it was closed meanwhile.
func (h *half) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-h.done:
		return false
	}
}

func (h *half) take(c net.Conn) {
	select {
	case h.conns <- c:
	case <-h.done:
		c.Close()
	}
}

func (h *half) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}

// Close ends the other half too: nothing is accepted any more.
func (h *half) Close() error {
	h.once.Do(func() { close(h.done) })
	return h.from.Close()
}

func (h *half) Addr() net.Addr { return h.from.Addr() }
