package etcdapi

import (
	"fmt"
	"net"
	"net/url"
	"sync"

	"github.com/quorumlab/quorumlab/cluster/event"
)

const localhost = "127.0.0.1"

// Ports serve the nodes of one room on this machine: each has a port of 127.0.0.1 for itself, and gets it back when it
// starts again, while it is free. The zero Ports serve etcd's defaults.
type Ports struct {
	BcryptCost int                 // see Options
	Used       func() (end func()) // called for every connection; nil: nobody cares

	mu   sync.Mutex
	open map[event.NodeID]*port
}

// port is an open one. Its server is made for the first connection: most rooms never see one, and three servers are several
// megabytes.
type port struct {
	net.Listener
	options Options

	mu     sync.Mutex
	server *Server
	shut   bool
}

// serve answers what comes until the port is shut.
func (p *port) serve(l net.Listener) {
	first, err := l.Accept()
	if err != nil {
		return
	}
	p.mu.Lock()
	if p.shut {
		p.mu.Unlock()
		_ = first.Close()
		return
	}
	p.server = New(p.options)
	p.mu.Unlock()
	_ = p.server.Serve(&begunWith{Listener: l, first: first}) // until Shut
}

// close ends the connections and gives the port up.
func (p *port) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shut = true
	_ = p.Close() // perhaps it is being closed already
	if p.server != nil {
		p.server.Close()
	}
}

// begunWith is a listener that has accepted one connection already.
type begunWith struct {
	net.Listener
	once  sync.Once
	first net.Conn
}

func (b *begunWith) Accept() (c net.Conn, err error) {
	b.once.Do(func() { c = b.first })
	if c != nil {
		return c, nil
	}
	return b.Listener.Accept()
}

// Open serves a node until Shut, and says where: where it was before, if that is still free.
func (p *Ports) Open(m Member, before string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := m.Self()
	p.shut(id)
	l, err := listen(before)
	if err != nil {
		return "", fmt.Errorf("%v has no port for etcd's clients: %w", id, err)
	}
	if p.open == nil {
		p.open = map[event.NodeID]*port{}
	}
	o := &port{Listener: l, options: Options{Member: m, BcryptCost: p.BcryptCost}}
	p.open[id] = o
	go o.serve(counted{l, p.Used})
	return "http://" + l.Addr().String(), nil
}

// listen takes the port that the node had, or else any.
func listen(before string) (net.Listener, error) {
	if u, err := url.Parse(before); err == nil && u.Hostname() == localhost {
		if l, err := net.Listen("tcp", u.Host); err == nil {
			return l, nil
		}
	}
	return net.Listen("tcp", net.JoinHostPort(localhost, "0"))
}

// Shut ends a node's connections and gives its port up.
func (p *Ports) Shut(id event.NodeID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shut(id)
}

func (p *Ports) shut(id event.NodeID) {
	if o, ok := p.open[id]; ok {
		delete(p.open, id)
		o.close()
	}
}

// counted tells of every connection that it accepts, until it is closed.
type counted struct {
	net.Listener
	used func() (end func())
}

func (l counted) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil || l.used == nil {
		return c, err
	}
	return &use{Conn: c, end: sync.OnceFunc(l.used())}, nil
}

// use is a connection that is counted.
type use struct {
	net.Conn
	end func()
}

func (u *use) Close() error {
	u.end()
	return u.Conn.Close()
}
