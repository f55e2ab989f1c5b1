package browsertest

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// bare is a machine without a browser; installed becomes true once apt-get has installed one.
func bare(apt, root bool, fails error) (machine, *[]string) {
	var ran []string
	installed := false
	return machine{root: root,
		lookPath: func(name string) (string, error) {
			if name == "apt-get" && apt || name == "chromium" && installed {
				return "/usr/bin/" + name, nil
			}
			return "", exec.ErrNotFound
		},
		run: func(name string, args ...string) error {
			ran = append(ran, name+" "+args[0])
			installed = args[0] == "install"
			return fails
		}}, &ran
}

func TestChromiumIsInstalledWhereTheMachineAllowsIt(t *testing.T) {
	m, ran := bare(true, true, nil)
	path, err := m.chromium()
	if err != nil || path != "/usr/bin/chromium" || strings.Join(*ran, ", ") != "apt-get update, apt-get install" {
		t.Errorf("got %q, %v after %q", path, err, *ran)
	}
}

func TestWithoutChromiumOneSentenceSaysWhatToInstall(t *testing.T) {
	for name, m := range map[string]machine{
		"no apt-get": first(bare(false, true, nil)),
		"not root":   first(bare(true, false, nil)),
		"apt fails":  first(bare(true, true, errors.New("exit status 100"))),
	} {
		if _, err := m.chromium(); !errors.Is(err, errNoChromium) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func first(m machine, _ *[]string) machine { return m }
