package server

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.uber.org/zap"
	"golang.org/x/crypto/bcrypt"
)

// Config says what etcd's flags say. DefaultConfig has etcd's defaults; Start checks it.
type Config struct {
	Name string // human-readable, one a cluster
	Dir  string // data-dir

	ListenPeer, ListenClient, ListenMetrics []url.URL
	AdvertisePeer, AdvertiseClient          []url.URL

	InitialCluster types.URLsMap // name → peer URLs
	Token          string        // initial-cluster-token
	Existing       bool          // initial-cluster-state is existing
	ForceNew       bool          // force-new-cluster: what the disk holds becomes a cluster of this member alone
	StrictReconfig bool
	PreVote        bool

	Heartbeat, Election time.Duration
	SnapshotCount       uint64 // entries until the next snapshot
	Trailing            uint64 // snapshot-catchup-entries: entries kept behind it

	Quota            int64  // bytes; 0: etcd's default, 2 GiB
	CompactionMode   string // "periodic" or "revision"
	CompactionRetain string // as etcd reads it: "10h", "1000"; "0": never
	MaxTxnOps        uint
	MaxRequestBytes  uint
	MaxStreams       uint32        // max-concurrent-streams
	KeepAliveLeast   time.Duration // grpc-keepalive-min-time
	KeepAliveEvery   time.Duration // grpc-keepalive-interval
	KeepAliveTimeout time.Duration // grpc-keepalive-timeout
	ProgressEvery    time.Duration // watch-progress-notify-interval; 0: etcd's default, 10 minutes

	AuthToken    string        // "simple" or "jwt,pub-key=…,priv-key=…,sign-method=…,ttl=…"
	AuthTokenTTL time.Duration // of simple tokens
	BcryptCost   int

	ClientTLS, PeerTLS transport.TLSInfo
	MetricsTLS         transport.TLSInfo // zero: that of the clients, where a URL is https

	ExtensiveMetrics bool   // metrics=extensive
	NoFsync          bool   // unsafe-no-fsync
	Record           bool   // what the member tells of itself can be watched
	Witness          string // a file outside of Dir for what an fsync has put on disk, see disk.LosePower; "": none
	Log              *zap.Logger
}

// DefaultConfig has etcd's defaults, and names no URLs.
func DefaultConfig() Config {
	return Config{Name: "default", Token: "etcd-cluster", StrictReconfig: true, PreVote: true, Heartbeat: 100 * time.Millisecond, Election: time.Second,
		SnapshotCount: 10_000, Trailing: 5_000, CompactionMode: "periodic", CompactionRetain: "0", AuthToken: "simple",
		AuthTokenTTL: 5 * time.Minute, BcryptCost: bcrypt.DefaultCost}
}

// maxElection is etcd's longest election timeout.
const maxElection = 50 * time.Second

// check refuses what cannot be run. The rest is checked where it is used.
func (c *Config) check() error {
	switch {
	case c.Log == nil:
		c.Log = zap.NewNop()
		return c.check()
	case c.Name == "":
		return errors.New("--name is empty; give this member a name of its own")
	case c.Dir == "":
		return errors.New("--data-dir is empty; say where this member keeps its data")
	case len(c.ListenPeer) == 0 || len(c.ListenClient) == 0:
		return errors.New("--listen-peer-urls and --listen-client-urls must name at least one URL each")
	case c.Heartbeat <= 0:
		return fmt.Errorf("--heartbeat-interval must be >0 (set to %v)", c.Heartbeat)
	case 5*c.Heartbeat > c.Election:
		return fmt.Errorf("--election-timeout[%v] should be at least as 5 times as --heartbeat-interval[%v]", c.Election, c.Heartbeat)
	case c.Election > maxElection:
		return fmt.Errorf("--election-timeout[%v] is too long, and should be set less than %v", c.Election, maxElection)
	}
	_, err := retention(c.CompactionMode, c.CompactionRetain)
	return err
}
