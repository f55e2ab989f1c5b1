package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// Freeze leaves the file as it is now: a copy takes its place, and what the open store still writes goes to the old one,
// which vanishes when it is closed. So a node that is killed inside a process that goes on loses what a kill -9 would
// lose: writes that were applied but not yet committed to disk. They are replayed from the log. Only the first call counts.
func (s *Store) Freeze() error {
	tx := s.be.BatchTx()
	tx.LockOutsideApply() // nothing is committed meanwhile
	defer tx.Unlock()
	if err := s.detach(); err != nil {
		return fmt.Errorf("the file of %s could not be kept as the crash found it: %w", s.o.Node, err)
	}
	return nil
}

// Crash closes the store and leaves its file as Freeze, or else this call, found it.
func (s *Store) Crash() error { return errors.Join(s.Freeze(), s.Close()) }

// detach puts a copy in the place of the file; the caller sees to it that no commit is under way.
func (s *Store) detach() error {
	if s.detached.Load() {
		return nil
	}
	if err := copyFile(s.newPath(), s.path); err != nil {
		return errors.Join(err, removeLeft(s.newPath()))
	}
	s.detached.Store(true)
	return os.Rename(s.newPath(), s.path)
}

// copyFile copies a file and its holes: most of bbolt's file is room that was never written.
func copyFile(to, from string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.Create(to)
	if err != nil {
		return err
	}
	size, err := copyHoles(w, r)
	if err == nil {
		err = w.Truncate(size)
	}
	return errors.Join(err, w.Close())
}

func copyHoles(w *os.File, r io.Reader) (size int64, err error) {
	block, zeros := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, err := io.ReadFull(r, block)
		if n > 0 && !bytes.Equal(block[:n], zeros[:n]) {
			if _, err := w.WriteAt(block[:n], size); err != nil {
				return size, err
			}
		}
		size += int64(n)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return size, nil
		}
		if err != nil {
			return size, err
		}
	}
}
