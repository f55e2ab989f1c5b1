package etcdmain

import (
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.uber.org/zap"

	"github.com/quorumlab/quorumlab/cluster/server"
)

// read makes the configuration that a command line stands for.
func read(t *testing.T, args ...string) server.Config {
	t.Helper()
	var said strings.Builder
	p := &program{name: "etcd", out: &said, errs: &said, log: zap.NewNop()}
	s, code, err := p.settings(args)
	if err != nil || s == nil {
		t.Fatalf("%v: %v, exit code %d: %s", args, err, code, said.String())
	}
	if _, err := s.advertiseHost(); err != nil {
		t.Fatal(err)
	}
	c, err := s.config(zap.NewNop(), false)
	if err != nil {
		t.Fatal(err)
	}
	c.Log = nil
	for _, info := range []*transport.TLSInfo{&c.ClientTLS, &c.PeerTLS} {
		info.Logger, info.HandshakeFailure = nil, nil // of no value to compare
	}
	return c
}

func at(hosts ...string) []url.URL { return types.MustNewURLs(hosts) }

// everything is a configuration in which nothing is at its default.
func everything() server.Config {
	return server.Config{
		Name: "n1", Dir: "there",
		ListenPeer: at("http://127.0.0.1:1", "http://127.0.0.1:2"), AdvertisePeer: at("http://10.0.0.1:1"),
		ListenClient: at("http://127.0.0.1:3"), AdvertiseClient: at("http://10.0.0.1:3"), ListenMetrics: at("http://127.0.0.1:4"),
		InitialCluster: types.URLsMap{"n1": at("http://10.0.0.1:1"), "n2": at("http://10.0.0.2:1")},
		Token:          "ours", Existing: true, ForceNew: true,
		Heartbeat: 50 * time.Millisecond, Election: 500 * time.Millisecond, SnapshotCount: 77, Trailing: 33, NoFsync: true,
		Quota: 1 << 40, CompactionMode: "revision", CompactionRetain: "1000", MaxTxnOps: 9, MaxRequestBytes: 999, MaxStreams: 5,
		KeepAliveLeast: time.Second, KeepAliveEvery: 3 * time.Hour, KeepAliveTimeout: time.Minute, ProgressEvery: 5 * time.Second,
		AuthToken: "jwt,sign-method=HS256,priv-key=k", AuthTokenTTL: 7 * time.Second, BcryptCost: 4,
		ClientTLS:        transport.TLSInfo{TrustedCAFile: "ca", ClientCertAuth: true, ClientCertFile: "cc", ClientKeyFile: "ck", AllowedHostnames: []string{"a", "b"}, CipherSuites: []uint16{0xc02f}, MinVersion: 0x303, MaxVersion: 0x303},
		PeerTLS:          transport.TLSInfo{TrustedCAFile: "pca", ClientCertAuth: true, ClientCertFile: "pc", ClientKeyFile: "pk", AllowedCNs: []string{"x"}, AllowedHostnames: []string{"z"}, SkipClientSANVerify: true, CipherSuites: []uint16{0xc02f}, MinVersion: 0x303, MaxVersion: 0x303},
		ExtensiveMetrics: true,
	}
}

const everythingInFlags = `--name=n1 --data-dir=there --listen-peer-urls=http://127.0.0.1:2,http://127.0.0.1:1,http://127.0.0.1:2
--initial-advertise-peer-urls=http://10.0.0.1:1 --listen-client-urls=http://127.0.0.1:3 --advertise-client-urls=http://10.0.0.1:3
--listen-metrics-urls=http://127.0.0.1:4 --initial-cluster=n1=http://10.0.0.1:1,n2=http://10.0.0.2:1 --initial-cluster-token=ours
--initial-cluster-state=existing --force-new-cluster --heartbeat-interval=50 --election-timeout=500 --snapshot-count=77
--snapshot-catchup-entries=33 --unsafe-no-fsync --quota-backend-bytes=1099511627776 --auto-compaction-mode=revision
--auto-compaction-retention=1000 --max-txn-ops=9 --max-request-bytes=999 --max-concurrent-streams=5 --grpc-keepalive-min-time=1s
--grpc-keepalive-interval=3h --grpc-keepalive-timeout=1m --watch-progress-notify-interval=5s --auth-token=jwt,sign-method=HS256,priv-key=k --auth-token-ttl=7
--bcrypt-cost=4 --strict-reconfig-check=false --pre-vote=false --metrics=extensive --log-outputs=stderr,stdout --log-level=error
--trusted-ca-file=ca --client-cert-auth --client-cert-file=cc --client-key-file=ck --client-cert-allowed-hostname=a,b
--peer-trusted-ca-file=pca --peer-client-cert-auth --peer-client-cert-file=pc --peer-client-key-file=pk --peer-cert-allowed-cn=x
--peer-cert-allowed-hostname=z --peer-skip-client-san-verification --cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
--tls-max-version=TLS1.2`

