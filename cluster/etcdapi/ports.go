package etcdapi

import (
	"fmt"
	"net"
	"strconv"
	"sync"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Ports serve the nodes of one room on this machine: each has a port of 127.0.0.1 for itself, and gets it back when it
// starts again, while it is free. The zero Ports serve etcd's defaults.
type Ports struct {
	BcryptCost int // see Options

	mu   sync.Mutex
	last map[event.NodeID]int // ports that nodes had
	open map[event.NodeID]port
}

// port is an open one.
type port struct {
	net.Listener
	server *Server
}

// Open serves a node until Shut, and says where.
func (p *Ports) Open(m Member) (url string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := m.Self()
	p.shut(id)
	l, err := p.listen(id)
	if err != nil {
		return "", fmt.Errorf("%v has no port for etcd's clients: %w", id, err)
	}
	if p.open == nil {
		p.open, p.last = map[event.NodeID]port{}, map[event.NodeID]int{}
	}
	s := New(Options{Member: m, BcryptCost: p.BcryptCost})
	p.open[id], p.last[id] = port{l, s}, l.Addr().(*net.TCPAddr).Port
	go s.Serve(l) // until Shut
	return "http://" + l.Addr().String(), nil
}

// listen takes the port that the node had, or else any.
func (p *Ports) listen(id event.NodeID) (net.Listener, error) {
	if port := p.last[id]; port != 0 {
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return l, nil
		}
	}
	return net.Listen("tcp", "127.0.0.1:0")
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
		_ = o.Close() // perhaps it is being closed already
		o.server.Close()
	}
}
