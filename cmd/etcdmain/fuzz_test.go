package etcdmain

import (
	"io"
	"strings"
	"testing"
)

// sound is what the server may rely on.
func sound(t *testing.T, s *settings) {
	t.Helper()
	if s.Heartbeat == 0 || s.Election/s.Heartbeat < 5 || s.Election > longestElection {
		t.Errorf("a heartbeat of %d and an election timeout of %d are taken", s.Heartbeat, s.Election)
	}
	if len(s.ListenPeer) == 0 || len(s.ListenClient) == 0 || len(s.AdvertisePeer) == 0 || len(s.AdvertiseClient) == 0 {
		t.Errorf("a list of URLs is empty: %+v", s)
	}
	for _, list := range []urls{s.ListenPeer, s.ListenClient, s.ListenMetrics, s.AdvertisePeer, s.AdvertiseClient} {
		if text, _ := list.MarshalText(); len(list) > 0 {
			var again urls
			if err := again.UnmarshalText(text); err != nil {
				t.Errorf("the URLs %s are taken, but not a second time: %v", text, err)
			}
		}
	}
	if s.InitialClusterState != stateNew && s.InitialClusterState != stateExisting {
		t.Errorf("the state of the cluster is %q", s.InitialClusterState)
	}
}

func FuzzFile(f *testing.F) {
	for _, text := range []string{everythingInAFile, "", "{}", "name: x", "name: [x]", "wal-dir: ''", "cipher-suites: ROT13", "a: &a [*a]",
		"feature-gates: x=y", "listen-peer-urls: null", "peer-transport-security: 3", "Name: 1\nname: 2", "heartbeat-interval: 1e3", "\t"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, _, err := fromYAML(text)
		if err != nil || s.check() != nil {
			return
		}
		sound(t, s)
	})
}

func FuzzFlags(f *testing.F) {
	for _, text := range []string{everythingInFlags, "", "--name", "-name=x y", "--wal-dir=x", "--pre-vote=maybe", "--", "-", "--=", "--v2-deprecation=gone",
		"--listen-client-urls=unix://x --advertise-client-urls=unix://x", "--listen-peer-urls=http://[::1]:1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l := commandLine("etcd")
		l.SetOutput(io.Discard)
		l.Usage = func() {}
		if l.Parse(strings.Fields(text)) != nil {
			return
		}
		s, err := l.finish()
		if err != nil || s.check() != nil {
			return
		}
		sound(t, s)
	})
}
