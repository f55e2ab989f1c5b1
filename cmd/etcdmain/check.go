package etcdmain

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/tlsutil"
)

const longestElection = 50000 // milliseconds, as in etcd

var errNoAdvertised = errors.New("--advertise-client-urls is required when --listen-client-urls is set explicitly")

// check judges the settings as etcd does, in its order and with its words.
func (s *settings) check() error {
	for _, judge := range []func() error{s.checkURLs, s.checkTimes, s.checkCompaction, s.checkTLS, s.checkRest} {
		if err := judge(); err != nil {
			return err
		}
	}
	return nil
}

func (s *settings) checkURLs() error {
	for _, list := range []urls{s.ListenPeer, s.ListenClient, s.ListenMetrics} {
		if err := checkBind(list); err != nil {
			return err
		}
	}
	if err := checkHosts(s.AdvertisePeer); err != nil {
		return fmt.Errorf(`--initial-advertise-peer-urls %q must be "host:port" (%w)`, strings.Join(s.AdvertisePeer.texts(), ","), err)
	}
	if err := checkHosts(s.AdvertiseClient); err != nil {
		return fmt.Errorf(`--advertise-client-urls %q must be in the format "host:port", "unix:/path/to/socket" or "unixs:/path/to/socket" (%w)`, strings.Join(s.AdvertiseClient.texts(), ","), err)
	}
	if s.InitialClusterState != stateNew && s.InitialClusterState != stateExisting {
		return fmt.Errorf("unexpected clusterState %q", s.InitialClusterState)
	}
	if s.ListenClient != nil && s.AdvertiseClient == nil {
		return errNoAdvertised
	}
	return nil
}

// checkBind wants addresses, because a name may mean several.
func checkBind(list []url.URL) error {
	for _, u := range list {
		if u.Scheme == "unix" || u.Scheme == "unixs" {
			continue
		}
		host, _, err := net.SplitHostPort(u.Host)
		if err != nil {
			return err
		}
		if host != "localhost" && net.ParseIP(host) == nil {
			return fmt.Errorf("expected IP in URL for binding (%s)", u.String())
		}
	}
	return nil
}

func checkHosts(list []url.URL) error {
	for _, u := range list {
		if u.Scheme == "unix" || u.Scheme == "unixs" {
			continue
		}
		host, _, err := net.SplitHostPort(u.Host)
		if err != nil {
			return err
		}
		if host == "" {
			return fmt.Errorf("unexpected empty host (%s)", u.String())
		}
	}
	return nil
}

func (s *settings) checkTimes() error {
	switch {
	case s.Heartbeat == 0:
		return fmt.Errorf("--heartbeat-interval must be >0 (set to %dms)", s.Heartbeat)
	case s.Election == 0:
		return fmt.Errorf("--election-timeout must be >0 (set to %dms)", s.Election)
	case s.Heartbeat > s.Election/5:
		return fmt.Errorf("--election-timeout[%vms] should be at least as 5 times as --heartbeat-interval[%vms]", s.Election, s.Heartbeat)
	case s.Election > longestElection:
		return fmt.Errorf("--election-timeout[%vms] is too long, and should be set less than %vms", s.Election, longestElection)
	}
	return nil
}

func (s *settings) checkCompaction() error {
	switch s.CompactionMode {
	case modePeriodic, modeRevision:
	case "":
		return errors.New("undefined auto-compaction-mode")
	default:
		return fmt.Errorf("unknown auto-compaction-mode %q", s.CompactionMode)
	}
	if s.CompactionRetain == "" {
		s.CompactionRetain = "0"
	}
	if n, err := strconv.Atoi(s.CompactionRetain); err == nil && n >= 0 {
		return nil
	}
	if _, err := time.ParseDuration(s.CompactionRetain); err != nil {
		return fmt.Errorf("error parsing CompactionRetention: %w", err)
	}
	return nil
}

func (s *settings) checkTLS() error {
	least, err := tlsutil.GetTLSVersion(s.TLSMinVersion)
	if err != nil {
		return err
	}
	most, err := tlsutil.GetTLSVersion(s.TLSMaxVersion)
	if err != nil {
		return err
	}
	if most != 0 && least > most {
		return fmt.Errorf("min version (%s) is greater than max version (%s)", s.TLSMinVersion, s.TLSMaxVersion)
	}
	if least == tls.VersionTLS13 && len(s.CipherSuites) > 0 {
		return errors.New("cipher suites cannot be configured when only TLS1.3 is enabled")
	}
	if _, err := tlsutil.GetCipherSuites(s.CipherSuites); err != nil {
		return err
	}
	for _, u := range s.ListenClient {
		if secure(u) && s.Client.empty() && !s.Client.AutoTLS {
			return fmt.Errorf("TLS key/cert (--cert-file, --key-file) must be provided for client url %s with HTTPS scheme", u.String())
		}
	}
	for _, u := range s.ListenPeer {
		if secure(u) && s.Peer.empty() && !s.Peer.AutoTLS {
			return fmt.Errorf("TLS key/cert (--peer-cert-file, --peer-key-file) must be provided for peer url %s with HTTPS scheme", u.String())
		}
	}
	return nil
}

// secure says whether a listener of that URL speaks TLS.
func secure(u url.URL) bool { return u.Scheme == "https" || u.Scheme == "unixs" }

func (c security) empty() bool { return c.CertFile == "" && c.KeyFile == "" }

func (s *settings) checkRest() error {
	if s.MaxTxnOps == 0 || s.MaxRequestBytes == 0 {
		return fmt.Errorf("--max-txn-ops and --max-request-bytes must be >0 (set to %d and %d): nothing could be written", s.MaxTxnOps, s.MaxRequestBytes)
	}
	if s.Metrics != metricsBasic && s.Metrics != metricsExtensive {
		return fmt.Errorf("unknown value %q of --metrics; it is basic or extensive", s.Metrics)
	}
	return refuseGates(s.Gates)
}
