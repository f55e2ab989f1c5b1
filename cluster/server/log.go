package server

import (
	"fmt"
	"io"
	"log"
	"slices"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// logger is raft's, in etcd's form.
type logger struct {
	z     *zap.SugaredLogger
	name  string
	bound []any
}

func newLogger(z *zap.Logger) hclog.Logger {
	return &logger{z: z.WithOptions(zap.AddCallerSkip(1)).Sugar()}
}

// Trace and the others are hclog's.
func (l *logger) Trace(msg string, args ...any) { l.Debug(msg, args...) }

// Debug is hclog's.
func (l *logger) Debug(msg string, args ...any) { l.z.Debugw(msg, formatted(args)...) }

// Info is hclog's.
func (l *logger) Info(msg string, args ...any) { l.z.Infow(msg, formatted(args)...) }

// Warn is hclog's.
func (l *logger) Warn(msg string, args ...any) { l.z.Warnw(msg, formatted(args)...) }

// Error is hclog's.
func (l *logger) Error(msg string, args ...any) { l.z.Errorw(msg, formatted(args)...) }

// Log is hclog's.
func (l *logger) Log(level hclog.Level, msg string, args ...any) {
	switch level {
	case hclog.Info:
		l.Info(msg, args...)
	case hclog.Warn:
		l.Warn(msg, args...)
	case hclog.Error:
		l.Error(msg, args...)
	case hclog.NoLevel, hclog.Trace, hclog.Debug, hclog.Off:
		l.Debug(msg, args...)
	}
}

// formatted are values as raft wants them shown.
func formatted(args []any) []any {
	out := slices.Clone(args)
	for i, a := range out {
		if f, ok := a.(hclog.Format); ok && len(f) > 0 {
			out[i] = fmt.Sprintf(fmt.Sprint(f[0]), f[1:]...)
		}
	}
	return out
}

func (l *logger) enabled(at zapcore.Level) bool { return l.z.Desugar().Core().Enabled(at) }

// IsTrace and the others are hclog's.
func (l *logger) IsTrace() bool { return l.IsDebug() }

// IsDebug is hclog's.
func (l *logger) IsDebug() bool { return l.enabled(zapcore.DebugLevel) }

// IsInfo is hclog's.
func (l *logger) IsInfo() bool { return l.enabled(zapcore.InfoLevel) }

// IsWarn is hclog's.
func (l *logger) IsWarn() bool { return l.enabled(zapcore.WarnLevel) }

// IsError is hclog's.
func (l *logger) IsError() bool { return l.enabled(zapcore.ErrorLevel) }

// ImpliedArgs are those that With has bound.
func (l *logger) ImpliedArgs() []any { return l.bound }

// With binds values to a logger.
func (l *logger) With(args ...any) hclog.Logger {
	return &logger{l.z.With(formatted(args)...), l.name, append(l.bound[:len(l.bound):len(l.bound)], args...)}
}

// Name is that of the logger.
func (l *logger) Name() string { return l.name }

// Named gives a logger with a longer name.
func (l *logger) Named(name string) hclog.Logger { return &logger{l.z.Named(name), name, l.bound} }

// ResetNamed gives a logger with another name.
func (l *logger) ResetNamed(name string) hclog.Logger { return l.Named(name) }

// SetLevel does nothing: the level is that of zap.
func (l *logger) SetLevel(hclog.Level) {}

// GetLevel is the level as hclog counts it.
func (l *logger) GetLevel() hclog.Level {
	switch {
	case l.IsDebug():
		return hclog.Debug
	case l.IsInfo():
		return hclog.Info
	case l.IsWarn():
		return hclog.Warn
	}
	return hclog.Error
}

// StandardLogger and StandardWriter are for libraries that want one of Go's.
func (l *logger) StandardLogger(*hclog.StandardLoggerOptions) *log.Logger {
	return zap.NewStdLog(l.z.Desugar())
}

// StandardWriter is the writer of StandardLogger.
func (l *logger) StandardWriter(o *hclog.StandardLoggerOptions) io.Writer {
	return l.StandardLogger(o).Writer()
}
