// Package etcdmain is etcd's command line: its flags, variables and configuration file start a server of this project.
package etcdmain

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/server"
	"go.etcd.io/etcd/api/v3/version"
	"go.etcd.io/etcd/client/pkg/v3/logutil"
	"go.etcd.io/etcd/pkg/v3/flags"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Exit codes are etcd's.
const (
	codeDone   = 0
	codeFailed = 1
	codeUsage  = 2 // the command line could not be read
)

// program is one run of the command line.
type program struct {
	name      string // as it is called in its usage
	out, errs io.Writer
	log       *zap.Logger
	facts     Facts // nil: not served
}

// Facts serves what a member tells of itself at an address, host and port, until stop.
type Facts func(address string, member *server.Server) (stop func(), err error)

// Main runs a member of a cluster until a signal ends it, and returns the exit code. args are without the program's
// name. A signal that ended it is sent again after everything was stopped, as etcd does, so that who waits for the
// process is told of it; then Main does not return.
func Main(name string, args []string, out, errs io.Writer) int {
	return MainWithFacts(name, args, out, errs, nil)
}

// MainWithFacts is Main with a flag more, --listen-facts: a program that can serve what a member tells of itself gives how.
func MainWithFacts(name string, args []string, out, errs io.Writer, facts Facts) int {
	p := &program{name: name, out: out, errs: errs, facts: facts}
	encoder := zapcore.NewJSONEncoder(logutil.DefaultZapLoggerConfig.EncoderConfig)
	p.log = zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(errs)), zap.InfoLevel), zap.AddCaller())
	s, code, err := p.settings(args)
	if s == nil && err == nil {
		return code
	}
	p.log.Info("Running: ", zap.Strings("args", append([]string{name}, args...)))
	if err != nil {
		p.log.Warn("failed to verify flags", zap.Error(err))
		return p.fail(err)
	}
	defer p.log.Sync()
	return p.run(s)
}

// fail ends with a sentence for people; the log has the same for programs, perhaps in a file.
func (p *program) fail(err error) int {
	fmt.Fprintf(p.errs, "%s: %v\n", p.name, err)
	return codeFailed
}

// settings reads the command line and what it points to. Without settings and error the program ends with the code.
func (p *program) settings(args []string) (*settings, int, error) {
	if len(args) > 0 && (args[0] == "gateway" || args[0] == "grpc-proxy") {
		return nil, codeFailed, fmt.Errorf("%q is not supported: this program is a member of a cluster; point clients at the members, or run etcd's own %s", args[0], args[0])
	}
	l := commandLine(p.name)
	if p.facts != nil {
		l.StringVar(&l.settings.Facts, "listen-facts", "", "Address (host:port) where programs may follow what this member does: /events, /state, /log and /ws as rooms have them. Not a flag of etcd's.")
	}
	l.SetOutput(p.errs)
	l.Usage = func() { fmt.Fprintf(p.errs, usage, p.name) }
	err := l.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		l.help(p.out)
		return nil, codeDone, nil
	case err != nil: // said, with the usage
		return nil, codeUsage, nil
	case l.NArg() > 0:
		return nil, codeFailed, fmt.Errorf("%q is not a valid flag", l.Arg(0))
	case l.version:
		p.version()
		return nil, codeDone, nil
	}
	s, given, err := p.sources(l)
	if err != nil {
		return nil, codeFailed, err
	}
	log, err := s.newLogger(p.out, p.errs)
	if err != nil {
		return nil, codeFailed, err
	}
	p.log = log
	for _, name := range given {
		if text, is := deprecated[name]; is {
			p.log.Warn(text)
		}
	}
	return s, codeDone, s.check()
}

