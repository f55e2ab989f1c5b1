package etcdapi

import (
	"context"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"

	"github.com/coreos/go-semver/semver"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/membershippb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.etcd.io/etcd/api/v3/version"
	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
)

// maintenance is etcd's service Maintenance.
type maintenance struct {
	pb.UnsafeMaintenanceServer
	m Member
}

// admin is ask for those who may administrate.
func admin[T any](ctx context.Context, m Member, f func(*node.Node, *node.Call) (T, error)) (T, error) {
	return adminTold(ctx, m, untold, f)
}

// adminTold is admin with a command that is told.
func adminTold[T any](ctx context.Context, m Member, c event.Command, f func(*node.Node, *node.Call) (T, error)) (T, error) {
	return ask(ctx, m, c, administrated(f))
}

func administrated[T any](f func(*node.Node, *node.Call) (T, error)) func(*node.Node, *node.Call) (T, error) {
	return func(n *node.Node, c *node.Call) (none T, _ error) {
		if err := n.Administrates(c); err != nil {
			return none, err
		}
		return f(n, c)
	}
}

func head(n *node.Node, revision int64) *pb.ResponseHeader {
	h := &pb.ResponseHeader{Revision: revision}
	n.Head(h)
	return h
}

// Alarm raises, disarms and lists alarms. An action that is none would end etcd; here it is refused.
func (s *maintenance) Alarm(ctx context.Context, q *pb.AlarmRequest) (*pb.AlarmResponse, error) {
	if _, known := pb.AlarmRequest_AlarmAction_name[int32(q.Action)]; !known {
		return nil, status.Errorf(codes.InvalidArgument, "etcdserver: alarms know no action %d: list, raise or disarm them", q.Action)
	}
	may := ask[*pb.AlarmResponse]
	if q.Action != pb.AlarmRequest_GET {
		may = adminTold[*pb.AlarmResponse]
	}
	return may(ctx, s.m, proposed(&pb.InternalRaftRequest{Alarm: q}), func(n *node.Node, c *node.Call) (*pb.AlarmResponse, error) {
		if err := n.Authenticated(c); err != nil {
			return nil, err
		}
		m, err := n.Propose(c, &pb.InternalRaftRequest{Alarm: q})
		if err != nil {
			return nil, err
		}
		r := m.(*pb.AlarmResponse)
		r.Header = head(n, 0)
		return r, nil
	})
}

func (s *maintenance) Status(ctx context.Context, _ *pb.StatusRequest) (*pb.StatusResponse, error) {
	return askAny(ctx, s.m, untold, true, func(n *node.Node, c *node.Call) (*pb.StatusResponse, error) {
		if err := n.Authenticated(c); err != nil {
			return nil, err
		}
		st, size, downgrade := n.Status(), n.Store().Sizes(), n.Store().Downgrade()
		r := &pb.StatusResponse{Header: head(n, 0), Version: version.Version, RaftIndex: st.Commit, RaftAppliedIndex: st.Applied,
			RaftTerm: st.Term, DbSize: size.File, DbSizeInUse: size.InUse, DbSizeQuota: size.Quota, IsLearner: st.Learner,
			StorageVersion: n.Store().StorageVersion(), DowngradeInfo: &pb.DowngradeInfo{Enabled: downgrade != "", TargetVersion: downgrade}}
		if st.Leader == 0 {
			r.Errors = append(r.Errors, etcderrors.ErrNoLeader.Error())
		} else {
			r.Leader = s.m.Peer(st.Leader).ID
		}
		for _, a := range n.Store().Alarms() {
			r.Errors = append(r.Errors, a.String())
		}
		return r, nil
	})
}

func (s *maintenance) Defragment(ctx context.Context, _ *pb.DefragmentRequest) (*pb.DefragmentResponse, error) {
	return adminTold(ctx, s.m, defragCommand, func(n *node.Node, _ *node.Call) (*pb.DefragmentResponse, error) {
		return &pb.DefragmentResponse{}, n.Store().Defragment()
	})
}

func (s *maintenance) Hash(ctx context.Context, _ *pb.HashRequest) (*pb.HashResponse, error) {
	return admin(ctx, s.m, func(n *node.Node, _ *node.Call) (*pb.HashResponse, error) {
		hash, rev, err := n.Store().HashAll()
		return &pb.HashResponse{Header: head(n, rev), Hash: hash}, err
	})
}

func (s *maintenance) HashKV(ctx context.Context, q *pb.HashKVRequest) (*pb.HashKVResponse, error) {
	return admin(ctx, s.m, func(n *node.Node, _ *node.Call) (*pb.HashKVResponse, error) {
		h, rev, err := n.Store().HashKV(q.Revision)
		return &pb.HashKVResponse{Header: head(n, rev), Hash: h.Hash, CompactRevision: h.CompactRevision, HashRevision: h.Revision}, err
	})
}

// snapshotChunk is how much of a snapshot one message carries.
const snapshotChunk = 32 << 10

// saved is a copy of a node's store in a file.
type saved struct {
	path, version string
}

