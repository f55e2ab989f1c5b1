// Package ctl is etcdctl for people who have no shell: its verbs, flags and output, on clients that somebody else makes.
// Nothing is read from or written to the machine it runs on.
package ctl

import (
	"context"
	"io"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Cluster is where lines are run.
type Cluster interface {
	// Nodes are the names of the members' endpoints.
	Nodes() []string
	// Client asks the node of this name, or with "" any. The line closes it.
	Client(node string) (*clientv3.Client, error)
	// As gives a context in which a client acts as the user who was given the token.
	As(ctx context.Context, token string) context.Context
	// Endpoint is the name of the node with this URL.
	Endpoint(url string) (node string, err error)
	// Member is the id of the member behind an endpoint.
	Member(node string) (id uint64, ok bool)
}

// Terminal is who types lines and reads what they say.
type Terminal interface {
	Out() io.Writer // whole lines; what is written is cut into them
	Err() io.Writer
	// Ask shows a prompt and waits for a line.
	Ask(ctx context.Context, prompt string) (string, error)
	// Offer has the snapshot of a node, or with "" of any, to be saved under a name.
	Offer(node, name string)
}