// sources reads the file if there is one and nothing else, or else flags and variables. It also gives the names of what
// was set.
func (p *program) sources(l *line) (*settings, []string, error) {
	if l.configFile == "" {
		l.configFile = os.Getenv(flags.FlagToEnv("ETCD", "config-file"))
	}
	if l.configFile != "" {
		s, given, err := fromFile(l.configFile)
		if err == nil {
			p.log.Info("loaded server configuration, other configuration command line flags and environment variables will be ignored if provided",
				zap.String("path", l.configFile))
		}
		return s, given, err
	}
	if err := l.environment(p.log); err != nil {
		return nil, nil, err
	}
	s, err := l.finish()
	var given []string
	l.Visit(func(f *flag.Flag) { given = append(given, f.Name) })
	return s, given, err
}

func (p *program) version() {
	commit := "Not provided"
	if info, ok := debug.ReadBuildInfo(); ok {
		if i := slices.IndexFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "vcs.revision" }); i >= 0 {
			commit = info.Settings[i].Value[:7]
		}
	}
	fmt.Fprintf(p.out, "etcd Version: %s\nGit SHA: %s\nGo Version: %s\nGo OS/Arch: %s/%s\nServer: quorumlab\n",
		version.Version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// run starts the server and stays until it ends.
func (p *program) run(s *settings) int {
	if host, err := s.advertiseHost(); err != nil {
		p.log.Info("failed to detect default host", zap.Error(err))
	} else if host != "" {
		p.log.Info("detected default host for advertise", zap.String("host", host))
	}
	if s.Name == defaultName {
		p.log.Warn("it isn't recommended to use default name, please set a value for --name. "+
			"Note that etcd might run into issue when multiple members have the same default name", zap.String("name", s.Name))
	}
	if s.Dir == "" {
		s.Dir = s.Name + ".etcd"
		p.log.Warn("'data-dir' was empty; using default", zap.String("data-dir", s.Dir))
	}
	initialized, err := p.identify(s.Dir)
	if err != nil {
		return p.fail(err)
	}
	config, err := s.config(p.log, initialized)
	if err != nil {
		p.log.Error("failed to verify flags", zap.Error(err))
		return p.fail(err)
	}
	p.describe(s, config, initialized)
	return p.serve(s, config)
}

// identify says whether the data directory has a member.
func (p *program) identify(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		p.log.Error("failed to list data directory", zap.String("dir", dir), zap.Error(err))
		return false, fmt.Errorf("the data directory cannot be read: %w", err)
	}
	if slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == "proxy" }) {
		return false, fmt.Errorf("the data directory %q is of an etcd 2 proxy; choose another with --data-dir", dir)
	}
	for _, name := range []string{"member.json", "member"} { // ours, and that of a backup that etcdutl restored
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			p.log.Info("server has already been initialized", zap.String("data-dir", dir), zap.String("dir-type", "member"))
			return true, nil
		}
	}
	p.log.Info("Initialize and start etcd server", zap.String("data-dir", dir), zap.String("dir-type", "empty"))
	return false, nil
}

// describe logs what the server is about to do, in the fields of etcd's.
func (p *program) describe(s *settings, c server.Config, initialized bool) {
	p.log.Info("starting an etcd server",
		zap.String("etcd-version", version.Version), zap.String("go-version", runtime.Version()),
		zap.String("go-os", runtime.GOOS), zap.String("go-arch", runtime.GOARCH),
		zap.Int("max-cpu-set", runtime.GOMAXPROCS(0)), zap.Int("max-cpu-available", runtime.NumCPU()),
		zap.Bool("member-initialized", initialized), zap.String("name", s.Name), zap.String("data-dir", s.Dir),
		zap.Bool("force-new-cluster", s.ForceNewCluster),
		zap.String("heartbeat-interval", c.Heartbeat.String()), zap.String("election-timeout", c.Election.String()),
		zap.Uint64("snapshot-count", s.SnapshotCount), zap.Uint64("snapshot-catchup-entries", s.CatchUp),
		zap.Strings("initial-advertise-peer-urls", s.AdvertisePeer.texts()), zap.Strings("listen-peer-urls", s.ListenPeer.texts()),
		zap.Strings("advertise-client-urls", s.AdvertiseClient.texts()), zap.Strings("listen-client-urls", s.ListenClient.texts()),
		zap.Strings("listen-metrics-urls", s.ListenMetrics.texts()),
		zap.String("initial-cluster", c.InitialCluster.String()), zap.String("initial-cluster-state", s.InitialClusterState),
		zap.String("initial-cluster-token", s.InitialClusterToken), zap.Int64("quota-backend-bytes", s.Quota),
		zap.Uint("max-request-bytes", s.MaxRequestBytes), zap.Uint32("max-concurrent-streams", s.MaxStreams),
		zap.Bool("pre-vote", s.PreVote), zap.String("auto-compaction-mode", s.CompactionMode),
		zap.String("auto-compaction-retention", s.CompactionRetain))
}

