package peer

import (
	"fmt"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/zap"
)

// logger passes on what raft's transport says. What it calls an error is that a connection ended.
type logger struct {
	hclog.Logger
	to *zap.SugaredLogger
}

func newLogger(to *zap.Logger) *logger {
	return &logger{hclog.NewNullLogger(), to.WithOptions(zap.AddCallerSkip(1)).Sugar()}
}

func (l *logger) Debug(msg string, args ...any) { l.to.Debugw(msg, plain(args)...) }
func (l *logger) Warn(msg string, args ...any)  { l.to.Warnw(msg, plain(args)...) }
func (l *logger) Error(msg string, args ...any) { l.to.Warnw(msg, plain(args)...) }

// plain turns raft's own string types into strings, which every encoder knows.
func plain(args []any) []any {
	for i, a := range args {
		if _, ok := a.(error); !ok {
			args[i] = fmt.Sprint(a)
		}
	}
	return args
}
