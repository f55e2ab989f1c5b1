package node

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/disk"
)

// A leader may ask for an entry that a snapshot here holds and the log no more. What the snapshot holds is dropped from
// the request with that question; what follows stays, and a request that raft can judge goes through as it is.
func TestEntriesBehindASnapshotAreNotRefused(t *testing.T) {
	d, err := disk.Open(disk.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	n := &Node{drive: d}
	n.snapshotAt.Store(5)
	entries := func(first, last uint64) (es []*raft.Log) {
		for i := first; i <= last; i++ {
			es = append(es, &raft.Log{Index: i, Term: 2})
		}
		return es
	}
	check := func(what string, prev, last, wantPrev, wantFirst uint64, want int) {
		t.Helper()
		q := &raft.AppendEntriesRequest{PrevLogEntry: prev, PrevLogTerm: 2, Entries: entries(prev+1, last)}
		got := n.guardEntries(q).(*raft.AppendEntriesRequest)
		if got.PrevLogEntry != wantPrev || len(got.Entries) != want || want > 0 && got.Entries[0].Index != wantFirst {
			t.Errorf("%s: previous %d, %d entries", what, got.PrevLogEntry, len(got.Entries))
		}
		if q.PrevLogEntry != prev || len(q.Entries) != int(last-prev) {
			t.Errorf("%s: the request itself was changed; a copy of it may be under way", what)
		}
	}
	check("empty log, the snapshot's own last entry", 5, 8, 5, 6, 3)
	check("empty log, before it", 3, 8, 0, 6, 3)
	if err := d.Log.StoreLogs(entries(6, 8)); err != nil {
		t.Fatal(err)
	}
	check("the snapshot's last entry is not in the log", 5, 9, 0, 6, 4)
	check("all of it is in the snapshot", 2, 4, 0, 0, 0)
	check("in the log", 6, 9, 6, 7, 3)
	check("behind the log", 11, 12, 11, 12, 1)
}

// No answer leaves while entries that this node stored as a leader are still being written: whoever gets it may count them.
func TestAnswersWaitForTheDisk(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		d, err := disk.Open(disk.Options{Dir: dir, Delay: func() time.Duration { <-gate; return 0 }})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		n := &Node{drive: d}
		if err := d.Log.StoreAhead([]*raft.Log{{Index: 1, Term: 1}}); err != nil {
			t.Fatal(err)
		}
		left := make(chan struct{})
		go func() {
			n.served(&raft.TimeoutNowRequest{}, &raft.TimeoutNowResponse{}, nil)
			close(left)
		}()
		synctest.Wait() // until nothing can go on but by the gate
		select {
		case <-left:
			t.Error("the answer left before the entry was on disk")
		default:
		}
		close(gate)
		<-left
		if got := d.Log.OnDisk(1); got != 1 {
			t.Errorf("the answer left with %d entries on disk", got)
		}
	})
}
