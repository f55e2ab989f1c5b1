package disk

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/hashicorp/raft"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/quorumlab/quorumlab/cluster/store"
)

// machine is a node without raft: what is in its log is applied to its store.
type machine struct {
	t     *testing.T
	dir   string
	note  string
	drive *Drive
	store *store.Store
	last  uint64
}

func power(t *testing.T, dir, note string) *machine {
	t.Helper()
	m := &machine{t: t, dir: dir, note: note}
	var err error
	if m.drive, err = Open(Options{Dir: dir, Sync: true, Witness: note, Failed: func(err error) { t.Error(err) }}); err != nil {
		t.Fatal(err)
	}
	m.store, err = store.Open(store.Options{Dir: m.drive.StoreDir(), Sync: true, Synced: m.drive.StoreSynced, Failed: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	m.last, _ = m.drive.Log.LastIndex()
	return m
}

// writes n entries to the log, of which each counts one key up.
func (m *machine) writes(n int) {
	m.t.Helper()
	var batch []*raft.Log
	for range n {
		m.last++
		data, err := m.store.Sign(nil, &pb.InternalRaftRequest{Put: &pb.PutRequest{
			Key: fmt.Append(nil, "k", m.last%3), Value: make([]byte, m.last*97%1500)}}, m.last)
		if err != nil {
			m.t.Fatal(err)
		}
		batch = append(batch, &raft.Log{Index: m.last, Term: 1, Data: data})
	}
	if err := m.drive.Log.StoreLogs(batch); err != nil {
		m.t.Fatal(err)
	}
}

// applies what is in the log, from the beginning, as raft does after a start.
func (m *machine) applies() {
	m.t.Helper()
	for i := uint64(1); i <= m.last; i++ {
		var l raft.Log
		if err := m.drive.Log.GetLog(i, &l); err != nil {
			m.t.Fatal(err)
		}
		m.store.Apply(&l)
	}
}

// commit has the store write its file, as a snapshot does.
func (m *machine) commit() {
	m.t.Helper()
	shot, err := m.store.Snapshot()
	if err != nil {
		m.t.Fatal(err)
	}
	shot.Release()
}

// counts how often the keys were written.
func (m *machine) counts() (n int64) {
	m.t.Helper()
	r, err := m.store.Range(nil, &pb.RangeRequest{Key: []byte{0}, RangeEnd: []byte{0}})
	if err != nil {
		m.t.Fatal(err)
	}
	for _, kv := range r.Kvs {
		n += kv.Version
	}
	return n
}

func (m *machine) votes(n uint64) {
	m.t.Helper()
	if err := m.drive.Stable.SetUint64(keyTerm, n); err != nil {
		m.t.Fatal(err)
	}
}

// copyTo is what the directory holds while the machine goes on, as a killed process leaves it.
func (m *machine) copyTo(dir, note string) {
	m.t.Helper()
	if err := os.CopyFS(dir, os.DirFS(m.dir)); err != nil {
		m.t.Fatal(err)
	}
	b, err := os.ReadFile(m.note)
	if err == nil {
		err = os.WriteFile(note, b, 0o600)
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) close() {
	m.t.Helper()
	if err := m.store.Close(); err != nil {
		m.t.Error(err)
	}
	if err := m.drive.Close(); err != nil {
		m.t.Error(err)
	}
}

// A power cut while the log, the vote and the store are being written takes nothing that an fsync had put on disk; nor does
// the next one, after the node has started on what the first one left.
func TestPowerLoss(t *testing.T) {
	lost := map[string]int{}
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) { // where no time passes the store commits only when it is told to
			dice := rand.New(rand.NewPCG(seed, 1))
			m := power(t, filepath.Join(t.TempDir(), "n"), filepath.Join(t.TempDir(), "note"))
			for range 3 {
				m = m.cut(dice, lost)
			}
			m.close()
		})
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
	if len(lost) < 3 {
		t.Errorf("only of %v something was ever lost", lost)
	}
}

// cut works a while, and gives the machine that starts on what a power cut then leaves.
func (m *machine) cut(dice *rand.Rand, lost map[string]int) *machine {
	t := m.t
	t.Helper()
	before, err := m.drive.Stable.GetUint64(keyTerm)
	if err != nil {
		t.Fatal(err)
	}
	for range dice.IntN(6) + 1 {
		m.writes(dice.IntN(9) + 1)
		m.applies()
		if dice.IntN(2) == 0 {
			m.commit()
		}
	}
	m.votes(before + 1)
	safe, safeTerm := m.last, before+1
	synced := dice.IntN(3) == 0
	if !synced { // what is written from now on has not been fsynced when the power goes
		m.drive.Log.o.witness, m.drive.Stable.o.witness = nil, nil
	}
	m.writes(dice.IntN(20) + 1)
	m.votes(before + 2)
	if synced {
		safe, safeTerm = m.last, before+2
	}
	dir, note := filepath.Join(t.TempDir(), "n"), filepath.Join(t.TempDir(), "note")
	m.copyTo(dir, note)
	m.close()
	what, err := LosePower(dir, note, dice)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range what {
		lost[w[strings.LastIndexByte(w, ' '):]]++
	}
	again := power(t, dir, note)
	if again.last < safe {
		t.Errorf("of %d entries on disk there are %d, lost: %v", safe, again.last, what)
	}
	if got, err := again.drive.Stable.GetUint64(keyTerm); err != nil || got < safeTerm {
		t.Errorf("the term is %d, and was %d on disk (%v)", got, safeTerm, err)
	}
	again.applies()
	if got := again.counts(); got != int64(again.last) {
		t.Errorf("%d entries were applied as %d", again.last, got)
	}
	return again
}

// What lies where a power cut may leave anything is really used by nothing.
func TestMetasAreBolts(t *testing.T) {
	m := power(t, filepath.Join(t.TempDir(), "n"), "")
	m.votes(1)
	m.votes(2)
	defer m.close()
	found, err := readMetas(filepath.Join(m.dir, stableFile))
	if err != nil || len(found) != 2 || found[0].txid() != found[1].txid()+1 {
		t.Fatalf("the pages are %v, %v", found, err)
	}
	if !bytes.Equal(found[0].b[:4], binary.LittleEndian.AppendUint32(nil, 0xED0CDAED)) {
		t.Errorf("the page begins with %x", found[0].b[:4])
	}
}
