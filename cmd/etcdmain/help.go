package etcdmain

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

const usage = `Usage:

  %[1]s [flags]
    Start an etcd server.

  %[1]s --version
    Show the version of etcd.

  %[1]s -h | --help
    Show the help information about etcd.

  %[1]s --config-file
    Path to the server configuration file. Note that if a configuration file is provided, other command line flags and environment variables will be ignored.
    Keys are the flags' names; those of TLS lie in client-transport-security and peer-transport-security. Durations are integers of nanoseconds.
`

// chapters are the help's, in etcd's order.
var chapters = []struct {
	title string
	flags []string
}{
	{"Member", []string{"name", "data-dir", "config-file", "listen-peer-urls", "listen-client-urls", "heartbeat-interval", "election-timeout",
		"snapshot-count", "snapshot-catchup-entries", "quota-backend-bytes", "max-txn-ops", "max-request-bytes", "max-concurrent-streams",
		"grpc-keepalive-min-time", "grpc-keepalive-interval", "grpc-keepalive-timeout",
		"watch-progress-notify-interval"}},
	{"Clustering", []string{"initial-advertise-peer-urls", "initial-cluster", "initial-cluster-state", "initial-cluster-token",
		"advertise-client-urls", "strict-reconfig-check", "pre-vote", "auto-compaction-retention", "auto-compaction-mode"}},
	{"Security", []string{"cert-file", "key-file", "client-cert-auth", "client-cert-file", "client-key-file", "client-crl-file",
		"client-cert-allowed-hostname", "trusted-ca-file", "auto-tls", "peer-cert-file", "peer-key-file", "peer-client-cert-auth",
		"peer-client-cert-file", "peer-client-key-file", "peer-crl-file", "peer-trusted-ca-file", "peer-cert-allowed-cn",
		"peer-cert-allowed-hostname", "peer-skip-client-san-verification", "peer-auto-tls", "self-signed-cert-validity",
		"cipher-suites", "tls-min-version", "tls-max-version"}},
	{"Auth", []string{"auth-token", "bcrypt-cost", "auth-token-ttl"}},
	{"Monitoring", []string{"metrics", "listen-metrics-urls", "listen-facts"}},
	{"Logging", []string{"logger", "log-outputs", "log-level", "log-format"}},
	{"Unsafe feature", []string{"force-new-cluster", "unsafe-no-fsync"}},
}

// help tells of every flag with its default, and of those that are refused.
func (l *line) help(out io.Writer) {
	for _, c := range chapters {
		fmt.Fprintf(out, "\n%s:\n", c.title)
		for _, name := range c.flags {
			if f := l.Lookup(name); f != nil { // --listen-facts is only there where facts can be served
				fmt.Fprintf(out, "  --%s '%s'\n    %s\n", f.Name, f.DefValue, f.Usage)
			}
		}
	}
	fmt.Fprint(out, "\nNot supported, with values that differ from what this server does:\n")
	for _, a := range absent {
		if a.why == "" {
			continue
		}
		fmt.Fprintf(out, "  --%s\n    %s.\n", a.name, strings.ToUpper(a.why[:1])+a.why[1:])
	}
	fmt.Fprint(out, "\nEvery flag can be given as a variable: --data-dir as ETCD_DATA_DIR. A flag and its variable together are refused.\n")
}

// told is the flags that the help has; the others are in absent or ignored.
func (l *line) told() []string {
	var all []string
	l.VisitAll(func(f *flag.Flag) {
		if _, is := f.Value.(*absentValue); !is && !slices.Contains(ignored, f.Name) {
			all = append(all, f.Name)
		}
	})
	return all
}
