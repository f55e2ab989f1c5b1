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

// Apply runs a committed entry. What it returns is for Result and Verdict, of a joined entry for VerdictOf and ResultOf. An
// entry that the store has already, because it was replayed after a restart, is skipped.
func (s *Store) Apply(l *raft.Log) any {
	if l.Index <= s.index.ConsistentIndex() {
		return nil
	}
	s.endIfFailed()
	response, op := s.applyEntries(l)
	s.endIfFailed()
	s.progress.apply(l.Index, func(index uint64) { s.tell(index, op) })
	return response
}

// endIfFailed ends the goroutine of a store that has failed: its node is about to crash, and nobody may hear of an entry
// that its disk does not have.
func (s *Store) endIfFailed() {
	if s.failed.Load() {
		runtime.Goexit()
	}
}

// applyEntries has this name because etcd's checks (ETCD_VERIFY=all) look for it on the stack of every write.
func (s *Store) applyEntries(l *raft.Log) (response any, op uint64) {
	defer s.recoverApply(l.Index)
	s.lastIndex.Store(l.Index)
	s.lastTerm.Store(l.Term)
	if requests, ok := split(l.Data); ok {
		return s.applyJoined(l, requests), 0
	}
	s.position.begin(l.Index, l.Term, 1)
	response, op = s.applyRequest(l.Index, l.Data)
	s.position.next()
	return response, op
}

// applyJoined applies the requests of an entry one after the other, but for those that a crash left applied.
func (s *Store) applyJoined(l *raft.Log, requests [][]byte) responses {
	out := make(responses, len(requests))
	for i := s.position.begin(l.Index, l.Term, len(requests)); i < len(requests); i++ {
		s.endIfFailed()
		out[i], _ = s.applyRequest(l.Index, requests[i])
		s.position.next()
	}
	return out
}

// applyRequest gives a *apply.Result or an error.
func (s *Store) applyRequest(index uint64, data []byte) (response any, op uint64) {
	if p, ok := readPlainPut(data); ok && s.putsPlainly(p) {
		return s.applyPut(p), p.op
	}
	r := new(pb.InternalRaftRequest)
	if err := proto.Unmarshal(data, r); err != nil {
		return fmt.Errorf("entry %d is no request to the store: %w", index, err), 0
	}
	op = r.GetHeader().GetID()
	if err := s.refusal(r); err != nil {
		return err, op
	}
	result := s.ua.Apply(&apply.InternalRaftRequestWrapper{InternalRaftRequest: r}, membership.ApplyBoth)
	if result == nil {
		return nil, op
	}
	if result.Physc != nil {
		s.compacted.Store(&result.Physc)
	}
	if errors.Is(result.Err, etcderrors.ErrNoSpace) && len(s.alarms.Load().Get(pb.AlarmType_NOSPACE)) == 0 {
		s.askForAlarm()
	}
	return result, op
}

// recoverApply keeps a panic of etcd's code from ending the process with all its nodes.
func (s *Store) recoverApply(index uint64) {
	if p := recover(); p != nil {
		s.fail(fmt.Errorf("the store of %s gave up at entry %d: %v; wipe this node and let it join again as a new member", s.o.Node, index, p))
		runtime.Goexit()
	}
}

func (s *Store) tell(index, op uint64) {
	if s.o.Tap == nil {
		return
	}
	s.o.Tap(event.Event{Kind: event.Applied, Node: s.o.Node, Index: index, Op: op, Rev: s.Revision()})
}

// askForAlarm has Serve propose the alarm NOSPACE; one request that waits is enough.
func (s *Store) askForAlarm() {
	select {
	case s.noSpace <- struct{}{}:
	default:
	}
}
