package reference

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/fileutil"
)

func TestTheProgramsAreEtcdOfThePinnedVersion(t *testing.T) {
	programs, err := Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for path, args := range map[string][]string{programs.Etcd: {"--version"}, programs.Etcdctl: {"version"}, programs.Etcdutl: {"version"}} {
		out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "ersion: "+Version) {
			t.Errorf("%s %v says %q, %v; it should be version %s", path, args, out, err, Version)
		}
	}
}

func TestOutsideOfACheckoutASentenceSaysSo(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := Build(t.Context()); err == nil || !strings.Contains(err.Error(), "needs a checkout") {
		t.Errorf("Build in an empty directory: %v", err)
	}
}

// Where someone else builds, one waits, takes what he made, and gives up when told to.
func TestOneWaitsForAnotherWhoBuilds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "etcd")
	lock, err := fileutil.TryLockFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	if _, err := in(short, "nowhere", dir); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with the lock held by another and little time: %v", err)
	}
	got := make(chan error, 1)
	go func() {
		_, err := in(t.Context(), "nowhere", dir)
		got <- err
	}()
	if err := os.Mkdir(dir, 0o755); err != nil { // what compile ends with
		t.Fatal(err)
	}
	lock.Close()
	select {
	case err := <-got:
		if err != nil {
			t.Errorf("after the other had built: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("nobody saw that the other had built")
	}
}

func TestABuildThatFailsLeavesNothing(t *testing.T) {
	parent := t.TempDir()
	if _, err := in(t.Context(), parent, filepath.Join(parent, "etcd")); err == nil {
		t.Fatal("a build without a module succeeded")
	}
	left, err := os.ReadDir(parent)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		if f.Name() != "etcd.lock" {
			t.Errorf("%s was left behind", f.Name())
		}
	}
}
