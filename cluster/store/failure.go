package store

import (
	"errors"
	"fmt"
	"runtime"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// commitFailed is what etcd's backend says when a transaction does not reach the disk.
const commitFailed = "failed to commit tx"

// logger swallows etcd's messages but the fatal ones: those would end the process without a word.
func (s *Store) logger() *zap.Logger {
	return zap.NewNop().WithOptions(zap.WithFatalHook(fatalHook{s}))
}

type fatalHook struct{ s *Store }

// OnWrite is called instead of os.Exit. While the store is being opened it panics, and Open gives the error. After a
// failed commit it returns: bbolt has rolled back, and etcd goes on and releases its locks, whereas a goroutine that ended
// here would leave them held for ever. What etcd writes from now on must not count: it would lack the lost transaction.
func (h fatalHook) OnWrite(e *zapcore.CheckedEntry, fields []zapcore.Field) {
	why := e.Message
	for _, f := range fields {
		if err, ok := f.Interface.(error); ok && f.Type == zapcore.ErrorType {
			why += ": " + err.Error()
		}
	}
	if !h.s.opened.Load() {
		panic(why)
	}
	err := fmt.Errorf("the store of %s could not be written (%s); free some space and restart the node", h.s.o.Node, why)
	if e.Message != commitFailed {
		h.s.fail(err)
		runtime.Goexit()
	}
	if h.s.o.Fatal != nil {
		h.s.o.Fatal(err)
	}
	h.s.fail(errors.Join(err, h.s.detachOrRemove()))
}

// detachOrRemove leaves the file as it was before the failed commit, or, when there is no room for a copy, no file:
// snapshot and log have it all.
func (s *Store) detachOrRemove() error {
	if s.detach() == nil {
		return nil
	}
	s.detached.Store(true)
	return removeLeft(s.path)
}

// fail tells the owner once.
func (s *Store) fail(err error) {
	if s.failed.CompareAndSwap(false, true) {
		s.o.Failed(err)
	}
}
