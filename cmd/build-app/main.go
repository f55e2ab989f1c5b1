// Command build-app builds the browser's side of quorumlab into static/: app.wasm, the same compressed by
// brotli and gzip, and the Go runtime's wasm_exec.js of the same Go version. It runs in the module's root and
// fails when the app has grown beyond what a page may load.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Limit is the most that app.wasm may weigh compressed by brotli, in bytes (BENCHMARKS.md). Go's own floor for
// a program with syscall/js is 442 KB.
const Limit = 560_000

const (
	module = "github.com/quorumlab/quorumlab"
	folder = "static"
	app    = "app.wasm"
	glue   = "wasm_exec.js"
)

func main() {
	if err := build(); err != nil {
		fmt.Fprintln(os.Stderr, "build-app:", err)
		os.Exit(1)
	}
}

func build() error {
	if _, err := os.Stat(filepath.Join(folder, "embed.go")); err != nil {
		return fmt.Errorf("there is no %s here: run it in the root of the repository", filepath.Join(folder, "embed.go"))
	}
	if err := copyGlue(); err != nil {
		return err
	}
	wasm, err := compile()
	if err != nil {
		return err
	}
	slimmed, err := slim(wasm)
	if err != nil {
		fmt.Printf("%s stays as large as the linker wrote it: %v\n", app, err)
		slimmed = wasm
	}
	unknown := err != nil
	sizes, err := keep(slimmed, filepath.Join(folder, app))
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d bytes, brotli %d, gzip %d\n", filepath.Join(folder, app), len(slimmed), sizes.brotli, sizes.gzip)
	if sizes.brotli > Limit && !unknown {
		return fmt.Errorf("%s has %d bytes compressed by brotli, %d more than a page may load: "+
			"GOOS=js GOARCH=wasm go list -deps ./wasm shows what came along", app, sizes.brotli, sizes.brotli-Limit)
	}
	return nil
}

// experiment leaves out the garbage collector that is made for many processors: a page has one. A Go version that does
// not know the word any more builds without it.
var experiment = onlyIfKnown("nogreenteagc")

func onlyIfKnown(experiment string) string {
	cmd := exec.Command("go", "env", "GOEXPERIMENT")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOEXPERIMENT="+experiment)
	if cmd.Run() != nil {
		return os.Getenv("GOEXPERIMENT")
	}
	return experiment
}

// compile returns the app's bytes. Inlining is off in our own packages: it makes them twice as large, and what takes
// time in them is not calls.
func compile() ([]byte, error) {
	dir, err := os.MkdirTemp("", "build-app")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, app)
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-gcflags", module+"/...=-l", "-ldflags", "-w", "-o", out, "./wasm")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0", "GOEXPERIMENT="+experiment)
	if said, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build ./wasm: %w\n%s", err, said)
	}
	return os.ReadFile(out)
}

// copyGlue copies wasm_exec.js, which has to be of the Go version that compiles.
func copyGlue() error {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env GOROOT: %w", err)
	}
	b, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", glue))
	if err != nil {
		return fmt.Errorf("%s of %s: %w", glue, runtime.Version(), err)
	}
	return write(filepath.Join(folder, glue), b)
}

// write leaves a file alone that already is what it shall be, so that nothing is built anew for its sake.
func write(path string, b []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, b) {
		return nil
	}
	return os.WriteFile(path, b, 0o644)
}
