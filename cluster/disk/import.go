package disk

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/hashicorp/raft"
	bolt "go.etcd.io/bbolt"
	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/client/pkg/v3/fileutil"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"
	"go.etcd.io/etcd/server/v3/storage/schema"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"
)

// Imported is what a data directory said that etcdutl snapshot restore has written.
type Imported struct {
	Cluster, Member uint64               // etcd's ids
	Members         []*membership.Member // by id
	Index, Term     uint64               // of the last entry that the store holds
}

// Names in etcd's data directory. Where its files are put aside no etcd looks for them.
const (
	etcdDir   = "member"
	asideDir  = "etcd.restored"
	etcdStore = "snap/db"
	etcdLog   = "wal"
	importing = ".importing"
	lockFor   = time.Second      // how long an etcd may take to let go of its files
	partKey   = "quorumlab_part" // package store's, and of another history
)

// Import makes a node's directory at to of what etcdutl snapshot restore has written to the data directory dir, and puts
// etcd's files aside there. It is nil if there are none. The configuration with which the node begins comes from the
// caller and has to be the same on all members. After a crash it may be called again; once the node has been started it
// must not be.
func Import(dir, to string, configure func([]*membership.Member) raft.Configuration) (*Imported, error) {
	from := filepath.Join(dir, etcdDir)
	if !fileutil.Exist(from) {
		from = filepath.Join(dir, asideDir)
	}
	if !fileutil.Exist(from) {
		return nil, nil
	}
	m, err := readEtcd(from)
	if err != nil {
		return nil, err
	}
	if !fileutil.Exist(to) {
		if err := m.build(from, to, configure(m.Members)); err != nil {
			return nil, fmt.Errorf("the backup in %s cannot be taken over: %w", from, err)
		}
	}
	if from == filepath.Join(dir, asideDir) {
		return m, nil
	}
	if err := os.Rename(from, filepath.Join(dir, asideDir)); err != nil {
		return nil, fmt.Errorf("etcd's files cannot be put aside: %w", err)
	}
	return m, syncDir(dir)
}

// readEtcd reads etcd's files and checks that they are a backup's and fit together.
func readEtcd(from string) (*Imported, error) {
	for _, name := range []string{etcdStore, etcdLog} {
		if path := filepath.Join(from, name); !fileutil.Exist(path) {
			return nil, fmt.Errorf("%s is not there, so %s is no data directory that etcdutl snapshot restore has written; restore the backup again, without --wal-dir, or name an empty directory", path, filepath.Dir(from))
		}
	}
	m := &Imported{}
	if err := guard(func() error { return m.readLog(filepath.Join(from, etcdLog)) }); err != nil {
		return nil, err
	}
	return m, m.readStore(filepath.Join(from, etcdStore))
}

// readLog takes the ids, and the place in the log, from etcd's write-ahead log. Behind the snapshot there may be nothing.
func (m *Imported) readLog(dir string) error {
	broken := func(err error) error {
		return fmt.Errorf("etcd's log in %s cannot be read (%w); restore the backup again", dir, err)
	}
	starts, err := wal.ValidSnapshotEntries(zap.NewNop(), dir)
	if err != nil || len(starts) == 0 {
		return broken(cmp.Or(err, errors.New("it has no snapshot")))
	}
	start := starts[len(starts)-1]
	w, err := wal.OpenForRead(zap.NewNop(), dir, start)
	if err != nil {
		return broken(err)
	}
	metadata, state, entries, err := w.ReadAll()
	_ = w.Close() // of a log that was opened for reading it always fails: there is nothing to fsync
	if err != nil {
		return broken(err)
	}
	var ids etcdserverpb.Metadata
	if err := proto.Unmarshal(metadata, &ids); err != nil {
		return broken(err)
	}
	m.Member, m.Cluster, m.Index, m.Term = ids.GetNodeID(), ids.GetClusterID(), start.GetIndex(), start.GetTerm()
	if len(entries) > 0 || state.GetCommit() != m.Index || m.Index == 0 {
		return m.inUse(dir)
	}
	return nil
}

