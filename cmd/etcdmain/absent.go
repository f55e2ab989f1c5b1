package etcdmain

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/etcd/pkg/v3/featuregate"
	"go.etcd.io/etcd/server/v3/features"
)

// absence is a flag of etcd's that this server does not have.
type absence struct {
	name  string
	plain bool              // it may stand without a value, as a boolean flag does
	same  func(string) bool // values that ask for what this server does anyway
	why   string            // completes: --x is not supported: …
}

func only(values ...string) func(string) bool {
	return func(v string) bool { return slices.Contains(values, v) }
}

func anything(string) bool { return true }

// no is the values of a boolean flag that switch it off.
func no(v string) bool {
	on, err := strconv.ParseBool(v)
	return err == nil && !on
}

// lasting takes a duration as a flag says it, or in nanoseconds as the file does.
func lasting(same ...time.Duration) func(string) bool {
	return func(v string) bool {
		d, err := time.ParseDuration(v)
		if n, bad := strconv.ParseInt(v, 10, 64); bad == nil {
			d, err = time.Duration(n), nil
		}
		return err == nil && slices.Contains(same, d)
	}
}

// most is for limits of what is kept: any that leaves room for as much as is kept here, or for everything.
func most(kept int) func(string) bool {
	return func(v string) bool {
		n, err := strconv.Atoi(v)
		return err == nil && (n == 0 || n >= kept)
	}
}

const (
	noDiscovery = "a cluster is made from --initial-cluster or joined with --initial-cluster-state=existing; there is no discovery service"
	ofDiscovery = "it only matters with --discovery-endpoints"
	noTracing   = "there is no OpenTelemetry export; /metrics tells of requests"
	noGateway   = "there is no gateway for JSON over HTTP; clients speak gRPC"
	noCheck     = "members are not compared while they run; `etcdctl endpoint hashkv` compares them"
	engines     = "the log is of another make and has no such setting"
	warnings    = "slow requests are not warned of in the log"
)

// absent has every flag of etcd 3.7 that this server refuses, and why. A flag whose meaning is kept whatever it says is
// here too, so that no flag of etcd's is unknown.
var absent = []absence{
	{name: "wal-dir", same: only(""), why: "the log lies in the data directory"},
	{name: "listen-client-http-urls", same: only(""), why: "gRPC and HTTP share --listen-client-urls"},
	{name: "max-snapshots", same: most(2), why: "two snapshots are kept at most, and fewer cannot be asked for"},
	{name: "max-wals", same: only("0"), why: "the log keeps every file that members may still need, and no other"},
	{name: "initial-election-tick-advance", plain: true, same: no, why: "a member waits its whole election timeout after a start"},
	{name: "backend-bbolt-freelist-type", same: only("", "array", "map"), why: "the types are array and map"},
	{name: "backend-batch-interval", same: lasting(0, 500*time.Millisecond), why: "the backend commits when half a second has passed"},
	{name: "backend-batch-limit", same: only("0", "10000"), why: "the backend commits after 10000 operations at the latest"},
	{name: "socket-reuse-port", plain: true, same: no, why: "a port belongs to one process, so that a member started twice is told"},
	{name: "socket-reuse-address", plain: true, same: anything, why: ""}, // Go sets it on every listener
	{name: "raft-read-timeout", same: only(), why: engines},
	{name: "raft-write-timeout", same: only(), why: engines},
	{name: "memory-mlock", plain: true, same: no, why: "memory is not locked"},

	{name: "discovery-endpoints", same: only(""), why: noDiscovery},
	{name: "discovery-token", same: only(""), why: noDiscovery},
	{name: "discovery-srv", same: only(""), why: noDiscovery},
	{name: "discovery-srv-name", same: only(""), why: noDiscovery},
	{name: "discovery-config", same: only("{}"), why: noDiscovery},
	{name: "discovery-fallback", same: only("exit"), why: noDiscovery},
	{name: "discovery-dial-timeout", same: anything, why: ofDiscovery},
	{name: "discovery-request-timeout", same: anything, why: ofDiscovery},
	{name: "discovery-keepalive-time", same: anything, why: ofDiscovery},
	{name: "discovery-keepalive-timeout", same: anything, why: ofDiscovery},
	{name: "discovery-insecure-transport", plain: true, same: anything, why: ofDiscovery},
	{name: "discovery-insecure-skip-tls-verify", plain: true, same: anything, why: ofDiscovery},
	{name: "discovery-cert", same: anything, why: ofDiscovery},
	{name: "discovery-key", same: anything, why: ofDiscovery},
	{name: "discovery-cacert", same: anything, why: ofDiscovery},
	{name: "discovery-user", same: anything, why: ofDiscovery},
	{name: "discovery-password", same: anything, why: ofDiscovery},

	{name: "cors", same: only(""), why: "no headers are sent for pages of other origins, because " + noGateway},
	{name: "host-whitelist", same: only("", "*"), why: "every host name is accepted; use TLS against DNS rebinding"},
	{name: "enable-grpc-gateway", plain: true, same: no, why: noGateway},
	{name: "enable-pprof", plain: true, same: no, why: "profiles of the running process are not served"},

	{name: "enable-distributed-tracing", plain: true, same: no, why: noTracing},
	{name: "distributed-tracing-address", same: anything, why: noTracing},
	{name: "distributed-tracing-service-name", same: anything, why: noTracing},
	{name: "distributed-tracing-instance-id", same: anything, why: noTracing},
	{name: "distributed-tracing-sampling-rate", same: anything, why: noTracing},

	{name: "enable-log-rotation", plain: true, same: no, why: "log files are not rotated; let logrotate copy and truncate them"},
	{name: "log-rotation-config-json", same: anything, why: "log files are not rotated"},
	{name: "warning-apply-duration", same: only(), why: warnings},
	{name: "warning-unary-request-duration", same: only(), why: warnings},

	{name: "corrupt-check-time", same: lasting(0), why: noCheck},
	{name: "compact-hash-check-time", same: anything, why: noCheck}, // nothing to etcd without its gate CompactHashCheck
	{name: "compaction-batch-limit", same: only("0", "1000"), why: "a compaction deletes 1000 revisions at once"},
	{name: "compaction-sleep-interval", same: lasting(0, 10*time.Millisecond), why: "a compaction pauses for 10ms between its batches"},
	{name: "downgrade-check-time", same: only(), why: "a downgrade is noted, and nothing follows from it"},
	{name: "bootstrap-defrag-threshold-megabytes", same: only("0"), why: "a start does not defragment; `etcdctl defrag` does"},
	{name: "max-learners", same: only("1"), why: "a cluster has one learner at most"},
	{name: "socket-options", same: only("{}"), why: "listeners have no options"}, // a group of the file
	{name: "grpc-additional-server-options", same: only("[]"), why: "only programs that embed etcd can give them"},
}

