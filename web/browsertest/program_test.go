package browsertest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"
	"time"
)

// What TestMain makes for all tests: a browser, running, and the program, built as `go tool task build` builds it.
var (
	browser string
	lab     *program
	windows context.Context // of the browser
)

// program is a running quorumlab.
type program struct {
	base string // http://host:port
	cmd  *exec.Cmd
}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		log.Fatal(err)
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if browser, err = thisMachine().chromium(); err != nil {
		return 0, err
	}
	if err := os.MkdirAll(artefacts, 0o755); err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "quorumlab-browsertest-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	binary, err := build(dir)
	if err != nil {
		return 0, err
	}
	if lab, err = start(binary, "serve", "--addr", "127.0.0.1:0", "--data", filepath.Join(dir, "data")); err != nil {
		return 0, err
	}
	defer lab.stop()
	var end func()
	if windows, end, err = launch(); err != nil {
		return 0, fmt.Errorf("%s does not start: %w", browser, err)
	}
	defer end()
	code = m.Run()
	if path, err := filepath.Abs(artefacts); err == nil && (pictures || code != 0) {
		fmt.Println("screenshots:", path)
	}
	return code, nil
}

// build makes the app and the program with the app inside.
func build(dir string) (string, error) {
	binary := filepath.Join(dir, "quorumlab")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	for _, args := range [][]string{{"run", "./cmd/build-app"}, {"build", "-o", binary, "./cmd/quorumlab"}} {
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Stderr = filepath.Join("..", ".."), os.Stderr
		if err := cmd.Run(); err != nil {
			return "", fmt.Errorf("go %v: %w", args, err)
		}
	}
	return binary, nil
}

// address as the program prints it for people to open.
var address = regexp.MustCompile(`^open (http://[0-9.]+:[0-9]+)/`)

// start runs the program on a free port and waits until it says where it listens.
func start(binary string, args ...string) (*program, error) {
	cmd := exec.Command(binary, args...)
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	in.Close()
	said := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			fmt.Fprintln(os.Stderr, "program:", lines.Text())
			if open := address.FindStringSubmatch(lines.Text()); open != nil {
				said <- open[1] // once, when it listens
			}
		}
		_, _ = io.Copy(io.Discard, out)
	}()
	select {
	case base := <-said:
		return &program{base: base, cmd: cmd}, nil
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		return nil, fmt.Errorf("%s said no address within %v", binary, patience)
	}
}

// stop asks the program to end and takes it down when it does not.
func (p *program) stop() {
	if p.cmd.Process.Signal(os.Interrupt) == nil {
		late := time.AfterFunc(10*time.Second, func() { _ = p.cmd.Process.Kill() })
		defer late.Stop()
	}
	_ = p.cmd.Wait()
}
