package reference

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/fileutil"
)

// Version is etcd's, as programs/go.mod has it.
const Version = "3.7.3"

// Programs are the paths of the built programs.
type Programs struct {
	Etcd, Etcdctl, Etcdutl string
}

const module = "github.com/quorumlab/quorumlab"

// roots are the packages of the programs. Go calls what it builds of them server, etcdctl and etcdutl.
var roots = []string{"go.etcd.io/etcd/server/v3", "go.etcd.io/etcd/etcdctl/v3", "go.etcd.io/etcd/etcdutl/v3"}

// patience is how often someone who waits for another process's build looks whether it is done.
const patience = 50 * time.Millisecond

// Build returns the programs. The first call on a machine compiles them, for a minute or two; later ones find
// them in the user's cache. Any number of processes may call it at once: one builds, the others wait. It needs
// the go command and to be called from inside a checkout of this project.
func Build(ctx context.Context) (Programs, error) {
	source, err := Checkout(ctx)
	if err != nil {
		return Programs{}, err
	}
	dir, err := home(ctx, source)
	if err != nil {
		return Programs{}, err
	}
	return in(ctx, source, dir)
}

// Checkout is the directory of this project's source tree, as the go command finds it from where it is called.
func Checkout(ctx context.Context) (string, error) {
	out, err := run(ctx, "", "list", "-m", "-f", "{{.Dir}}", module)
	if err != nil {
		return "", fmt.Errorf("building etcd to compare with needs a checkout of %s and the go command; run this inside the checkout: %w", module, err)
	}
	dir := strings.TrimSpace(out)
	if _, err := os.Stat(filepath.Join(dir, "cmd", "reference", "programs", "go.mod")); err != nil {
		return "", fmt.Errorf("building etcd to compare with needs a checkout of %s, and %q is none: %w", module, dir, err)
	}
	return dir, nil
}

// home is where the programs are kept: another for every compiler, machine type and set of dependencies.
func home(ctx context.Context, source string) (string, error) {
	compiler, err := run(ctx, filepath.Join(source, "cmd", "reference", "programs"), "env", "GOVERSION")
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	for _, name := range []string{"go.mod", "go.sum"} {
		b, err := os.ReadFile(filepath.Join(source, "cmd", "reference", "programs", name))
		if err != nil {
			return "", err
		}
		hash.Write(b)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("there is no place to keep the built etcd: %w", err)
	}
	name := fmt.Sprintf("etcd-%s-%s-%s-%s-%s", Version, strings.TrimSpace(compiler), runtime.GOOS, runtime.GOARCH, hex.EncodeToString(hash.Sum(nil))[:12])
	return filepath.Join(cache, "quorumlab", name), nil
}

// in returns the programs in dir, built if they are not there.
func in(ctx context.Context, source, dir string) (Programs, error) {
	built := Programs{Etcd: program(dir, "etcd"), Etcdctl: program(dir, "etcdctl"), Etcdutl: program(dir, "etcdutl")}
	if _, err := os.Stat(dir); err == nil { // the directory comes with its files, by one rename
		return built, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return Programs{}, err
	}
	lock, err := acquire(ctx, dir+".lock")
	if err != nil {
		return Programs{}, err
	}
	defer lock.Close()
	if _, err := os.Stat(dir); err == nil { // someone else built it meanwhile
		return built, nil
	}
	if err := compile(ctx, source, dir); err != nil {
		return Programs{}, fmt.Errorf("etcd %s was not built from the module in cmd/reference/programs: %w", Version, err)
	}
	return built, nil
}

func program(dir, name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(dir, name)
}

// acquire waits until this process alone holds the lock. A process that ends gives it up, however it ends.
func acquire(ctx context.Context, path string) (*fileutil.LockedFile, error) {
	again := time.NewTicker(patience)
	defer again.Stop()
	for {
		lock, err := fileutil.TryLockFile(path, os.O_CREATE|os.O_RDWR, 0o644)
		if err == nil {
			return lock, nil
		} else if !errors.Is(err, fileutil.ErrLocked) {
			return nil, fmt.Errorf("%s cannot be locked: %w", path, err)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("another process builds etcd and holds %s: %w", path, ctx.Err())
		}
	}
}

// compile makes dir with the programs in it, or nothing.
func compile(ctx context.Context, source, dir string) error {
	half, err := os.MkdirTemp(filepath.Dir(dir), "half-built-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(half)
	args := append([]string{"build", "-mod=readonly", "-o", half + string(filepath.Separator)}, roots...)
	if _, err := run(ctx, filepath.Join(source, "cmd", "reference", "programs"), args...); err != nil {
		return err
	}
	if err := os.Rename(program(half, "server"), program(half, "etcd")); err != nil {
		return err
	}
	if err := os.Chmod(half, 0o755); err != nil {
		return err
	}
	return os.Rename(half, dir)
}

// run is one go command in dir and what it printed. Without cgo, as etcd's releases are built.
func run(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	var out, complaint bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &complaint
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go %s: %w: %s", args[0], err, strings.TrimSpace(complaint.String()))
	}
	return out.String(), nil
}

// Ours builds the program etcd of this checkout into dir, with the same settings, and returns its path.
func Ours(ctx context.Context, dir string) (string, error) {
	source, err := Checkout(ctx)
	if err != nil {
		return "", err
	}
	path := program(dir, "etcd")
	if _, err := run(ctx, source, "build", "-o", path, "./cmd/etcd"); err != nil {
		return "", fmt.Errorf("cmd/etcd of %s was not built: %w", source, err)
	}
	return path, nil
}
