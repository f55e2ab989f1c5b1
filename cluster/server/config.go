package server

import (
	"net/url"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.uber.org/zap"
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

	AuthToken    string        // "simple" or "jwt,pub-key=…,priv-key=…,sign-method=…,ttl=…"
	AuthTokenTTL time.Duration // of simple tokens
	BcryptCost   int

	ClientTLS, PeerTLS transport.TLSInfo
	MetricsTLS         transport.TLSInfo // zero: that of the clients, where a URL is https

	ExtensiveMetrics bool // metrics=extensive
	NoFsync          bool // unsafe-no-fsync
	Log              *zap.Logger
}