// serve runs the member until it ends by itself or a signal says so.
func (p *program) serve(s *settings, c server.Config) int {
	signals := catch()
	defer signals.release()
	for {
		code, last := p.live(signals, s, c)
		if last {
			return code
		}
	}
}

// live is one life of the member; it is not the last if the member says that it only has to be started again.
func (p *program) live(signals signals, s *settings, c server.Config) (code int, last bool) {
	ctx, started := signals.starting()
	member, err := server.Start(ctx, c)
	started()
	if err != nil {
		select {
		case sig := <-signals.arrived:
			p.log.Info("received signal; shutting down", zap.String("signal", sig.String()))
			return again(sig), true
		default:
			p.hint(s, err)
			return p.fail(err), true
		}
	}
	unseen, err := p.serveFacts(s, member)
	if err != nil {
		return p.ended(member, err), true
	}
	defer unseen()
	ready := member.Ready()
	for {
		select {
		case <-ready:
			ready = nil
			p.ready(s)
		case sig := <-signals.arrived:
			p.log.Info("received signal; shutting down", zap.String("signal", sig.String()))
			if err := p.stop(member); err != nil {
				return p.fail(err), true
			}
			p.log.Sync()
			return again(sig), true
		case err := <-member.Ended():
			served := ready == nil // one that never did would start for ever
			if errors.Is(err, server.ErrAgain) && served && p.stop(member) == nil {
				p.log.Warn("starting the member again", zap.Error(err))
				return codeDone, false
			}
			return p.ended(member, err), true
		}
	}
}

// serveFacts lets others see what the member does, if they may; the result ends that.
func (p *program) serveFacts(s *settings, member *server.Server) (stop func(), err error) {
	if s.Facts == "" {
		return func() {}, nil
	}
	if stop, err = p.facts(s.Facts, member); err != nil {
		return nil, fmt.Errorf("--listen-facts %s: %w", s.Facts, err)
	}
	p.log.Info("serving the facts of this member", zap.String("address", s.Facts))
	return stop, nil
}

// stop ends the member in order.
func (p *program) stop(member *server.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopPatience)
	defer cancel()
	err := member.Stop(ctx)
	if err != nil {
		p.log.Error("failed to stop", zap.Error(err))
	}
	return err
}

// ended is for a member that cannot go on. One that was removed from its cluster ends content, as with etcd.
func (p *program) ended(member *server.Server, why error) int {
	p.log.Warn("server error", zap.Error(why))
	if errors.Is(why, server.ErrRemoved) {
		p.log.Warn("data-dir used by this member must be removed")
	}
	if err := p.stop(member); err != nil || !errors.Is(why, server.ErrRemoved) {
		return p.fail(errors.Join(why, err))
	}
	return codeDone
}

// hint logs why the server did not start, and what etcd advises then.
func (p *program) hint(s *settings, err error) {
	p.log.Error("failed to start", zap.Error(err))
	if !strings.Contains(err.Error(), "--initial-cluster") {
		return
	}
	if s.InitialCluster == s.alone() {
		p.log.Warn("forgot to set --initial-cluster?")
	}
	if len(s.AdvertisePeer) == 1 && s.AdvertisePeer[0].String() == defaultPeerURL {
		p.log.Warn("forgot to set --initial-advertise-peer-urls?")
	}
}
