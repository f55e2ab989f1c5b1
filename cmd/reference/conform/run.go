package conform

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Said is what a command printed, with names and masks.
type Said struct {
	Command string
	Text    string
	Took    time.Duration // it is not compared
}

// Play runs a script and gives what its commands said, one for each step, those of While included.
func (t *Target) Play(ctx context.Context, script []Step) (all []Said) {
	for _, s := range script {
		all = append(all, t.step(ctx, s)...)
	}
	return all
}

func (s Step) command() string {
	if s.format == "" {
		return s.words
	}
	return s.words + " -w " + s.format
}

func (t *Target) step(ctx context.Context, s Step) (all []Said) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	begun := time.Now()
	if s.act != nil {
		said := Said{Command: s.words, Text: "done\n"}
		if err := s.act(ctx, t); err != nil {
			said.Text = err.Error() + "\n"
		}
		said.Took = time.Since(begun)
		return []Said{said}
	}
	for {
		r := t.start(ctx, s)
		if s.endless {
			r.await(ctx, s.ready)
			all = t.Play(ctx, s.during)
			r.await(ctx, s.until)
			if !s.alone {
				_ = r.cmd.Process.Signal(os.Interrupt) // if it has ended by itself, that shows
			}
		}
		r.end()
		if s.again == "" || ctx.Err() != nil || regexp.MustCompile(s.again).MatchString(r.out.String()) {
			return append(all, Said{s.command(), t.said(s, r), time.Since(begun)})
		}
	}
}

// running is a command under way.
type running struct {
	cmd      *exec.Cmd
	out, err box
	trouble  error
}

func (t *Target) start(ctx context.Context, s Step) *running {
	r := &running{}
	args := t.args(s.words)
	if s.format != "" {
		args = withFormat(args, s.format)
	}
	if !strings.Contains(s.words, "--endpoints") {
		args = append([]string{"--endpoints=" + t.Endpoints[cmp.Or(s.node, t.Node)-1]}, args...)
	}
	r.cmd = exec.CommandContext(ctx, t.Etcdctl, args...)
	r.cmd.Dir, r.cmd.Stdin, r.cmd.Stdout, r.cmd.Stderr = t.Dir, strings.NewReader(s.input), &r.out, &r.err
	r.trouble = r.cmd.Start()
	return r
}

// withFormat puts the flag in front of what etcdctl shall run, or at the end.
func withFormat(args []string, format string) (out []string) {
	for i, a := range args {
		if a == "--" {
			return append(append(append(out, args[:i]...), "-w", format), args[i:]...)
		}
	}
	return append(args, "-w", format)
}

// await a pattern in its output.
func (r *running) await(ctx context.Context, pattern string) {
	if pattern == "" || r.trouble != nil {
		return
	}
	p := regexp.MustCompile(pattern)
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for !p.MatchString(r.out.String() + r.err.String()) {
		select {
		case <-look.C:
		case <-ctx.Done():
			r.trouble = fmt.Errorf("it did not print %q in time", pattern)
			return
		}
	}
}

func (r *running) end() {
	if err := r.cmd.Wait(); err != nil && r.trouble == nil {
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) {
			r.trouble = err
		}
	}
}

func (t *Target) said(s Step, r *running) string {
	out := r.out.String()
	switch s.format {
	case "protobuf":
		out = wire([]byte(out))
	case "json":
		out = plain(out)
	}
	for _, k := range s.keeps {
		m := regexp.MustCompile("(?m)" + k.pattern).FindStringSubmatch(out)
		if m == nil {
			r.trouble = errors.Join(r.trouble, fmt.Errorf("there is no %s to keep", k.name))
			continue
		}
		t.remember(k, m[1])
	}
	text := t.cover(s, out)
	complaint := t.cover(s, r.err.String())
	if strings.HasPrefix(complaint, "panic: ") { // etcdctl itself crashed: by which way does not matter
		complaint, _, _ = strings.Cut(complaint, "\n")
		complaint += "\n"
	}
	if complaint != "" {
		text += "-- on the error output:\n" + complaint
	}
	text += fmt.Sprintf("-- exit %d\n", r.cmd.ProcessState.ExitCode())
	if r.trouble != nil {
		text += "-- trouble: " + r.trouble.Error() + "\n"
	}
	return text
}

// elements of a list in JSON get a line each.
var elements = strings.NewReplacer("[{", "[\n{", "},{", "}\n{", "}]", "}\n]")

// cover names and masks what may differ.
func (t *Target) cover(s Step, text string) string {
	text = t.known.apply(text)
	for _, m := range append(everywhere[:len(everywhere):len(everywhere)], s.masks...) {
		text = regexp.MustCompile("(?m)"+m.Pattern.String()).ReplaceAllString(text, m.Put)
	}
	if s.format == "table" {
		text = narrow(text)
	}
	if s.sorted {
		text = elements.Replace(text)
		rows := strings.SplitAfter(text, "\n")
		slices.Sort(rows)
		text = strings.Join(rows, "")
	}
	return text
}

// Differences of what two targets said to the same script.
func Differences(a, b *Target, saidA, saidB []Said) (all []string) {
	for i := range max(len(saidA), len(saidB)) {
		if i >= len(saidA) || i >= len(saidB) || saidA[i].Command != saidB[i].Command {
			return append(all, fmt.Sprintf("%s and %s did not run the same script", a.Name, b.Name))
		}
		if x, y := saidA[i], saidB[i]; x.Text != y.Text {
			all = append(all, fmt.Sprintf("etcdctl %s\n%s says:\n%s\n%s says:\n%s", x.Command, a.Name, indent(x.Text), b.Name, indent(y.Text)))
		}
	}
	return all
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n    ")
}

// box holds what a process prints.
type box struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *box) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *box) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
