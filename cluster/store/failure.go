package store

import (
	"fmt"
	"runtime"

	"go.etcd.io/etcd/server/v3/storage/backend"
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
// here would leave them held for ever. The hooks see to it that nothing is saved any more.
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
	h.s.fail(fmt.Errorf("the store of %s could not be written (%s); free some space and restart the node", h.s.o.Node, why))
	if e.Message != commitFailed {
		runtime.Goexit()
	}
}

// fail tells the owner once.
func (s *Store) fail(err error) {
	if s.failed.CompareAndSwap(false, true) {
		s.o.Failed(err)
	}
}

// hooks are etcd's, which save the consistent index with each commit, unless the store has failed: then a later commit
// would claim entries whose writes were lost.
type hooks struct {
	backend.Hooks
	s *Store
}

func (h hooks) OnPreCommitUnsafe(tx backend.UnsafeReadWriter) {
	if !h.s.failed.Load() {
		h.Hooks.OnPreCommitUnsafe(tx)
	}
}
