package peer

import (
	"context"
	"errors"

	"go.etcd.io/etcd/server/v3/auth"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"
	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"
	"go.etcd.io/etcd/server/v3/lease"
	"go.etcd.io/etcd/server/v3/storage/mvcc"

	"github.com/quorumlab/quorumlab/cluster/node"
)

// known are the errors by whose identity others decide. They travel by their text.
var known = []error{
	context.Canceled, context.DeadlineExceeded,
	node.ErrDown, node.ErrLost, node.ErrBusy,

	mvcc.ErrCompacted, mvcc.ErrFutureRev,

	lease.ErrNotPrimary, lease.ErrLeaseNotFound, lease.ErrLeaseExists, lease.ErrLeaseTTLTooLarge,

	etcderrors.ErrUnknownMethod, etcderrors.ErrStopped, etcderrors.ErrCanceled, etcderrors.ErrTimeout, etcderrors.ErrTimeoutDueToLeaderFail,
	etcderrors.ErrTimeoutDueToConnectionLost, etcderrors.ErrTimeoutLeaderTransfer, etcderrors.ErrTimeoutWaitAppliedIndex,
	etcderrors.ErrLeaderChanged, etcderrors.ErrNotEnoughStartedMembers, etcderrors.ErrLearnerNotReady, etcderrors.ErrNoLeader,
	etcderrors.ErrNotLeader, etcderrors.ErrRequestTooLarge, etcderrors.ErrNoSpace, etcderrors.ErrTooManyRequests,
	etcderrors.ErrUnhealthy, etcderrors.ErrCorrupt, etcderrors.ErrBadLeaderTransferee, etcderrors.ErrClusterVersionUnavailable,
	etcderrors.ErrWrongDowngradeVersionFormat, etcderrors.ErrKeyNotFound,

	membership.ErrIDRemoved, membership.ErrIDExists, membership.ErrIDNotFound, membership.ErrPeerURLexists,
	membership.ErrMemberNotLearner, membership.ErrTooManyLearners,

	auth.ErrRootUserNotExist, auth.ErrRootRoleNotExist, auth.ErrUserAlreadyExist, auth.ErrUserEmpty, auth.ErrUserNotFound,
	auth.ErrRoleAlreadyExist, auth.ErrRoleNotFound, auth.ErrRoleEmpty, auth.ErrPermissionNotGiven, auth.ErrAuthFailed,
	auth.ErrNoPasswordUser, auth.ErrPermissionDenied, auth.ErrRoleNotGranted, auth.ErrPermissionNotGranted, auth.ErrAuthNotEnabled,
	auth.ErrAuthOldRevision, auth.ErrInvalidAuthToken, auth.ErrInvalidAuthOpts, auth.ErrInvalidAuthMgmt, auth.ErrInvalidAuthMethod,
	auth.ErrMissingKey, auth.ErrKeyMismatch, auth.ErrVerifyOnly,
}

var byText = func() map[string]error {
	m := make(map[string]error, len(known))
	for _, e := range known {
		m[e.Error()] = e
	}
	return m
}()

// The forms of an error on the wire, each followed by its text.
const (
	plainFailure   = iota + 1
	refusedFailure // node.Refused
	knownFailure   // one of known
	aboutFailure   // one of known with more words: its text, then all the text
)

// about is a known error in other words.
type about struct {
	text  string
	known error
}

func (e *about) Error() string { return e.text }
func (e *about) Unwrap() error { return e.known }

func appendFailure(b []byte, err error) []byte {
	text := err.Error()
	if e, ok := byText[text]; ok && errors.Is(err, e) {
		return appendText(append(b, knownFailure), text)
	}
	var refused node.Refused
	if errors.As(err, &refused) {
		return appendText(append(b, refusedFailure), refused.Error())
	}
	for _, e := range known {
		if errors.Is(err, e) {
			return appendText(appendText(append(b, aboutFailure), e.Error()), text)
		}
	}
	return appendText(append(b, plainFailure), text)
}

// failure reads what appendFailure wrote. Where this program knows an error with that text it is that very one.
func (r *reader) failure() error {
	form, text := r.byte(), r.text()
	e := byText[text]
	switch {
	case r.err != nil:
		return nil
	case form == plainFailure:
		return errors.New(text)
	case form == refusedFailure:
		return node.Refused(text)
	case form == knownFailure && e != nil:
		return e
	case form == knownFailure:
		return errors.New(text)
	case form == aboutFailure && e != nil:
		return &about{r.text(), e}
	case form == aboutFailure:
		return errors.New(r.text())
	}
	r.fail("it has a form of error that is not known; run the same version on all members")
	return nil
}
