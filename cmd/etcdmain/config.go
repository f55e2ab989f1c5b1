package etcdmain

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/quorumlab/quorumlab/cluster/server"
	"go.etcd.io/etcd/client/pkg/v3/tlsutil"
	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.etcd.io/etcd/pkg/v3/netutil"
	"go.uber.org/zap"
	"golang.org/x/crypto/bcrypt"
)

// config makes the server's configuration of checked settings. It writes certificates where --auto-tls asks for them.
func (s *settings) config(log *zap.Logger, initialized bool) (server.Config, error) {
	members, err := types.NewURLsMap(s.InitialCluster)
	if err != nil && !initialized { // a member that is there knows its cluster
		return server.Config{}, fmt.Errorf("error setting up initial cluster: %w", err)
	}
	client, err := s.tls(log, "client", s.Client, s.ListenClient)
	if err != nil {
		return server.Config{}, err
	}
	peer, err := s.tls(log, "peer", s.Peer, s.ListenPeer)
	if err != nil {
		return server.Config{}, err
	}
	return server.Config{
		Name: s.Name, Dir: s.Dir,
		ListenPeer: s.ListenPeer, ListenClient: s.ListenClient, ListenMetrics: s.ListenMetrics, Record: s.Facts != "",
		AdvertisePeer: s.AdvertisePeer, AdvertiseClient: s.AdvertiseClient,
		InitialCluster: members, Token: s.InitialClusterToken, Existing: s.InitialClusterState == stateExisting,
		ForceNew: s.ForceNewCluster, StrictReconfig: s.StrictReconfigCheck, PreVote: s.PreVote,
		Heartbeat: time.Duration(s.Heartbeat) * time.Millisecond, Election: time.Duration(s.Election) * time.Millisecond,
		SnapshotCount: cmp.Or(s.SnapshotCount, defaults().SnapshotCount), Trailing: cmp.Or(s.CatchUp, defaults().CatchUp), NoFsync: s.UnsafeNoFsync,
		Witness: os.Getenv(witnessVariable),
		Quota:   s.Quota, CompactionMode: s.CompactionMode, CompactionRetain: s.CompactionRetain,
		MaxTxnOps: s.MaxTxnOps, MaxRequestBytes: s.MaxRequestBytes, MaxStreams: s.MaxStreams,
		KeepAliveLeast: s.KeepAliveMinTime, KeepAliveEvery: s.KeepAliveInterval, KeepAliveTimeout: s.KeepAliveTimeout,
		ProgressEvery: s.ProgressNotify,
		AuthToken:     s.AuthToken, AuthTokenTTL: time.Duration(s.AuthTokenTTL) * time.Second, BcryptCost: s.cost(log),
		ClientTLS: client, PeerTLS: peer, ExtensiveMetrics: s.Metrics == metricsExtensive, Log: log,
	}, nil
}

// witnessVariable names a file to which tests of power cuts have the node write what is on disk.
const witnessVariable = "QUORUMLAB_WITNESS"

// cost is bcrypt's; etcd takes its default for one that bcrypt does not have.
func (s *settings) cost(log *zap.Logger) int {
	if s.BcryptCost >= uint(bcrypt.MinCost) && s.BcryptCost <= uint(bcrypt.MaxCost) {
		return int(s.BcryptCost)
	}
	log.Warn("use default bcrypt cost instead of the invalid given cost", zap.Int("min-cost", bcrypt.MinCost),
		zap.Int("max-cost", bcrypt.MaxCost), zap.Int("default-cost", bcrypt.DefaultCost), zap.Uint("given-cost", s.BcryptCost))
	return bcrypt.DefaultCost
}

