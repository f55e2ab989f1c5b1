package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// Freeze keeps a copy of the file as it is now; when the store is closed the copy takes its place. So a node that is
// killed inside a process that goes on loses what a kill -9 would lose: writes that were applied but not yet committed to
// disk. They are replayed from the log. Only the first call counts.
func (s *Store) Freeze() error {
	if s.frozen.Load() {
		return nil
	}
	s.be.BatchTx().LockOutsideApply() // nothing is committed meanwhile
	defer s.be.BatchTx().Unlock()
	if err := copyFile(s.keptPath(), s.path); err != nil {
		return fmt.Errorf("the file of %s could not be kept as the crash found it: %w", s.o.Node, errors.Join(err, removeLeft(s.keptPath())))
	}
	s.frozen.Store(true)
	return nil
}

// Crash closes the store and leaves its file as Freeze, or else this call, found it.
func (s *Store) Crash() error { return errors.Join(s.Freeze(), s.Close()) }

func (s *Store) putBack() error {
	if !s.frozen.Load() {
		return nil
	}
	if err := os.Rename(s.keptPath(), s.path); err != nil {
		return fmt.Errorf("the file of %s could not be put back as the crash found it: %w", s.o.Node, err)
	}
	return nil
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
