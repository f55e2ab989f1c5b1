package store

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/raft"
	"go.etcd.io/etcd/client/pkg/v3/fileutil"
	"go.etcd.io/etcd/pkg/v3/traceutil"
	"go.etcd.io/etcd/server/v3/lease"
	"go.etcd.io/etcd/server/v3/storage/backend"
	"go.etcd.io/etcd/server/v3/storage/schema"
)

// Snapshot is the store's file, as etcd sends it. What was applied is committed to disk first, so the log up to here is
// not needed any more.
func (s *Store) Snapshot() (raft.FSMSnapshot, error) {
	s.kv.Commit()
	if s.failed.Load() {
		return nil, fmt.Errorf("the store of %s has failed, so it has no snapshot to give", s.o.Node)
	}
	return snapshot{s.be.Snapshot()}, nil
}

type snapshot struct{ backend.Snapshot }

// Persist writes the file to the sink.
func (s snapshot) Persist(sink raft.SnapshotSink) error {
	if _, err := s.WriteTo(sink); err != nil {
		return errors.Join(err, sink.Cancel())
	}
	return sink.Close()
}

// Release ends the read transaction; raft calls it whatever happens.
func (s snapshot) Release() { s.Close() }

// Restore puts a snapshot in the place of the store, in the order of etcd's applySnapshot. A crash leaves the old file or
// the new one.
func (s *Store) Restore(from io.ReadCloser) error {
	defer from.Close()
	if err := s.receive(from); err != nil {
		return fmt.Errorf("the snapshot for %s could not be written: %w", s.o.Node, err)
	}
	s.bemu.Lock()
	defer s.bemu.Unlock()
	old := s.be
	s.be = s.openBackend()
	s.index.SetBackend(s.be)
	s.position.load(s.be.ReadTx())
	s.lessor.Recover(s.be, func() lease.TxnDelete { return s.kv.Write(traceutil.TODO()) })
	if err := s.kv.Restore(s.be); err != nil {
		return fmt.Errorf("the snapshot for %s cannot be read: %w", s.o.Node, err)
	}
	s.be.SetTxPostLockInsideApplyHook(s.position.write)
	s.auth.Recover(schema.NewAuthBackend(s.log, s.be))
	s.recoverMembers()
	if err := s.buildApplier(); err != nil {
		return err
	}
	s.progress.start(s.index.ConsistentIndex())
	return old.Close()
}

// receive replaces the file, whole or not at all.
func (s *Store) receive(from io.Reader) error {
	to, err := os.Create(s.newPath())
	if err != nil {
		return err
	}
	size, err := io.Copy(to, from)
	if err == nil && size == 0 {
		err = errors.New("it is empty, so what it stands for should be on this disk, and is not: wipe this node and let it join again as a new member, or put the file back from a copy")
	}
	if err == nil && s.o.Sync {
		err = to.Sync()
	}
	if err := errors.Join(err, to.Close()); err != nil {
		return err
	}
	if s.detached.Load() {
		return errors.Join(errors.New("the node is dead"), removeLeft(s.newPath()))
	}
	if err := os.Rename(s.newPath(), s.path); err != nil {
		return err
	}
	return s.syncDir()
}

// syncDir makes the name of the file durable.
func (s *Store) syncDir() error {
	if !s.o.Sync {
		return nil
	}
	d, err := fileutil.OpenDir(s.o.Dir)
	if err != nil {
		return err
	}
	return errors.Join(fileutil.Fsync(d), d.Close())
}