// ignored are flags of times past that etcd takes and does nothing about.
var ignored = []string{"cluster-active-size", "cluster-remove-delay", "cluster-sync-interval", "config", "force",
	"max-result-buffer", "max-retry-attempts", "peer-heartbeat-interval", "peer-election-timeout", "retry-interval",
	"snapshot", "v", "vv", "test.coverprofile", "test.outputdir"}

// deprecated are flags that etcd warns of.
var deprecated = map[string]string{
	"max-snapshots":  "--max-snapshots is deprecated in 3.6 and will be decommissioned in 3.8.",
	"v2-deprecation": "--v2-deprecation is deprecated and scheduled for removal in v3.8. The default value is enforced, ignoring user input.",
}

// refuse says why value is not taken, or nothing when it asks for what this server does anyway.
func (a absence) refuse(value string) error {
	if a.same(value) {
		return nil
	}
	said := "--" + a.name
	if value != "" {
		said += "=" + value
	}
	return fmt.Errorf("%s is not supported: %s. Leave it out", said, a.why)
}

func absentFlag(name string) (absence, bool) {
	i := slices.IndexFunc(absent, func(a absence) bool { return a.name == name })
	if i < 0 {
		return absence{}, false
	}
	return absent[i], true
}

// absentValue keeps what an absent flag was given until the flags are judged, which they are not when there is a file.
type absentValue struct {
	absence
	given string
	set   bool
}

// Set is flag.Value's.
func (v *absentValue) Set(s string) error {
	v.given, v.set = s, true
	return nil
}

// String is flag.Value's.
func (v *absentValue) String() string { return v.given }

// IsBoolFlag tells the flag package that the flag may stand without a value.
func (v *absentValue) IsBoolFlag() bool { return v.plain }

// refuseAbsent names every flag that was given and is not supported.
func refuseAbsent(fs *flag.FlagSet) error {
	var all []error
	fs.Visit(func(f *flag.Flag) {
		if v, is := f.Value.(*absentValue); is && v.set {
			all = append(all, v.refuse(v.given))
		}
	})
	return errors.Join(all...)
}

// gates are etcd's feature gates that are not as here, and why. Those that are missing make no difference that a client
// could tell.
var gates = map[featuregate.Feature]string{
	features.InitialCorruptCheck:     noCheck,
	features.CompactHashCheck:        noCheck,
	features.LeaseCheckpoint:         "a new leader renews every lease, whatever was left of it",
	features.LeaseCheckpointPersist:  "a new leader renews every lease, whatever was left of it",
	features.SetMemberLocalAddr:      "the system chooses the address that a member calls others from",
	features.StopGRPCServiceOnDefrag: "clients are served while a member defragments, as far as it can",
	features.PriorityRequest:         "requests are applied in the order of the log",
}

func refuseGates(g featuregate.FeatureGate) error {
	var all []error
	for feature, why := range gates {
		if g.Enabled(feature) {
			all = append(all, fmt.Errorf("--feature-gates=%s=true is not supported: %s. Leave it out", feature, why))
		}
	}
	slices.SortFunc(all, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(all...)
}
