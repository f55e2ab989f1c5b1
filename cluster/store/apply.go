package store

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/hashicorp/raft"
	"github.com/quorumlab/quorumlab/cluster/event"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"
	"go.etcd.io/etcd/server/v3/etcdserver/apply"
	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"
	"google.golang.org/protobuf/proto"
)

// Apply runs a committed entry. What it returns is for Result. An entry that the store has already, because it was
// replayed after a restart, is skipped.
func (s *Store) Apply(l *raft.Log) any {
	if l.Index <= s.index.ConsistentIndex() {
		return nil
	}
	s.endIfFailed()
	r := new(pb.InternalRaftRequest)
	if err := proto.Unmarshal(l.Data, r); err != nil {
		return fmt.Errorf("entry %d is no request to the store: %w", l.Index, err)
	}
	result := s.applyEntries(l.Index, l.Term, r)
	s.endIfFailed()
	s.progress.apply(l.Index, func(index uint64) { s.tell(index, r.GetHeader().GetID()) })
	return result
}

// endIfFailed ends the goroutine of a store that has failed: its node is about to crash, and nobody may hear of an entry
// that its disk does not have.
func (s *Store) endIfFailed() {
	if s.failed.Load() {
		runtime.Goexit()
	}
}

// applyEntries has this name because etcd's checks (ETCD_VERIFY=all) look for it on the stack of every write.
func (s *Store) applyEntries(index, term uint64, r *pb.InternalRaftRequest) *apply.Result {
	defer s.recoverApply(index)
	s.lastIndex.Store(index)
	s.lastTerm.Store(term)
	s.index.SetConsistentApplyingIndex(index, term)
	if r.Authenticate != nil { // it writes nothing, and its token names this entry: who sees the token waits for it
		s.index.SetConsistentIndex(index, term)
	}
	result := s.ua.Apply(&apply.InternalRaftRequestWrapper{InternalRaftRequest: r}, membership.ApplyBoth)
	if index > s.index.ConsistentIndex() { // it wrote nothing
		s.index.SetConsistentIndex(index, term)
	}
	if result != nil && result.Physc != nil {
		s.compacted.Store(&result.Physc)
	}
	if result != nil && errors.Is(result.Err, etcderrors.ErrNoSpace) && len(s.alarms.Load().Get(pb.AlarmType_NOSPACE)) == 0 {
		s.askForAlarm()
	}
	return result
}

// recoverApply keeps a panic of etcd's code from ending the process with all its nodes.
func (s *Store) recoverApply(index uint64) {
	if p := recover(); p != nil {
		s.fail(fmt.Errorf("the store of %s gave up at entry %d: %v; wipe this node and let it join again as a new member", s.o.Node, index, p))
		runtime.Goexit()
	}
}

// moveIndex moves the consistent index with the first write of the entry being applied, in the same transaction: either
// both are on disk or none is.
func (s *Store) moveIndex() {
	if index, term := s.index.ConsistentApplyingIndex(); index > s.index.UnsafeConsistentIndex() {
		s.index.SetConsistentIndex(index, term)
	}
}

// StoreConfiguration is told of configurations, which are committed like entries but are raft's own business.
func (s *Store) StoreConfiguration(index uint64, _ raft.Configuration) {
	if index <= s.index.ConsistentIndex() {
		return
	}
	s.index.SetConsistentIndex(index, s.lastTerm.Load())
	s.progress.apply(index, func(index uint64) { s.tell(index, 0) })
}

func (s *Store) tell(index, op uint64) {
	s.o.Tap(event.Event{Kind: event.Applied, Node: s.o.Node, Index: index, Op: op, Rev: s.kv.Rev()})
}

// askForAlarm has Serve propose the alarm NOSPACE; one request that waits is enough.
func (s *Store) askForAlarm() {
	select {
	case s.noSpace <- struct{}{}:
	default:
	}
}