const everythingInAFile = `
name: n1
data-dir: there
listen-peer-urls: http://127.0.0.1:2,http://127.0.0.1:1
initial-advertise-peer-urls: http://10.0.0.1:1
listen-client-urls: http://127.0.0.1:3
advertise-client-urls: http://10.0.0.1:3
listen-metrics-urls: http://127.0.0.1:4
initial-cluster: n1=http://10.0.0.1:1,n2=http://10.0.0.2:1
initial-cluster-token: ours
initial-cluster-state: existing
force-new-cluster: true
heartbeat-interval: 50
election-timeout: 500
snapshot-count: 77
snapshot-catchup-entries: 33
unsafe-no-fsync: true
quota-backend-bytes: 1099511627776
auto-compaction-mode: revision
auto-compaction-retention: 1000
max-txn-ops: 9
max-request-bytes: 999
max-concurrent-streams: 5
grpc-keepalive-min-time: 1000000000
grpc-keepalive-interval: 10800000000000
grpc-keepalive-timeout: 60000000000
auth-token: jwt,sign-method=HS256,priv-key=k
auth-token-ttl: 7
bcrypt-cost: 4
strict-reconfig-check: false
pre-vote: false
metrics: extensive
log-outputs: [stderr, stdout]
log-level: error
feature-gates: FastLeaseKeepAlive=true
watch-progress-notify-interval: 5000000000
enable-pprof: false
v2-deprecation: gone
cipher-suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
tls-max-version: TLS1.2
client-transport-security:
  trusted-ca-file: ca
  client-cert-auth: true
  client-cert-file: cc
  client-key-file: ck
  allowed-hostname: [a, b]
peer-transport-security:
  trusted-ca-file: pca
  client-cert-auth: true
  client-cert-file: pc
  client-key-file: pk
  allowed-cn: [x]
  allowed-hostname: [z]
  skip-client-san-verification: true
`

func TestEveryFlagReachesTheServer(t *testing.T) {
	if got := read(t, strings.Fields(everythingInFlags)...); !reflect.DeepEqual(got, everything()) {
		t.Errorf("the flags mean\n%+v; want\n%+v", got, everything())
	}
	v := reflect.ValueOf(everything())
	for _, field := range reflect.VisibleFields(v.Type()) {
		switch field.Name {
		case "Log", "Record", "Witness", "MetricsTLS", "StrictReconfig", "PreVote": // not of flags, or off here and on by default
			continue
		}
		if v.FieldByIndex(field.Index).IsZero() {
			t.Errorf("no flag of the test sets %s of the server's configuration", field.Name)
		}
	}
}

func TestEveryVariableReachesTheServer(t *testing.T) {
	for _, given := range strings.Fields(everythingInFlags) {
		name, value, has := strings.Cut(strings.TrimPrefix(given, "--"), "=")
		if !has {
			value = "true"
		}
		t.Setenv("ETCD_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_")), value)
	}
	if got := read(t); !reflect.DeepEqual(got, everything()) {
		t.Errorf("the variables mean\n%+v; want\n%+v", got, everything())
	}
}

func TestEveryKeyOfTheFileReachesTheServer(t *testing.T) {
	path := file(t, everythingInAFile)
	t.Setenv("ETCD_HEARTBEAT_INTERVAL", "71")
	if got := read(t, "--config-file", path, "--name=other", "--wal-dir=/elsewhere"); !reflect.DeepEqual(got, everything()) {
		t.Errorf("the file means\n%+v; want\n%+v", got, everything())
	}
	t.Setenv("ETCD_CONFIG_FILE", path)
	if got := read(t, "--name=other"); !reflect.DeepEqual(got, everything()) {
		t.Errorf("the file that a variable names means\n%+v; want\n%+v", got, everything())
	}
}

