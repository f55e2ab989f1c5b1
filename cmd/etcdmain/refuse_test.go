package etcdmain

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quorumlab/quorumlab/cmd/reference"
)

// try runs the command line in this process; it must be one that starts no server.
func try(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = Main("etcd", args, &o, &e)
	return code, o.String(), e.String()
}

// logged is the error that a program's log tells of.
func logged(t *testing.T, errs string) string {
	t.Helper()
	for l := range strings.Lines(errs) {
		var line struct{ Msg, Error string }
		if json.Unmarshal([]byte(l), &line) == nil && line.Error != "" {
			return line.Error
		}
	}
	t.Fatalf("no error is logged in %s", errs)
	return ""
}

func etcd(t *testing.T) string {
	t.Helper()
	programs, err := reference.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return programs.Etcd
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "etcd.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhatEtcdRefusesIsRefusedInItsWords(t *testing.T) {
	theirs := etcd(t)
	for _, args := range [][]string{
		{"--listen-peer-urls=http://example.org:2380"},
		{"--listen-client-urls=http://127.0.0.1:2379"},
		{"--listen-metrics-urls=http://some.host:1"},
		{"--initial-advertise-peer-urls=http://:2380"},
		{"--advertise-client-urls=http://:2379"},
		{"--heartbeat-interval=0"},
		{"--election-timeout=0"},
		{"--election-timeout=499"},
		{"--election-timeout=50001"},
		{"--auto-compaction-mode=daily"},
		{"--auto-compaction-mode="},
		{"--tls-min-version=TLS1.1"},
		{"--tls-min-version=TLS1.3", "--tls-max-version=TLS1.2"},
		{"--tls-min-version=TLS1.3", "--cipher-suites=TLS_RSA_WITH_AES_128_CBC_SHA"},
		{"--logger=capnslog"},
		{"--logger=slog"},
		{"--log-format=xml"},
		{"--log-outputs=default,stdout"},
		{"--feature-gates=NoSuchGate=true"},
		{"orphan"},
		{"--config-file", file(t, "heartbeat-interval: 0\n")},
		{"--config-file", file(t, "initial-cluster-state: old\n")},
		// What cannot be read ends with 2 and the usage.
		{"--no-such-flag=1"},
		{"--heartbeat-interval=soon"},
		{"--heartbeat-interval=-1"},
		{"--initial-cluster-state=old"},
		{"--listen-peer-urls=ftp://127.0.0.1:2380"},
		{"--listen-client-urls=http://127.0.0.1:2379/path", "--advertise-client-urls=http://127.0.0.1:2379"},
		{"--max-concurrent-streams=4294967296"},
		{"--version=maybe"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			var said bytes.Buffer
			real := exec.Command(theirs, append(args, "--data-dir="+t.TempDir())...)
			real.Dir, real.Stderr = t.TempDir(), &said
			if err := real.Run(); err == nil {
				t.Fatal("etcd takes it")
			}
			code, _, errs := try(t, append(args, "--data-dir="+t.TempDir())...)
			if code != real.ProcessState.ExitCode() {
				t.Errorf("the exit code is %d; etcd's is %d:\n%s", code, real.ProcessState.ExitCode(), said.String())
			}
			if code == codeUsage {
				first, _, _ := strings.Cut(said.String(), "\n")
				if ours, _, _ := strings.Cut(errs, "\n"); ours != first {
					t.Errorf("it says %q; etcd %q", ours, first)
				}
				return
			}
			if ours, want := logged(t, errs), logged(t, said.String()); !strings.HasSuffix(ours, want) {
				t.Errorf("it says %q; etcd %q", ours, want)
			}
		})
	}
}

// helpLine is a flag of etcd's help, and its default where it is told in quotes.
var helpLine = regexp.MustCompile(`(?m)^  --([a-z0-9-]+)(?: '(.*)')?`)

