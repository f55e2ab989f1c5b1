package etcdapi

import (
	"context"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
	"github.com/quorumlab/quorumlab/cluster/store"
)

// Member is the node behind a server, wherever it lives.
type Member interface {
	// Do has f run with the node, where it may block, and gives what it returns. A command with a kind is told to who
	// watches; others are not.
	Do(ctx context.Context, c event.Command, f func(*node.Node, *node.Call) (any, error)) (any, error)
	// Post has do called with the node, where it must not block, or gone if the node does not run. What is posted is
	// done in order.
	Post(do func(*node.Node), gone func())
	// Change changes the members and says whom it concerned.
	Change(ctx context.Context, c node.Change) (event.NodeID, error)
	// Transfer hands leadership to another member.
	Transfer(ctx context.Context, to event.NodeID) error
	// Peer is how a node is shown.
	Peer(id event.NodeID) node.Peer
	// Self is the node itself.
	Self() event.NodeID
}

// caller is who calls, and what it insists on.
type caller struct {
	user       store.Credentials // lives as long as it is needed
	needLeader bool
}

// spoken is what a caller says of itself in the metadata of a call, beside that it insists on a leader: its token under
// either name, and that a gateway speaks for it.
var spoken = []string{rpctypes.TokenFieldNameGRPC, rpctypes.TokenFieldNameSwagger, "grpcgateway-accept"}

func callerOf(ctx context.Context, m Member) (c caller) {
	need := metadata.ValueFromIncomingContext(ctx, rpctypes.MetadataRequireLeaderKey)
	c.needLeader = len(need) > 0 && need[0] == rpctypes.MetadataHasLeader
	var md metadata.MD
	for _, key := range spoken {
		if v := metadata.ValueFromIncomingContext(ctx, key); len(v) > 0 {
			if md == nil {
				md = metadata.MD{}
			}
			md[key] = v
		}
	}
	p := certificateOf(ctx, m)
	if md == nil && p == nil {
		return c // nobody
	}
	c.user = metadata.NewIncomingContext(context.Background(), md)
	if p != nil {
		c.user = peer.NewContext(c.user, p)
	}
	return c
}

// certificateOf is the client at the other end of a connection of TLS, where its certificate names its user.
func certificateOf(ctx context.Context, m Member) *peer.Peer {
	if _, names := m.(certified); !names {
		return nil
	}
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	if _, secure := p.AuthInfo.(credentials.TLSInfo); !secure {
		return nil
	}
	return &peer.Peer{AuthInfo: p.AuthInfo}
}

// untold is a command that is not told: there is no kind for it.
var untold = event.Command{}

// ask has f done by the node. A learner refuses it.
func ask[T any](ctx context.Context, m Member, c event.Command, f func(*node.Node, *node.Call) (T, error)) (T, error) {
	return askAny(ctx, m, c, false, f)
}

func askAny[T any](ctx context.Context, m Member, c event.Command, learners bool, f func(*node.Node, *node.Call) (T, error)) (T, error) {
	who := callerOf(ctx, m)
	v, err := m.Do(ctx, c, func(n *node.Node, call *node.Call) (any, error) {
		call.User = who.user
		switch {
		case who.needLeader && !n.Led():
			return nil, etcderrors.ErrNoLeader
		case !learners && n.Learner():
			return nil, rpctypes.ErrGRPCNotSupportedForLearner
		}
		return f(n, call)
	})
	if err != nil {
		var none T
		return none, grpcError(err)
	}
	return v.(T), nil
}
