// Command build-app builds the browser's side of quorumlab into static/: app.wasm, the same compressed by
// brotli and gzip, the Go runtime's wasm_exec.js of the same Go version, and tape.wasm.gz, which plays recordings on pages
// that have no server. It runs in the module's root and fails when one of them has grown beyond what a page may load.
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

// TapeLimit is the most that tape.wasm.gz may weigh, in bytes. Only exported recordings load it: it is the room's side of the page.
const TapeLimit = 3_000_000

const (
	module = "github.com/quorumlab/quorumlab"
	folder = "static"
	app    = "app.wasm"
	player = "tape.wasm.gz"
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
	if err := buildApp(); err != nil {
		return err
	}
	return buildPlayer()
}

// buildApp builds the page's program.
func buildApp() error {
	slimmed, unknown, err := program("./wasm")
	if err != nil {
		return err
	}
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

// buildPlayer builds the program that plays recordings. It is kept compressed only: that is how it is exported.
func buildPlayer() error {
	slimmed, unknown, err := program("./wasm/tape")
	if err != nil {
		return err
	}
	packed := gzipped(slimmed)
	fmt.Printf("%s: %d bytes, %d unpacked\n", filepath.Join(folder, player), len(packed), len(slimmed))
	if len(packed) > TapeLimit && !unknown {
		return fmt.Errorf("%s has %d bytes, %d more than it may have: GOOS=js GOARCH=wasm go list -deps ./wasm/tape shows what came along",
			player, len(packed), len(packed)-TapeLimit)
	}
	return write(filepath.Join(folder, player), packed)
}

// program compiles a package and takes away what the page does not need. unknown says that this Go version has it laid out in
// a way that we do not know: then it stays as it is.
func program(pkg string) (wasm []byte, unknown bool, err error) {
	wasm, err = compile(pkg)
	if err != nil {
		return nil, false, err
	}
	slimmed, err := slim(wasm)
	if err != nil {
		fmt.Printf("%s stays as large as the linker wrote it: %v\n", pkg, err)
		return wasm, true, nil
	}
	return slimmed, false, nil
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
func compile(pkg string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "build-app")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, app)
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-gcflags", module+"/...=-l", "-ldflags", "-w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0", "GOEXPERIMENT="+experiment)
	if said, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build %s: %w\n%s", pkg, err, said)
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
