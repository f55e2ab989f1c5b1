package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
	"go.etcd.io/etcd/server/v3/storage/mvcc"
	"go.etcd.io/etcd/server/v3/storage/schema"
)

// peekWait is how long a store may take to let go of its file.
const peekWait = time.Second

// Peek says up to which entry the store in a directory has come, and its revision, without changing anything there; the store must not be
// open. Both are 0 if there is none.
func Peek(dir string) (applied uint64, revision int64, err error) {
	path := filepath.Join(dir, "db")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return 0, 0, nil
	}
	defer func() {
		if p := recover(); p != nil { // bbolt panics on pages it cannot make sense of
			err = fmt.Errorf("the store in %s cannot be looked at: %v", dir, p)
		}
	}()
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: peekWait})
	if err != nil {
		return 0, 0, fmt.Errorf("the store in %s cannot be looked at: %w", dir, err)
	}
	defer db.Close()
	err = db.View(func(tx *bolt.Tx) error {
		if b := tx.Bucket(schema.Meta.Name()); b != nil {
			if v := b.Get(schema.MetaConsistentIndexKeyName); len(v) == 8 {
				applied = binary.BigEndian.Uint64(v)
			}
			if v := b.Get(schema.FinishedCompactKeyName); len(v) > 0 {
				revision = mvcc.BytesToRev(v).Main
			}
		}
		if b := tx.Bucket(schema.Key.Name()); b != nil {
			if k, _ := b.Cursor().Last(); len(k) > 0 {
				revision = max(revision, mvcc.BytesToRev(k).Main)
			}
		}
		return nil
	})
	return applied, max(revision, 1), err
}