func TestEveryFlagOfEtcdIsKnownWithItsDefault(t *testing.T) {
	help, err := exec.Command(etcd(t), "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	// What the help says otherwise than the flag does.
	told := map[string]string{"data-dir": "", "max-concurrent-streams": "4294967295", "watch-progress-notify-interval": "0s"}
	// Flags of etcd 3.6 and before that the help of 3.7 still has; giving one is an error there too.
	gone := []string{"discovery", "discovery-proxy"}
	l := commandLine("etcd")
	seen := 0
	for _, m := range helpLine.FindAllStringSubmatch(string(help), -1) {
		name, value, quoted := m[1], m[2], strings.Contains(m[0], "'")
		if slices.Contains(gone, name) {
			continue
		}
		f := l.Lookup(name)
		if f == nil {
			t.Errorf("etcd's --%s is unknown", name)
			continue
		}
		if _, is := absentFlag(name); is || !quoted || name == "v2-deprecation" || name == "feature-gates" {
			continue
		}
		if other, is := told[name]; is {
			value = other
		}
		if d, err := time.ParseDuration(value); err == nil && value != "0" {
			value = d.String()
		}
		if f.DefValue != value {
			t.Errorf("--%s is %q when it is not given; with etcd it is %q", name, f.DefValue, value)
		}
		seen++
	}
	if seen < 50 {
		t.Errorf("etcd's help has %d flags with defaults that are compared, and should have 50 at least:\n%s", seen, help)
	}
}

func TestEveryFlagIsInTheHelp(t *testing.T) {
	code, help, _ := try(t, "--help")
	if code != codeDone {
		t.Errorf("--help ends with %d", code)
	}
	for _, name := range commandLine("etcd").told() {
		if !strings.Contains(help, "  --"+name) && name != "version" && name != "v2-deprecation" && name != "feature-gates" {
			t.Errorf("the help does not have --%s", name)
		}
	}
	for _, a := range absent {
		if a.why != "" && !strings.Contains(help, "  --"+a.name+"\n") {
			t.Errorf("the help does not say why --%s is not supported", a.name)
		}
	}
}

func TestWhatIsNotSupportedIsRefusedByName(t *testing.T) {
	for _, a := range absent {
		if a.same("an odd value") {
			continue // it says nothing that is not so here anyway
		}
		code, _, errs := try(t, "--"+a.name+"=an odd value")
		want := "--" + a.name + "=an odd value is not supported: " + a.why
		if code != codeFailed || !strings.Contains(errs, "etcd: "+want) {
			t.Errorf("--%s ends with %d and says %s", a.name, code, errs)
		}
		code, _, errs = try(t, "--config-file", file(t, a.name+": an odd value\n"))
		if code != codeFailed || !strings.Contains(errs, want) {
			t.Errorf("%s in a file ends with %d and says %s", a.name, code, errs)
		}
		t.Setenv(strings.ToUpper("ETCD_"+strings.ReplaceAll(a.name, "-", "_")), "an odd value")
		code, _, errs = try(t)
		if code != codeFailed || !strings.Contains(errs, want) {
			t.Errorf("the variable of --%s ends with %d and says %s", a.name, code, errs)
		}
		os.Unsetenv(strings.ToUpper("ETCD_" + strings.ReplaceAll(a.name, "-", "_")))
	}
	for feature, why := range gates {
		code, _, errs := try(t, "--feature-gates=LeaseCheckpoint=true,LeaseCheckpointPersist=true,"+string(feature)+"=true")
		if code != codeFailed || !strings.Contains(errs, string(feature)+"=true is not supported: "+why) {
			t.Errorf("the gate %s ends with %d and says %s", feature, code, errs)
		}
	}
}

func TestWhatCannotBeUsedIsSaid(t *testing.T) {
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken")
	if err := os.WriteFile(taken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	proxy := filepath.Join(dir, "of a proxy")
	if err := os.MkdirAll(filepath.Join(proxy, "proxy"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want string
		args []string
	}{
		{`"gateway" is not supported`, []string{"gateway", "start"}},
		{`"grpc-proxy" is not supported`, []string{"grpc-proxy", "start"}},
		{"the log file of --log-outputs cannot be opened", []string{"--log-outputs=" + filepath.Join(taken, "log")}},
		{"is no log output", []string{"--log-outputs=https://example.org/log"}},
		{"--log-outputs=systemd/journal is not supported", []string{"--log-outputs=systemd/journal"}},
		{`unknown value "loud" of --log-level`, []string{"--log-level=loud"}}, // etcd panics
		{"must be >0 (set to 128 and 0)", []string{"--max-request-bytes=0"}},
		{`unknown value "all" of --metrics`, []string{"--metrics=all"}},
		{"the data directory cannot be read", []string{"--data-dir=" + taken}},
		{"is of an etcd 2 proxy", []string{"--data-dir=" + proxy}},
		{"error setting up initial cluster", []string{"--data-dir=" + dir, "--initial-cluster=n1"}},
		{"error parsing CompactionRetention", []string{"--auto-compaction-retention=long"}},
		{"TLS key/cert (--cert-file, --key-file) must be provided for client url", []string{"--listen-client-urls=https://127.0.0.1:1", "--advertise-client-urls=https://127.0.0.1:1"}},
		{"TLS key/cert (--peer-cert-file, --peer-key-file) must be provided for peer url", []string{"--listen-peer-urls=https://127.0.0.1:1"}},
		{"the client TLS files cannot be used", []string{"--data-dir=" + dir, "--cert-file=" + taken, "--key-file=" + taken}},
		{"the peer TLS files cannot be used", []string{"--data-dir=" + dir, "--peer-cert-file=" + taken}},
		{"unexpected TLS cipher suite", []string{"--cipher-suites=ROT13"}},
		{"the configuration file cannot be read", []string{"--config-file=" + filepath.Join(dir, "none")}},
		{`unknown field "heartbeat"`, []string{"--config-file=" + file(t, "heartbeat: 100\n")}},
		{`unknown field "key"`, []string{"--config-file=" + file(t, "client-transport-security:\n  key: x\n")}},
		{`"grpc-keepalive-interval" is a string where a time.Duration belongs`, []string{"--config-file=" + file(t, "grpc-keepalive-interval: 10m\n")}},
		{"it must have keys and values", []string{"--config-file=" + file(t, "- name\n")}},
		{`key "name" already set in map`, []string{"--config-file=" + file(t, "name: a\nname: b\n")}},
	} {
		code, _, errs := try(t, c.args...)
		if code != codeFailed || !strings.Contains(errs, "\netcd: ") || !strings.Contains(errs[strings.LastIndex(errs, "\netcd: "):], c.want) {
			t.Errorf("%v ends with %d and says %s; want 1 and %q", c.args, code, errs, c.want)
		}
	}
}
