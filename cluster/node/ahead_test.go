package node_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/quorumlab/quorumlab/cluster/disk"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
)

// A leader's disk stands still while one follower has an entry already, so that the engine counts two copies of three.
// Then the leader loses power, and with it the entry, which the other two never hear of again. Until then nobody may have
// answered it, applied it, read it or been told that it is committed.
func TestLeaderLosesPowerWhileItWrites(t *testing.T) {
	r := newTrio(t)
	for _, m := range r.members {
		m.start(true)
	}
	leader := r.leader(r.members[:]...)
	r.writes(leader, "before")
	follower, absent := r.members[leader.id%3], r.members[(leader.id+1)%3]
	r.until("all have it", func() bool { return follower.has("before") && absent.has("before") })
	absent.stop()

	release := leader.hold()
	defer release()
	lost := leader.LastStored() + 1
	answers := make(chan error, 2)
	go func(n *node.Node) {
		_, err := n.Put(&node.Call{}, &pb.PutRequest{Key: []byte("lost")})
		answers <- err
	}(leader.Node)
	r.until("the engine takes it for committed", func() bool { return leader.EngineCommit() >= lost })
	if follower.LastStored() < lost {
		t.Fatal("the follower has not got it")
	}
	go func(n *node.Node) { // a read that asks the leader
		got, err := n.Range(&node.Call{}, &pb.RangeRequest{Key: []byte("lost")})
		if err == nil && got.Count == 0 {
			err = errBefore
		}
		answers <- err
	}(follower.Node)
	r.nothingOf(lost, answers, leader, follower)

	leader.losePower()
	release()
	follower.stop()
	leader.start(false)
	if leader.LastStored() >= lost {
		t.Fatal("the entry was not lost")
	}
	absent.start(false)
	r.writes(r.leader(leader, absent), "after")
	follower.start(false)
	for _, m := range r.members {
		r.until("all have what came after", func() bool { return m.has("after") })
		if !m.has("before") || m.has("lost") {
			t.Errorf("%v has what was lost, or has not what was not", m.id)
		}
	}
}

var errBefore = errors.New("it is not there")

// lookedAt is how often a leader tells a follower how much is committed while a test looks for what must not come of it.
const lookedAt = 20

// nothingOf looks for what would be wrong to happen with an entry, until the leader has had many occasions to tell of it.
func (r *trio) nothingOf(lost uint64, answers <-chan error, leader, follower *member) {
	r.t.Helper()
	before := follower.heard.Load()
	r.until("the follower was told often how much is committed", func() bool {
		over := follower.heard.Load() >= before+lookedAt // first, so that what the last one brought about is looked at
		for _, m := range []*member{leader, follower} {
			if s := m.Status(); s.Commit >= lost || s.Applied >= lost || m.told(event.Committed, lost) || m.told(event.Applied, lost) || m.has("lost") {
				r.t.Fatalf("%v takes entry %d for committed: %+v", m.id, lost, s)
			}
		}
		select {
		case err := <-answers:
			if !errors.Is(err, errBefore) {
				r.t.Fatalf("it was answered: %v", err)
			}
		default:
		}
		return over
	})
}

// losePower ends a member whose disk stands still, and leaves what a power cut leaves.
func (m *member) losePower() {
	t := m.trio.t
	t.Helper()
	dir := t.TempDir()
	left, note := filepath.Join(dir, "n"), filepath.Join(dir, "note")
	if err := os.CopyFS(left, os.DirFS(m.dir)); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(m.note)
	if err == nil {
		err = os.WriteFile(note, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := disk.LosePower(left, note, rand.New(rand.NewPCG(1, 1))); err != nil {
		t.Fatal(err)
	}
	_ = m.transport.Close() // nobody hears it any more
	running := m.Node
	m.Node = nil
	m.dir, m.note = left, note
	t.Cleanup(func() {
		if err := running.Shutdown(); err != nil {
			t.Error(err)
		}
	})
}