func TestDefaults(t *testing.T) {
	c := read(t)
	local := at("http://localhost:2380")
	if c.InitialCluster.String() != "default=http://localhost:2380" || !reflect.DeepEqual(c.ListenPeer, local) || !reflect.DeepEqual(c.AdvertisePeer, local) ||
		c.Token != "etcd-cluster" || !c.StrictReconfig || !c.PreVote || c.Existing || c.ForceNew || c.NoFsync || c.ExtensiveMetrics {
		t.Errorf("without flags the configuration is %+v", c)
	}
	if c := read(t, "--listen-peer-urls=", "--heartbeat-interval=1"); !reflect.DeepEqual(c.ListenPeer, local) {
		t.Errorf("an empty list of URLs leaves no default but %v", c.ListenPeer)
	}
	if c := read(t, "--name=n7"); c.InitialCluster.String() != "n7=http://localhost:2380" {
		t.Errorf("a member of its own is in the cluster %s", c.InitialCluster)
	}
	if c := read(t, "--bcrypt-cost=3"); c.BcryptCost != 10 {
		t.Errorf("a cost that bcrypt does not have becomes %d", c.BcryptCost)
	}
	if c := read(t, "--grpc-keepalive-interval=0", "--snapshot-count=0", "--snapshot-catchup-entries=0"); c.KeepAliveEvery != 0 || c.SnapshotCount != 10000 || c.Trailing != 5000 {
		t.Errorf("zeros mean %v, %d and %d", c.KeepAliveEvery, c.SnapshotCount, c.Trailing)
	}
	if c := read(t, "--initial-cluster-state=existing", "--auto-compaction-retention="); !c.Existing || c.CompactionRetain != "0" {
		t.Errorf("existing is %v, retention %q", c.Existing, c.CompactionRetain)
	}
	c = read(t, "--listen-peer-urls=http://0.0.0.0:1", "--listen-client-urls=http://0.0.0.0:2", "--advertise-client-urls=http://localhost:2379")
	if p, q := c.AdvertisePeer[0], c.AdvertiseClient[0]; p.Port() != "1" || q.Port() != "2" || p.Hostname() == "localhost" || p.Hostname() != q.Hostname() {
		t.Errorf("a member that listens on all addresses is advertised as %s and %s", p.String(), q.String())
	}
}

func TestAFlagAndItsVariableAreRefused(t *testing.T) {
	t.Setenv("ETCD_NAME", "one")
	code, _, errs := try(t, "--name=other")
	if code != codeFailed || !strings.Contains(errs, `"ETCD_NAME" is shadowed by corresponding command-line flag`) {
		t.Errorf("it ends with %d and says %s", code, errs)
	}
	t.Setenv("ETCD_NAME", "")
	t.Setenv("ETCD_HEARTBEAT_INTERVAL", "soon")
	code, _, errs = try(t)
	if code != codeFailed || !strings.Contains(errs, `invalid value "soon" for ETCD_HEARTBEAT_INTERVAL`) {
		t.Errorf("it ends with %d and says %s", code, errs)
	}
}

func TestAutoTLSMakesCertificates(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "member of its own")
	c := read(t, "--data-dir="+dir, "--auto-tls", "--peer-auto-tls", "--listen-peer-urls=https://127.0.0.1:1",
		"--listen-client-urls=https://127.0.0.1:2", "--advertise-client-urls=https://127.0.0.1:2", "--tls-min-version=TLS1.3")
	for _, info := range []transport.TLSInfo{c.ClientTLS, c.PeerTLS} {
		if _, err := os.Stat(info.CertFile); err != nil {
			t.Error(err)
		}
		if tls, err := info.ServerConfig(); err != nil || tls.MinVersion != 0x304 {
			t.Errorf("the certificates made cannot be used from TLS 1.3 on: %v", err)
		}
	}
}

func TestLogGoesWhereItIsSent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	code, out, errs := try(t, "--log-outputs=stdout,"+path, "--log-format=console", "--heartbeat-interval=0")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if code != codeFailed || !strings.Contains(string(text), "warn") || string(text) != out || strings.Contains(errs, "warn") {
		t.Errorf("the file has %q, standard output %q, standard error %q", text, out, errs)
	}
	if strings.Contains(out, `{"level"`) {
		t.Errorf("the console format is JSON: %s", out)
	}
}

func TestVersionIsEtcds(t *testing.T) {
	code, out, _ := try(t, "--version")
	if code != codeDone || !strings.HasPrefix(out, "etcd Version: 3.7.3\nGit SHA: ") {
		t.Errorf("--version ends with %d and says %s", code, out)
	}
}