func (m *Imported) inUse(path string) error {
	return fmt.Errorf("%s belongs to a member that an etcd has run: take a snapshot of its cluster (etcdctl snapshot save), restore that for each member (etcdutl snapshot restore) and start on those directories", path)
}

// readStore takes the members from etcd's store, and checks that it stands where the log does.
func (m *Imported) readStore(path string) error {
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: lockFor})
	if err != nil {
		return fmt.Errorf("etcd's store %s cannot be opened: %w; stop the etcd that uses it, or restore the backup again", path, err)
	}
	defer db.Close()
	var index uint64
	err = db.View(func(tx *bolt.Tx) error {
		if b := tx.Bucket(schema.Meta.Name()); b != nil {
			if v := b.Get(schema.MetaConsistentIndexKeyName); len(v) == 8 {
				index = binary.BigEndian.Uint64(v)
			}
		}
		b := tx.Bucket(schema.Members.Name())
		if b == nil {
			return nil
		}
		return b.ForEach(func(k, v []byte) error {
			member := &membership.Member{}
			if err := json.Unmarshal(v, member); err != nil {
				return fmt.Errorf("the member %q cannot be decoded: %w", k, err)
			}
			m.Members = append(m.Members, member)
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("etcd's store %s cannot be read: %w; restore the backup again", path, err)
	}
	slices.SortFunc(m.Members, func(a, b *membership.Member) int { return cmp.Compare(a.ID, b.ID) })
	if !slices.ContainsFunc(m.Members, func(x *membership.Member) bool { return uint64(x.ID) == m.Member }) {
		return fmt.Errorf("etcd's store %s does not know the member %x that its log belongs to; restore the backup again", path, m.Member)
	}
	if index != m.Index {
		return m.inUse(path)
	}
	return nil
}

// build makes the node's directory, whole or not at all.
func (m *Imported) build(from, to string, c raft.Configuration) error {
	tmp := to + importing
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	d, err := Open(Options{Dir: tmp, Sync: true})
	if err != nil {
		return err
	}
	err = errors.Join(m.fill(d, filepath.Join(from, etcdStore), c), d.Close())
	if err == nil {
		err = errors.Join(syncDir(d.StoreDir()), syncDir(tmp), os.Rename(tmp, to))
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	return syncDir(filepath.Dir(to))
}

// fill puts the store in its place, and the same as a snapshot behind which the log begins: whoever lacks what came
// before gets it from there.
func (m *Imported) fill(d *Drive, from string, c raft.Configuration) error {
	if err := os.MkdirAll(d.StoreDir(), 0o700); err != nil {
		return err
	}
	path := filepath.Join(d.StoreDir(), "db")
	if err := copyDB(path, from); err != nil {
		return err
	}
	_, trans := raft.NewInmemTransport("") // the snapshot's head wants one to encode addresses
	sink, err := d.Snapshots.Create(raft.SnapshotVersionMax, m.Index, m.Term, c, m.Index, trans)
	if err != nil {
		return err
	}
	db, err := os.Open(path)
	if err != nil {
		return errors.Join(err, sink.Cancel())
	}
	defer db.Close()
	if _, err := io.Copy(sink, db); err != nil {
		return errors.Join(err, sink.Cancel())
	}
	if err := sink.Close(); err != nil {
		return err
	}
	return d.Stable.SetUint64(keyTerm, m.Term)
}

// copyDB copies a store, and forgets how far its former cluster was in an entry.
func copyDB(to, from string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	db, err := bolt.Open(to, 0o600, &bolt.Options{NoFreelistSync: true, Timeout: lockFor})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bolt.Tx) error { return tx.Bucket(schema.Meta.Name()).Delete([]byte(partKey)) })
	return errors.Join(err, db.Close())
}
