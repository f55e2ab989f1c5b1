package browsertest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// browsers by the names they are installed under, Debian's first.
var browsers = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "headless-shell"}

var errNoChromium = errors.New("the browser tests need Chromium: install it, on Debian and Ubuntu with \"apt-get install chromium\"")

// machine is what finding a browser needs to know of the machine it runs on.
type machine struct {
	lookPath func(name string) (string, error)
	root     bool
	run      func(name string, args ...string) error
}

func thisMachine() machine {
	return machine{lookPath: exec.LookPath, root: os.Geteuid() == 0, run: func(name string, args ...string) error {
		cmd := exec.Command(name, args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
		return cmd.Run()
	}}
}

// chromium is the path of a browser. Where there is none and the machine allows it, Debian's is installed.
func (m machine) chromium() (string, error) {
	if path, ok := m.find(); ok {
		return path, nil
	}
	if _, err := m.lookPath("apt-get"); err != nil || !m.root {
		return "", errNoChromium
	}
	for _, step := range [][]string{{"update"}, {"install", "--yes", "--no-install-recommends", "chromium"}} {
		if err := m.run("apt-get", step...); err != nil {
			return "", fmt.Errorf("%w; apt-get %s: %w", errNoChromium, step[0], err)
		}
	}
	if path, ok := m.find(); ok {
		return path, nil
	}
	return "", errNoChromium
}

func (m machine) find() (string, bool) {
	for _, name := range browsers {
		if path, err := m.lookPath(name); err == nil {
			return path, true
		}
	}
	return "", false
}
