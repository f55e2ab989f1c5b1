package etcdmain

import (
	"flag"
	"fmt"
	"os"

	"go.etcd.io/etcd/pkg/v3/flags"
	"go.uber.org/zap"
)

// line is the command line: what is set by it, and what is asked of the program instead of starting.
type line struct {
	*flag.FlagSet
	settings     *settings
	configFile   string
	version      bool
	clusterState *flags.SelectiveStringValue
}

// commandLine has every flag that etcd has.
func commandLine(program string) *line {
	l := &line{
		FlagSet:      flag.NewFlagSet(program, flag.ContinueOnError),
		settings:     defaults(),
		clusterState: flags.NewSelectiveStringValue(stateNew, stateExisting),
	}
	l.StringVar(&l.configFile, "config-file", "", "Path to the server configuration file. Other flags and environment variables are ignored when it is given.")
	l.BoolVar(&l.version, "version", false, "Print the version and exit.")
	l.memberFlags(l.settings)
	l.clusterFlags(l.settings)
	l.limitFlags(l.settings)
	l.tlsFlags(l.settings)
	l.outputFlags(l.settings)
	for _, a := range absent {
		l.Var(&absentValue{absence: a}, a.name, "Not supported: "+a.why+".")
	}
	for _, name := range ignored {
		l.Var(&flags.IgnoredFlag{Name: name}, name, "")
	}
	l.Var(flags.NewSelectiveStringsValue("write-only", "write-only-skip-check", "write-only-drop-data", "gone"), "v2-deprecation",
		"Ignored, as by etcd.")
	return l
}

func (l *line) memberFlags(s *settings) {
	l.StringVar(&s.Name, "name", s.Name, "Human-readable name for this member.")
	l.StringVar(&s.Dir, "data-dir", s.Dir, "Path to the data directory; ${name}.etcd when it is not given.")
	l.TextVar(&s.ListenPeer, "listen-peer-urls", s.ListenPeer, "List of URLs to listen on for peer traffic.")
	l.TextVar(&s.ListenClient, "listen-client-urls", s.ListenClient, "List of URLs to listen on for clients' gRPC and HTTP.")
	l.TextVar(&s.ListenMetrics, "listen-metrics-urls", s.ListenMetrics, "List of URLs to listen on for the /metrics and /health endpoints. For https, the client URL TLS info is used.")
	l.UintVar(&s.Heartbeat, "heartbeat-interval", s.Heartbeat, "Time (in milliseconds) of a heartbeat interval.")
	l.UintVar(&s.Election, "election-timeout", s.Election, "Time (in milliseconds) for an election to timeout.")
	l.Uint64Var(&s.SnapshotCount, "snapshot-count", s.SnapshotCount, "Number of committed transactions to trigger a snapshot.")
	l.Uint64Var(&s.CatchUp, "snapshot-catchup-entries", s.CatchUp, "Number of entries for a slow follower to catch up after compacting the raft log.")
	l.BoolVar(&s.UnsafeNoFsync, "unsafe-no-fsync", s.UnsafeNoFsync, "Disables fsync, unsafe, will cause data loss.")
}

func (l *line) clusterFlags(s *settings) {
	l.TextVar(&s.AdvertisePeer, "initial-advertise-peer-urls", s.AdvertisePeer, "List of this member's peer URLs to advertise to the rest of the cluster.")
	l.TextVar(&s.AdvertiseClient, "advertise-client-urls", s.AdvertiseClient, "List of this member's client URLs to advertise to the public.")
	l.StringVar(&s.InitialCluster, "initial-cluster", s.InitialCluster, "Initial cluster configuration for bootstrapping.")
	l.Var(l.clusterState, "initial-cluster-state", "Initial cluster state ('new' when bootstrapping a new cluster or 'existing' when adding new members to an existing cluster). Ignored once the member has started.")
	l.StringVar(&s.InitialClusterToken, "initial-cluster-token", s.InitialClusterToken, "Initial cluster token for the cluster during bootstrap. Clusters with different tokens do not mix.")
	l.BoolVar(&s.StrictReconfigCheck, "strict-reconfig-check", s.StrictReconfigCheck, "Reject reconfiguration requests that would cause quorum loss.")
	l.BoolVar(&s.PreVote, "pre-vote", s.PreVote, "Enable the raft Pre-Vote algorithm to prevent disruption when a node that has been partitioned away rejoins the cluster.")
	l.BoolVar(&s.ForceNewCluster, "force-new-cluster", s.ForceNewCluster, "Force to create a new one-member cluster from what the data directory holds.")
}

