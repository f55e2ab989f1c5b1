package main

import (
	"context"
	"fmt"
	"io"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/quorumlab/quorumlab/cluster/ctl"
	"github.com/quorumlab/quorumlab/cluster/etcdapi"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/verb"
	"github.com/quorumlab/quorumlab/lessons/play"
	"github.com/quorumlab/quorumlab/web"
)

// shell runs etcdctl's lines in a room, on clients without a connection, and lines of the room's own.
type shell struct{ stage *play.Stage }

func (s shell) Run(ctx context.Context, viewer string, t *web.Terminal, line string) {
	if verb.Handles(line) {
		verb.Run(ctx, s.stage.Room().Guest(0, viewer).Order, t, line)
		return
	}
	_ = ctl.Run(ctx, guest{s.stage, viewer}, t, line) // the terminal has been told
}

// Snapshot copies a node's store to a file of the viewer's.
func (s shell) Snapshot(ctx context.Context, node string, to io.Writer) error {
	c, err := guest{s.stage, ""}.Client(node)
	if err != nil {
		return err
	}
	defer c.Close()
	r, err := c.SnapshotWithVersion(ctx)
	if err != nil {
		return err
	}
	defer r.Snapshot.Close()
	_, err = io.Copy(to, r.Snapshot)
	return err
}

// guest is the cluster as somebody reaches it whom the lesson knows by this name.
type guest struct {
	stage *play.Stage
	name  string
}

func (g guest) Nodes() (names []string) {
	for _, e := range g.stage.Room().Endpoints() {
		names = append(names, e.Node.String())
	}
	return names
}

func (g guest) Client(node string) (*clientv3.Client, error) {
	id, err := event.ParseNodeID(node)
	if err != nil {
		return nil, err
	}
	return etcdapi.NewClient(func() etcdapi.Member { return g.stage.Room().Guest(id, g.name).Pinned() }), nil
}

func (g guest) As(ctx context.Context, token string) context.Context {
	return etcdapi.WithToken(ctx, token)
}

func (g guest) Member(node string) (uint64, bool) {
	for _, e := range g.stage.Room().Endpoints() {
		if e.Node.String() == node {
			return g.stage.Room().Peer(e.Node).ID, true
		}
	}
	return 0, false
}

// Endpoint is a node's by the URL with which etcd's clients would name it.
func (g guest) Endpoint(url string) (node string, err error) {
	for _, e := range g.stage.Room().Endpoints() {
		if e.URL == url || e.URL == "http://"+url {
			return e.Node.String(), nil
		}
	}
	return "", fmt.Errorf("%s is no endpoint of this room", url)
}
