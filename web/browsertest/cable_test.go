package browsertest

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// cable is the wire between a browser and the program, with a plug that a test can pull.
type cable struct {
	base string // http://host:port of the browser's end
	to   string // host:port of the program

	mu     sync.Mutex
	pulled bool
	conns  map[net.Conn]bool
}

// newCable lays a cable to the program.
func newCable(t testing.TB, p *program) *cable {
	t.Helper()
	end, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end.Close() })
	c := &cable{base: "http://" + end.Addr().String(), to: strings.TrimPrefix(p.base, "http://"), conns: map[net.Conn]bool{}}
	t.Cleanup(c.pull)
	go func() {
		for {
			near, err := end.Accept()
			if err != nil {
				return
			}
			go c.carry(near)
		}
	}()
	return c
}

// carry joins a browser's connection with one to the program until either ends or the plug is pulled.
func (c *cable) carry(near net.Conn) {
	defer near.Close()
	if !c.hold(near) {
		return
	}
	defer c.let(near)
	far, err := net.Dial("tcp", c.to)
	if err != nil || !c.hold(far) {
		return
	}
	defer c.let(far)
	defer far.Close()
	go func() {
		_, _ = io.Copy(far, near)
		far.Close()
	}()
	_, _ = io.Copy(near, far)
}

func (c *cable) hold(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.pulled {
		c.conns[conn] = true
	}
	return !c.pulled
}

func (c *cable) let(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns, conn)
}

// pull ends every connection and lets no new one through.
func (c *cable) pull() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pulled = true
	for conn := range c.conns {
		conn.Close()
	}
}

// plug puts the plug in again.
func (c *cable) plug() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pulled = false
}
