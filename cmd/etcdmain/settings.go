package etcdmain

import (
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.etcd.io/etcd/pkg/v3/featuregate"
	"go.etcd.io/etcd/pkg/v3/flags"
	"go.etcd.io/etcd/server/v3/features"
	"golang.org/x/crypto/bcrypt"
)

// settings is what flags, variables and the configuration file say, under the names and in the units that etcd has
// for them. The names after json are those of the file; flags.go has those of the flags.
type settings struct {
	Name string `json:"name"`
	Dir  string `json:"data-dir"`

	ListenPeer      urls   `json:"listen-peer-urls"`
	ListenClient    urls   `json:"listen-client-urls"`
	ListenMetrics   urls   `json:"listen-metrics-urls"`
	Facts           string `json:"-"` // listen-facts
	AdvertisePeer   urls   `json:"initial-advertise-peer-urls"`
	AdvertiseClient urls   `json:"advertise-client-urls"`

	InitialCluster      string `json:"initial-cluster"`
	InitialClusterState string `json:"initial-cluster-state"`
	InitialClusterToken string `json:"initial-cluster-token"`
	StrictReconfigCheck bool   `json:"strict-reconfig-check"`
	PreVote             bool   `json:"pre-vote"`
	ForceNewCluster     bool   `json:"force-new-cluster"`

	Heartbeat     uint   `json:"heartbeat-interval"` // milliseconds
	Election      uint   `json:"election-timeout"`   // milliseconds
	SnapshotCount uint64 `json:"snapshot-count"`
	CatchUp       uint64 `json:"snapshot-catchup-entries"`
	UnsafeNoFsync bool   `json:"unsafe-no-fsync"`

	Quota             int64         `json:"quota-backend-bytes"`
	CompactionMode    string        `json:"auto-compaction-mode"`
	CompactionRetain  string        `json:"auto-compaction-retention"`
	MaxTxnOps         uint          `json:"max-txn-ops"`
	MaxRequestBytes   uint          `json:"max-request-bytes"`
	MaxStreams        uint32        `json:"max-concurrent-streams"`
	KeepAliveMinTime  time.Duration `json:"grpc-keepalive-min-time"`
	KeepAliveInterval time.Duration `json:"grpc-keepalive-interval"`
	KeepAliveTimeout  time.Duration `json:"grpc-keepalive-timeout"`
	ProgressNotify    time.Duration `json:"watch-progress-notify-interval"`

	AuthToken    string `json:"auth-token"`
	AuthTokenTTL uint   `json:"auth-token-ttl"` // seconds
	BcryptCost   uint   `json:"bcrypt-cost"`

	Client             security           `json:"client-transport-security"`
	Peer               security           `json:"peer-transport-security"`
	SelfSignedValidity uint               `json:"self-signed-cert-validity"` // years
	CipherSuites       flags.StringsValue `json:"cipher-suites"`
	TLSMinVersion      string             `json:"tls-min-version"`
	TLSMaxVersion      string             `json:"tls-max-version"`

	Logger     string             `json:"logger"`
	LogLevel   string             `json:"log-level"`
	LogFormat  string             `json:"log-format"`
	LogOutputs flags.StringsValue `json:"log-outputs"`
	Metrics    string             `json:"metrics"`

	// Gates are etcd's feature gates; only values that say what this server does anyway are taken.
	Gates featuregate.MutableFeatureGate `json:"-"`
}

// security is a group of etcd's file, and the flags without (clients) or with "peer-" before them.
type security struct {
	CertFile            string             `json:"cert-file"`
	KeyFile             string             `json:"key-file"`
	ClientCertFile      string             `json:"client-cert-file"`
	ClientKeyFile       string             `json:"client-key-file"`
	ClientCertAuth      bool               `json:"client-cert-auth"`
	TrustedCAFile       string             `json:"trusted-ca-file"`
	AutoTLS             bool               `json:"auto-tls"`
	AllowedCNs          flags.StringsValue `json:"allowed-cn"`
	AllowedHostnames    flags.StringsValue `json:"allowed-hostname"`
	SkipClientSANVerify bool               `json:"skip-client-san-verification"`
	CRLFile             string             `json:"-"` // etcd's file has no name for it
}

// Defaults of etcd that are asked for again later.
const (
	defaultName      = "default"
	defaultPeerURL   = "http://localhost:2380"
	defaultClientURL = "http://localhost:2379"
	defaultOutput    = "default" // of logs: stderr
	stateNew         = "new"
	stateExisting    = "existing"
	metricsBasic     = "basic"
	metricsExtensive = "extensive"
	modePeriodic     = "periodic"
	modeRevision     = "revision"
)

// defaults are etcd's.
func defaults() *settings {
	peer, client := []url.URL{{Scheme: "http", Host: "localhost:2380"}}, []url.URL{{Scheme: "http", Host: "localhost:2379"}}
	s := &settings{
		Name: defaultName,

		ListenPeer: peer, AdvertisePeer: slices.Clone(peer),
		ListenClient: client, AdvertiseClient: slices.Clone(client),

		InitialClusterState: stateNew,
		InitialClusterToken: "etcd-cluster",
		StrictReconfigCheck: true,
		PreVote:             true,

		Heartbeat:     100,
		Election:      1000,
		SnapshotCount: 10000,
		CatchUp:       5000,

		CompactionMode:    modePeriodic,
		CompactionRetain:  "0",
		MaxTxnOps:         128,
		MaxRequestBytes:   1.5 * 1024 * 1024,
		MaxStreams:        math.MaxUint32,
		KeepAliveMinTime:  5 * time.Second,
		KeepAliveInterval: 2 * time.Hour,
		KeepAliveTimeout:  20 * time.Second,

		AuthToken:    "simple",
		AuthTokenTTL: 300,
		BcryptCost:   uint(bcrypt.DefaultCost),

		SelfSignedValidity: 1,
		TLSMinVersion:      "TLS1.2",

		Logger:     "zap",
		LogLevel:   "info",
		LogFormat:  "json",
		LogOutputs: flags.StringsValue{defaultOutput},
		Metrics:    metricsBasic,

		Gates: features.NewDefaultServerFeatureGate("etcd", nil).(featuregate.MutableFeatureGate),
	}
	s.InitialCluster = s.alone()
	return s
}

// alone is the cluster of one that etcd makes when nothing is said about others.
func (s *settings) alone() string {
	var all []string
	for _, u := range s.AdvertisePeer {
		all = append(all, s.Name+"="+u.String())
	}
	return strings.Join(all, ",")
}

// urls is a list of URLs with commas between them, sorted and each once. Empty text leaves what was there, as etcd does.
type urls []url.URL

// UnmarshalText makes urls a flag's value and one of the file.
func (u *urls) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	all, err := types.NewURLs(strings.Split(string(text), ","))
	if err != nil {
		return err
	}
	*u = slices.CompactFunc(urls(all), func(a, b url.URL) bool { return a.String() == b.String() })
	return nil
}

// MarshalText is for the help.
func (u urls) MarshalText() ([]byte, error) { return []byte(strings.Join(u.texts(), ",")), nil }

func (u urls) texts() []string {
	all := make([]string, len(u))
	for i := range u {
		all[i] = u[i].String()
	}
	return all
}
