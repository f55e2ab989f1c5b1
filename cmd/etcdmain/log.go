package etcdmain

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/logutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// newLogger writes as etcd writes: zap's lines, JSON unless another format is asked for, thinned when one line repeats.
func (s *settings) newLogger(out, errs io.Writer) (*zap.Logger, error) {
	switch s.Logger {
	case "zap":
	case "capnslog":
		return nil, errors.New("--logger=capnslog is removed in v3.5")
	default:
		return nil, fmt.Errorf("unknown logger option %q", s.Logger)
	}
	level, err := zapcore.ParseLevel(s.LogLevel)
	if err != nil {
		return nil, fmt.Errorf("unknown value %q of --log-level; it is debug, info, warn, error, panic or fatal", s.LogLevel)
	}
	format, err := logutil.ConvertToZapFormat(s.LogFormat)
	if err != nil {
		return nil, err
	}
	sink, err := s.openOutputs(out, errs)
	if err != nil {
		return nil, err
	}
	encoder := zapcore.NewJSONEncoder(logutil.DefaultZapLoggerConfig.EncoderConfig)
	if format == logutil.ConsoleLogFormat {
		encoder = zapcore.NewConsoleEncoder(logutil.DefaultZapLoggerConfig.EncoderConfig)
	}
	thinned := zapcore.NewSamplerWithOptions(zapcore.NewCore(encoder, sink, level), time.Second,
		logutil.DefaultZapLoggerConfig.Sampling.Initial, logutil.DefaultZapLoggerConfig.Sampling.Thereafter)
	return zap.New(thinned, zap.AddCaller(), zap.AddStacktrace(zapcore.FatalLevel), zap.ErrorOutput(sink)), nil
}

// openOutputs opens what --log-outputs lists, each once.
func (s *settings) openOutputs(out, errs io.Writer) (zapcore.WriteSyncer, error) {
	outputs := slices.Clone(s.LogOutputs)
	if len(outputs) == 0 {
		outputs = append(outputs, defaultOutput)
	}
	slices.Sort(outputs)
	outputs = slices.Compact(outputs)
	if len(outputs) > 1 && slices.Contains(outputs, defaultOutput) {
		return nil, fmt.Errorf("multi logoutput for %q is not supported yet", defaultOutput)
	}
	var sinks []zapcore.WriteSyncer
	for _, name := range outputs {
		switch {
		case name == defaultOutput, name == "stderr":
			sinks = append(sinks, zapcore.Lock(zapcore.AddSync(errs)))
		case name == "stdout":
			sinks = append(sinks, zapcore.Lock(zapcore.AddSync(out)))
		case name == "systemd/journal":
			return nil, errors.New("--log-outputs=systemd/journal is not supported: write to stderr, which systemd keeps in its journal")
		case name == "" || strings.Contains(name, "://"):
			return nil, fmt.Errorf("%q is no log output; --log-outputs takes default, stderr, stdout and paths of files", name)
		default:
			file, _, err := zap.Open(name)
			if err != nil {
				return nil, fmt.Errorf("the log file of --log-outputs cannot be opened: %w", errors.Unwrap(err))
			}
			sinks = append(sinks, file)
		}
	}
	return zapcore.NewMultiWriteSyncer(sinks...), nil
}
