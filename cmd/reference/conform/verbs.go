package conform

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// listed is a line of help that names a command.
var listed = regexp.MustCompile(`^  ([a-z-]+) +\S`)

// Verbs are all commands of etcdctl as its help lists them, those with commands of their own written out: "lease grant".
func Verbs(ctx context.Context, etcdctl string) ([]string, error) {
	return verbs(ctx, etcdctl, "")
}

func verbs(ctx context.Context, etcdctl, above string) (all []string, err error) {
	out, err := exec.CommandContext(ctx, etcdctl, append(strings.Fields(above), "--help")...).Output()
	if err != nil {
		return nil, fmt.Errorf("etcdctl %s --help: %w", above, err)
	}
	within := false
	for line := range strings.Lines(string(out)) {
		switch {
		case strings.TrimSpace(line) == "":
			within = false
		case within && listed.MatchString(line):
			verb := strings.TrimSpace(above + " " + listed.FindStringSubmatch(line)[1])
			inner, err := verbs(ctx, etcdctl, verb)
			if err != nil {
				return nil, err
			}
			if len(inner) == 0 {
				inner = []string{verb}
			}
			all = append(all, inner...)
		case strings.HasSuffix(strings.TrimSpace(line), " commands") || strings.HasPrefix(line, "Available Commands"):
			within = true
		}
	}
	return all, nil
}

// Uncovered are the verbs of etcdctl that no step of a script begins with, but those that are excused.
func Uncovered(verbs []string, script []Step, excused ...string) (left []string) {
	for _, v := range verbs {
		if !slices.Contains(excused, v) && !begins(v, script) {
			left = append(left, v)
		}
	}
	return left
}

func begins(verb string, script []Step) bool {
	return slices.ContainsFunc(script, func(s Step) bool {
		return s.act == nil && (s.words == verb || strings.HasPrefix(s.words, verb+" ")) || begins(verb, s.during)
	})
}