func (l *line) limitFlags(s *settings) {
	l.Int64Var(&s.Quota, "quota-backend-bytes", s.Quota, "Sets the maximum size (in bytes) that the backend database may consume. Exceeding this triggers an alarm and puts the cluster in read-only mode. Set to 0 to use the default 2GiB limit.")
	l.StringVar(&s.CompactionMode, "auto-compaction-mode", s.CompactionMode, "Interpret 'auto-compaction-retention' one of: periodic|revision. 'periodic' for duration based retention, defaulting to hours if no time unit is provided (e.g. '5m'). 'revision' for revision number based retention.")
	l.StringVar(&s.CompactionRetain, "auto-compaction-retention", s.CompactionRetain, "Auto compaction retention length. 0 means disable auto compaction.")
	l.UintVar(&s.MaxTxnOps, "max-txn-ops", s.MaxTxnOps, "Maximum number of operations permitted in a transaction.")
	l.UintVar(&s.MaxRequestBytes, "max-request-bytes", s.MaxRequestBytes, "Maximum client request size in bytes the server will accept.")
	l.Var(flags.NewUint32Value(s.MaxStreams), "max-concurrent-streams", "Maximum concurrent streams that each client can open at a time.")
	l.DurationVar(&s.KeepAliveMinTime, "grpc-keepalive-min-time", s.KeepAliveMinTime, "Minimum duration interval that a client should wait before pinging server.")
	l.DurationVar(&s.KeepAliveInterval, "grpc-keepalive-interval", s.KeepAliveInterval, "Frequency duration of server-to-client ping to check if a connection is alive (0 to disable).")
	l.DurationVar(&s.KeepAliveTimeout, "grpc-keepalive-timeout", s.KeepAliveTimeout, "Additional duration of wait before closing a non-responsive connection (0 to disable).")
	l.DurationVar(&s.ProgressNotify, "watch-progress-notify-interval", s.ProgressNotify, "Duration of periodical watch progress notification (0 for ten minutes).")
	l.StringVar(&s.AuthToken, "auth-token", s.AuthToken, "Specify a v3 authentication token type and its options ('simple' or 'jwt').")
	l.UintVar(&s.AuthTokenTTL, "auth-token-ttl", s.AuthTokenTTL, "Time (in seconds) that a simple token lives.")
	l.UintVar(&s.BcryptCost, "bcrypt-cost", s.BcryptCost, "Specify the cost / strength of the bcrypt algorithm for hashing auth passwords. Valid values are between 4 and 31.")
	s.Gates.AddFlag(l.FlagSet, "feature-gates")
}