// Snapshot sends the store's file and its SHA-256. The file is copied first: a node's world waits for nobody outside.
func (s *maintenance) Snapshot(_ *pb.SnapshotRequest, to pb.Maintenance_SnapshotServer) error {
	dir, err := os.MkdirTemp("", "snapshot")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	copied, err := askAny(to.Context(), s.m, untold, true, administrated(func(n *node.Node, _ *node.Call) (saved, error) { // a learner's too
		f := saved{filepath.Join(dir, "db"), n.Store().StorageVersion()}
		return f, n.Store().SaveTo(f.path)
	}))
	if err != nil {
		return err
	}
	file, err := os.Open(copied.path)
	if err != nil {
		return err
	}
	defer file.Close()
	return sendFile(file, copied.version, to)
}

func sendFile(file *os.File, storage string, to pb.Maintenance_SnapshotServer) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	sum := sha256.New()
	for left := uint64(info.Size()); left > 0; {
		b := make([]byte, min(snapshotChunk, left)) // a new one each time: Send keeps it
		if _, err := io.ReadFull(file, b); err != nil {
			return err
		}
		sum.Write(b)
		left -= uint64(len(b))
		if err := to.Send(&pb.SnapshotResponse{RemainingBytes: left, Blob: b, Version: storage}); err != nil {
			return err
		}
	}
	return to.Send(&pb.SnapshotResponse{Blob: sum.Sum(nil), Version: storage})
}

func (s *maintenance) MoveLeader(ctx context.Context, q *pb.MoveLeaderRequest) (*pb.MoveLeaderResponse, error) {
	st, err := admin(ctx, s.m, func(n *node.Node, _ *node.Call) (node.Status, error) { return n.Status(), nil })
	if err != nil {
		return nil, err
	}
	if st.Leader != s.m.Self() {
		return nil, rpctypes.ErrGRPCNotLeader
	}
	for _, m := range st.Members {
		if s.m.Peer(m.ID).ID != q.TargetID || m.Suffrage != event.Voter {
			continue
		}
		if m.ID == st.Leader {
			return &pb.MoveLeaderResponse{}, nil // it is there already
		}
		return &pb.MoveLeaderResponse{}, grpcError(s.m.Transfer(ctx, m.ID))
	}
	return nil, rpctypes.ErrGRPCBadLeaderTransferee
}

// Downgrade answers as etcd does: one minor version down is allowed, and noted for all members to see. Nothing else
// follows from it. Cancelling what is not under way is no error.
func (s *maintenance) Downgrade(ctx context.Context, q *pb.DowngradeRequest) (*pb.DowngradeResponse, error) {
	return admin(ctx, s.m, func(n *node.Node, c *node.Call) (*pb.DowngradeResponse, error) {
		if q.Action != pb.DowngradeRequest_VALIDATE && q.Action != pb.DowngradeRequest_ENABLE && q.Action != pb.DowngradeRequest_CANCEL {
			return nil, etcderrors.ErrUnknownMethod
		}
		note, err := downgrade(n, c, q)
		if err == nil && note != nil {
			_, err = n.Propose(c, &pb.InternalRaftRequest{DowngradeInfoSet: note})
		}
		if err != nil {
			return nil, err
		}
		return &pb.DowngradeResponse{Header: head(n, 0), Version: version.Cluster(version.Version)}, nil
	})
}

// downgrade is what has to be noted; nil: nothing.
func downgrade(n *node.Node, c *node.Call, q *pb.DowngradeRequest) (*membershippb.DowngradeInfoSetRequest, error) {
	target, form := (*semver.Version)(nil), error(nil)
	if q.Action != pb.DowngradeRequest_CANCEL {
		target, form = minorVersion(q.Version)
	}
	if form != nil {
		return nil, form
	}
	if err := n.Confirm(c); err != nil {
		return nil, err
	}
	under, now := n.Store().Downgrade() != "", semver.Must(semver.NewVersion(version.Version))
	switch {
	case q.Action == pb.DowngradeRequest_CANCEL && under:
		return &membershippb.DowngradeInfoSetRequest{}, nil
	case q.Action == pb.DowngradeRequest_CANCEL:
		return nil, nil
	case target.Major != now.Major || target.Minor != now.Minor-1:
		return nil, rpctypes.ErrGRPCInvalidDowngradeTargetVersion
	case under:
		return nil, rpctypes.ErrGRPCDowngradeInProcess
	case q.Action == pb.DowngradeRequest_VALIDATE:
		return nil, nil
	}
	return &membershippb.DowngradeInfoSetRequest{Enabled: true, Ver: target.String()}, nil
}

// minorVersion reads "3.6" and "3.6.1".
func minorVersion(v string) (*semver.Version, error) {
	want, err := semver.NewVersion(v)
	if err != nil {
		want, err = semver.NewVersion(v + ".0")
	}
	if err != nil {
		return nil, etcderrors.ErrWrongDowngradeVersionFormat
	}
	return &semver.Version{Major: want.Major, Minor: want.Minor}, nil
}