// tls reads and judges the files of one group, or makes them.
func (s *settings) tls(log *zap.Logger, whom string, c security, listen []url.URL) (transport.TLSInfo, error) {
	info := transport.TLSInfo{
		CertFile: c.CertFile, KeyFile: c.KeyFile, ClientCertFile: c.ClientCertFile, ClientKeyFile: c.ClientKeyFile,
		TrustedCAFile: c.TrustedCAFile, ClientCertAuth: c.ClientCertAuth, CRLFile: c.CRLFile,
		AllowedCNs: c.AllowedCNs, AllowedHostnames: c.AllowedHostnames, SkipClientSANVerify: c.SkipClientSANVerify,
		Logger: log,
	}
	if c.AutoTLS && !info.Empty() {
		log.Warn("ignoring " + whom + " auto TLS since certs given")
	} else if c.AutoTLS {
		var err error
		if info, err = transport.SelfCert(log, filepath.Join(s.Dir, "fixtures", whom), hosts(listen), s.SelfSignedValidity); err != nil {
			return info, fmt.Errorf("failed to get %s self-signed certs: %w", whom, err)
		}
	}
	if err := s.versions(&info); err != nil {
		return info, err
	}
	info.HandshakeFailure = rejected(log, "rejected connection on "+whom+" endpoint")
	if info.Empty() {
		return info, nil
	}
	if _, err := info.ServerConfig(); err != nil {
		return info, fmt.Errorf("the %s TLS files cannot be used: %w", whom, err)
	}
	log.Info("starting with "+whom+" TLS", zap.String("tls-info", info.String()), zap.Strings("cipher-suites", s.CipherSuites))
	for _, u := range listen {
		if !secure(u) {
			log.Warn("scheme is http or unix while key and cert files are present; ignoring key and cert files", zap.String(whom+"-url", u.String()))
		}
	}
	return info, nil
}

func (s *settings) versions(info *transport.TLSInfo) (err error) {
	if info.CipherSuites, err = tlsutil.GetCipherSuites(s.CipherSuites); err != nil {
		return err
	}
	if info.MinVersion, err = tlsutil.GetTLSVersion(s.TLSMinVersion); err != nil {
		return err
	}
	info.MaxVersion, err = tlsutil.GetTLSVersion(s.TLSMaxVersion)
	return err
}

func hosts(listen []url.URL) []string {
	all := make([]string, len(listen))
	for i, u := range listen {
		all[i] = u.Host
	}
	return all
}

// rejected logs a handshake that failed, quietly when the other side just went away.
func rejected(log *zap.Logger, msg string) func(*tls.Conn, error) {
	return func(conn *tls.Conn, err error) {
		state := conn.ConnectionState()
		fields := []zap.Field{zap.String("remote-addr", conn.RemoteAddr().String()), zap.String("server-name", state.ServerName)}
		if len(state.PeerCertificates) > 0 {
			cert := state.PeerCertificates[0]
			addresses := make([]string, len(cert.IPAddresses))
			for i, ip := range cert.IPAddresses {
				addresses[i] = ip.String()
			}
			fields = append(fields, zap.Strings("ip-addresses", addresses), zap.Strings("dns-names", cert.DNSNames))
		}
		level := zap.WarnLevel
		if errors.Is(err, io.EOF) {
			level = zap.DebugLevel
		}
		log.Log(level, msg, append(fields, zap.Error(err))...)
	}
}

// advertiseHost replaces default advertised URLs by this machine's address where it listens on all of them, and names
// the default cluster after a given name. It returns the host that it put in.
func (s *settings) advertiseHost() (string, error) {
	used := ""
	wild := func(listen, advertised urls, byDefault string) bool {
		return len(advertised) == 1 && advertised[0].String() == byDefault && len(listen) > 0 && listen[0].Hostname() == "0.0.0.0"
	}
	peer, client := wild(s.ListenPeer, s.AdvertisePeer, defaultPeerURL), wild(s.ListenClient, s.AdvertiseClient, defaultClientURL)
	var err error
	if peer || client {
		var host string
		if host, err = netutil.GetDefaultHost(); err == nil && host != "" {
			used = host
			if peer {
				s.AdvertisePeer[0].Host = host + ":" + s.ListenPeer[0].Port()
			}
			if client {
				s.AdvertiseClient[0].Host = host + ":" + s.ListenClient[0].Port()
			}
		}
	}
	if s.Name != defaultName && s.InitialCluster == defaults().InitialCluster {
		s.InitialCluster = s.alone()
	}
	return used, err
}