func (l *line) tlsFlags(s *settings) {
	for _, group := range []struct {
		prefix, whom string
		*security
	}{{"", "client", &s.Client}, {"peer-", "peer", &s.Peer}} {
		l.StringVar(&group.CertFile, group.prefix+"cert-file", "", "Path to the "+group.whom+" server TLS cert file.")
		l.StringVar(&group.KeyFile, group.prefix+"key-file", "", "Path to the "+group.whom+" server TLS key file.")
		l.StringVar(&group.ClientCertFile, group.prefix+"client-cert-file", "", "Path to an explicit TLS cert file for connections that this member opens; otherwise the cert file is used.")
		l.StringVar(&group.ClientKeyFile, group.prefix+"client-key-file", "", "Path to an explicit TLS key file for connections that this member opens; otherwise the key file is used.")
		l.BoolVar(&group.ClientCertAuth, group.prefix+"client-cert-auth", false, "Enable "+group.whom+" cert authentication.")
		l.StringVar(&group.TrustedCAFile, group.prefix+"trusted-ca-file", "", "Path to the "+group.whom+" server TLS trusted CA file.")
		l.BoolVar(&group.AutoTLS, group.prefix+"auto-tls", false, "TLS using self-generated certificates if no cert and key files are given.")
		l.Var(&group.AllowedHostnames, group.whom+"-cert-allowed-hostname", "Comma-separated list of allowed SAN hostnames for "+group.whom+" cert authentication.")
	}
	l.StringVar(&s.Client.CRLFile, "client-crl-file", "", "Path to the client certificate revocation list file.")
	l.StringVar(&s.Peer.CRLFile, "peer-crl-file", "", "Path to the peer certificate revocation list file.")
	l.Var(&s.Peer.AllowedCNs, "peer-cert-allowed-cn", "Comma-separated list of allowed CNs for inter-peer TLS authentication.")
	l.BoolVar(&s.Peer.SkipClientSANVerify, "peer-skip-client-san-verification", false, "Skip verification of SAN field in client certificate for peer connections.")
	l.UintVar(&s.SelfSignedValidity, "self-signed-cert-validity", s.SelfSignedValidity, "How many years a self-generated certificate is valid.")
	l.Var(&s.CipherSuites, "cipher-suites", "Comma-separated list of supported TLS cipher suites between client/server and peers (empty will be auto-populated by Go).")
	l.StringVar(&s.TLSMinVersion, "tls-min-version", s.TLSMinVersion, "Minimum TLS version. Possible values: TLS1.2, TLS1.3.")
	l.StringVar(&s.TLSMaxVersion, "tls-max-version", s.TLSMaxVersion, "Maximum TLS version. Possible values: TLS1.2, TLS1.3 (empty will be auto-populated by Go).")
}

func (l *line) outputFlags(s *settings) {
	l.StringVar(&s.Logger, "logger", s.Logger, "Currently only supports 'zap' for structured logging.")
	l.Var(&s.LogOutputs, "log-outputs", "'default' or 'stderr', 'stdout', or a comma-separated list of these and of files.")
	l.StringVar(&s.LogLevel, "log-level", s.LogLevel, "Configures log level. Only supports debug, info, warn, error, panic, or fatal.")
	l.StringVar(&s.LogFormat, "log-format", s.LogFormat, "Configures log format. Only supports json, console.")
	l.StringVar(&s.Metrics, "metrics", s.Metrics, "Set level of detail for exported metrics, specify 'extensive' to include server side grpc histogram metrics.")
}

// environment sets from ETCD_* what no flag has set. A variable beside its flag is refused, as etcd refuses it.
func (l *line) environment(log *zap.Logger) error {
	if v := os.Getenv("ETCD_VERSION"); v != "" { // it would ask for --version
		if err := os.Unsetenv("ETCD_VERSION"); err != nil {
			return err
		}
		log.Warn("cannot set special environment variable", zap.String("key", "ETCD_VERSION"), zap.String("value", v))
	}
	var err error
	l.Visit(func(f *flag.Flag) {
		key := flags.FlagToEnv("ETCD", f.Name)
		if _, both := os.LookupEnv(key); both && err == nil {
			err = fmt.Errorf("conflicting environment variable %q is shadowed by corresponding command-line flag (either unset environment variable or disable flag)", key)
		}
	})
	if err != nil {
		return err
	}
	return flags.SetFlagsFromEnv(log, "ETCD", l.FlagSet)
}

// finish is what the command line says, after flags and variables are read.
func (l *line) finish() (*settings, error) {
	if err := refuseAbsent(l.FlagSet); err != nil {
		return nil, err
	}
	s := l.settings
	s.MaxStreams = flags.Uint32FromFlag(l.FlagSet, "max-concurrent-streams")
	s.InitialClusterState = l.clusterState.String()
	if flags.IsSet(l.FlagSet, "listen-client-urls") && !flags.IsSet(l.FlagSet, "advertise-client-urls") {
		s.AdvertiseClient = nil // the default would be a lie; check says so
	}
	return s, nil
}
