package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/raft"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/membershippb"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"
)

// place reads addresses such as "a1@http://10.0.0.1:2380".
func place(a raft.ServerAddress) (uint64, []string, error) {
	id, urls, _ := strings.Cut(string(a), "@")
	n, err := strconv.ParseUint(id, 16, 64)
	return n, strings.Split(urls, ","), err
}

// configure commits a configuration: "a1@http://1" is a voter, "~a1@http://1" a learner.
func (r *rig) configure(servers ...string) *raft.Log {
	var c raft.Configuration
	for i, s := range servers {
		address, learner := strings.CutPrefix(s, "~")
		server := raft.Server{ID: raft.ServerID(fmt.Sprint("n", i+1)), Address: raft.ServerAddress(address)}
		if learner {
			server.Suffrage = raft.Nonvoter
		}
		c.Servers = append(c.Servers, server)
	}
	l := &raft.Log{Index: uint64(len(r.log) + 1), Term: 1, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(c)}
	r.log = append(r.log, l)
	r.s.StoreConfiguration(l.Index, c)
	return l
}

func (r *rig) members() string {
	var words []string
	for _, m := range r.s.Members() {
		w := fmt.Sprintf("%s %v", m.ID, m.PeerURLs)
		if m.IsLearner {
			w = "~" + w
		}
		if m.Name != "" {
			w += fmt.Sprintf(" %s%v", m.Name, m.ClientURLs)
		}
		words = append(words, w)
	}
	return strings.Join(words, ", ")
}

func (r *rig) expectMembers(want string) {
	r.t.Helper()
	if got := r.members(); got != want {
		r.t.Errorf("the members are %q, want %q", got, want)
	}
}

func (r *rig) name(member uint64, name string) error {
	_, err := r.sign(nil, &pb.InternalRaftRequest{ClusterMemberAttrSet: &membershippb.ClusterMemberAttrSetRequest{
		Member_ID: member, MemberAttributes: &membershippb.Attributes{Name: name, ClientUrls: []string{"http://" + name}}}})
	return err
}

// The list of members follows raft's configuration through all changes, restarts and snapshots; names come through the log.
func TestMembers(t *testing.T) {
	other := t.TempDir()
	inBubble(t, func(r *rig) {
		r.reopen(func() { r.o.Place, r.o.Member, r.o.Cluster = place, 0xa1, 0xc })
		r.configure("a1@http://1", "a2@http://2")
		r.expectMembers("a1 [http://1], a2 [http://2]")
		r.check(r.name(0xa1, "one"))
		r.configure("a1@http://1", "a2@http://2", "~a3@http://3,http://33")
		r.expectMembers("a1 [http://1] one[http://one], a2 [http://2], ~a3 [http://3 http://33]")
		r.configure("a1@http://1", "a2@http://2", "a3@http://3,http://33")
		r.configure("a1@http://1new", "a3@http://3,http://33")
		want := "a1 [http://1new] one[http://one], a3 [http://3 http://33]"
		r.expectMembers(want)
		if !r.s.Removed(0xa2) || r.s.Removed(0xa1) {
			t.Error("the second member is not among the removed, or the first one is")
		}
		if err := r.name(0xa9, "nobody"); !errors.Is(err, membership.ErrIDNotFound) {
			t.Errorf("a name for nobody: %v", err)
		}
		r.check(r.name(0xa2, "gone")) // as etcd: it is ignored
		for v, ok := range map[string]bool{"3.7.0": true, "4.0.0": false, "yesterday": false} {
			_, err := r.sign(nil, &pb.InternalRaftRequest{ClusterVersionSet: &membershippb.ClusterVersionSetRequest{Ver: v}})
			if (err == nil) != ok {
				t.Errorf("setting the version %s: %v", v, err)
			}
		}
		again := func() {
			t.Helper()
			r.expectMembers(want)
			if r.s.ClusterVersion() != "3.7.0" || !r.s.Removed(0xa2) || r.s.ring.ID() != 0xc || r.s.Applied() != uint64(len(r.log)) {
				t.Errorf("version %q, cluster %v, applied %d of %d", r.s.ClusterVersion(), r.s.ring.ID(), r.s.Applied(), len(r.log))
			}
		}
		again()
		r.reopen(nil)
		again()
		var shot sink
		snap, err := r.s.Snapshot()
		r.check(err)
		r.check(snap.Persist(&shot))
		snap.Release()
		r.reopen(func() { r.o.Dir = other })
		r.expectMembers("")
		r.check(r.s.Restore(io.NopCloser(bytes.NewReader(shot.Bytes()))))
		again()
		want = "a3 [http://3 http://33]"
		r.configure("a3@http://3,http://33")
		again2 := len(r.log)
		r.expectMembers(want)
		if again2 != int(r.s.Applied()) {
			t.Errorf("applied %d of %d", r.s.Applied(), again2)
		}
	})
}

// A store of a room keeps no list.
func TestNoMembers(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.configure("n1", "n2")
		r.expectMembers("")
		if err := r.name(1, "one"); !errors.Is(err, membership.ErrIDNotFound) {
			t.Errorf("a name for nobody: %v", err)
		}
	})
}

// Whatever part of a change of members is on disk when the node dies, the replay makes it whole.
func TestMembersAfterCrash(t *testing.T) {
	kept := t.TempDir()
	inBubble(t, func(r *rig) {
		r.reopen(func() { r.o.Place, r.o.batchLimit = place, 1 })
		commits := 0
		r.s.position.synced = func() {
			dir := filepath.Join(kept, fmt.Sprint(commits))
			r.check(mkdir(dir))
			r.check(copyFile(filepath.Join(dir, "db"), filepath.Join(r.o.Dir, "db")))
			commits++
		}
		r.configure("a1@http://1", "a2@http://2", "a3@http://3")
		r.check(r.name(0xa3, "three"))
		r.configure("a1@http://1", "~a4@http://4", "a3@http://33")
		r.s.position.synced = nil
		want := r.members()
		if commits < 6 {
			t.Fatalf("there were %d commits only", commits)
		}
		for i := range commits {
			r.reopen(func() { r.o.Dir = filepath.Join(kept, fmt.Sprint(i)) })
			for _, l := range r.log {
				if l.Type == raft.LogConfiguration {
					r.s.StoreConfiguration(l.Index, raft.DecodeConfiguration(l.Data))
				} else {
					r.s.Apply(l)
				}
			}
			r.expectMembers(want)
			if !r.s.Removed(0xa2) || r.s.Applied() != uint64(len(r.log)) {
				t.Errorf("after the crash at commit %d a2 is back, or not all was applied: %d", i, r.s.Applied())
			}
		}
	})
}
