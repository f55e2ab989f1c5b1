package etcdapi

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.etcd.io/etcd/server/v3/auth"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"
	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"
	"go.etcd.io/etcd/server/v3/lease"
	"go.etcd.io/etcd/server/v3/storage/mvcc"

	"github.com/quorumlab/quorumlab/cluster/node"
)

// said is what a client of etcd is told of each error: codes and texts by which clients decide.
var said = map[error]error{
	node.ErrDown: rpctypes.ErrGRPCStopped,
	node.ErrLost: rpctypes.ErrGRPCStopped,
	node.ErrBusy: rpctypes.ErrGRPCRequestTooManyRequests,

	mvcc.ErrCompacted:         rpctypes.ErrGRPCCompacted,
	mvcc.ErrFutureRev:         rpctypes.ErrGRPCFutureRev,
	lease.ErrLeaseNotFound:    rpctypes.ErrGRPCLeaseNotFound,
	lease.ErrLeaseExists:      rpctypes.ErrGRPCLeaseExist,
	lease.ErrLeaseTTLTooLarge: rpctypes.ErrGRPCLeaseTTLTooLarge,

	etcderrors.ErrRequestTooLarge:             rpctypes.ErrGRPCRequestTooLarge,
	etcderrors.ErrNoSpace:                     rpctypes.ErrGRPCNoSpace,
	etcderrors.ErrTooManyRequests:             rpctypes.ErrGRPCRequestTooManyRequests,
	etcderrors.ErrNoLeader:                    rpctypes.ErrGRPCNoLeader,
	etcderrors.ErrNotLeader:                   rpctypes.ErrGRPCNotLeader,
	etcderrors.ErrLeaderChanged:               rpctypes.ErrGRPCLeaderChanged,
	etcderrors.ErrStopped:                     rpctypes.ErrGRPCStopped,
	etcderrors.ErrTimeout:                     rpctypes.ErrGRPCTimeout,
	etcderrors.ErrTimeoutDueToLeaderFail:      rpctypes.ErrGRPCTimeoutDueToLeaderFail,
	etcderrors.ErrTimeoutDueToConnectionLost:  rpctypes.ErrGRPCTimeoutDueToConnectionLost,
	etcderrors.ErrTimeoutWaitAppliedIndex:     rpctypes.ErrGRPCTimeoutWaitAppliedIndex,
	etcderrors.ErrKeyNotFound:                 rpctypes.ErrGRPCKeyNotFound,
	etcderrors.ErrCorrupt:                     rpctypes.ErrGRPCCorrupt,
	etcderrors.ErrWrongDowngradeVersionFormat: rpctypes.ErrGRPCWrongDowngradeVersionFormat,

	membership.ErrIDRemoved:               rpctypes.ErrGRPCMemberNotFound,
	membership.ErrIDNotFound:              rpctypes.ErrGRPCMemberNotFound,
	membership.ErrIDExists:                rpctypes.ErrGRPCMemberExist,
	membership.ErrPeerURLexists:           rpctypes.ErrGRPCPeerURLExist,
	membership.ErrMemberNotLearner:        rpctypes.ErrGRPCMemberNotLearner,
	membership.ErrTooManyLearners:         rpctypes.ErrGRPCTooManyLearners,
	etcderrors.ErrNotEnoughStartedMembers: rpctypes.ErrMemberNotEnoughStarted,
	etcderrors.ErrLearnerNotReady:         rpctypes.ErrGRPCLearnerNotReady,
	etcderrors.ErrUnhealthy:               rpctypes.ErrGRPCUnhealthy,
	etcderrors.ErrBadLeaderTransferee:     rpctypes.ErrGRPCBadLeaderTransferee,

	auth.ErrRootUserNotExist:     rpctypes.ErrGRPCRootUserNotExist,
	auth.ErrRootRoleNotExist:     rpctypes.ErrGRPCRootRoleNotExist,
	auth.ErrUserAlreadyExist:     rpctypes.ErrGRPCUserAlreadyExist,
	auth.ErrUserEmpty:            rpctypes.ErrGRPCUserEmpty,
	auth.ErrUserNotFound:         rpctypes.ErrGRPCUserNotFound,
	auth.ErrRoleAlreadyExist:     rpctypes.ErrGRPCRoleAlreadyExist,
	auth.ErrRoleNotFound:         rpctypes.ErrGRPCRoleNotFound,
	auth.ErrRoleEmpty:            rpctypes.ErrGRPCRoleEmpty,
	auth.ErrAuthFailed:           rpctypes.ErrGRPCAuthFailed,
	auth.ErrPermissionNotGiven:   rpctypes.ErrGRPCPermissionNotGiven,
	auth.ErrPermissionDenied:     rpctypes.ErrGRPCPermissionDenied,
	auth.ErrRoleNotGranted:       rpctypes.ErrGRPCRoleNotGranted,
	auth.ErrPermissionNotGranted: rpctypes.ErrGRPCPermissionNotGranted,
	auth.ErrAuthNotEnabled:       rpctypes.ErrGRPCAuthNotEnabled,
	auth.ErrInvalidAuthToken:     rpctypes.ErrGRPCInvalidAuthToken,
	auth.ErrInvalidAuthMgmt:      rpctypes.ErrGRPCInvalidAuthMgmt,
	auth.ErrAuthOldRevision:      rpctypes.ErrGRPCAuthOldRevision,
}

// grpcError is err in etcd's words.
func grpcError(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err // gRPC knows these
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	var refused node.Refused
	if errors.As(err, &refused) {
		return status.Error(codes.FailedPrecondition, "etcdserver: "+refused.Error())
	}
	var denied node.Denied
	if errors.As(err, &denied) {
		return status.Error(codes.PermissionDenied, "etcdserver: "+denied.Error())
	}
	for known, e := range said {
		if errors.Is(err, known) {
			return e
		}
	}
	return status.Error(codes.Unknown, err.Error())
}
