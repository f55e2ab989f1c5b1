package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Shell runs lines as etcdctl would. It is the room's: package web knows nothing of etcd.
type Shell interface {
	// Run runs a line for a viewer until it has done its work or ctx ends. What goes wrong it says on the terminal.
	Run(ctx context.Context, viewer string, t *Terminal, line string)
	// Snapshot writes a node's store as `etcdctl snapshot save` would.
	Snapshot(ctx context.Context, node string, to io.Writer) error
}

// Terminal is what a running line says to its viewer, and hears. What it says faster than OutputLines a second is left out,
// and the viewer is told how much.
type Terminal struct {
	run   uint64
	room  string
	write func(*event.Frame) error
	limit *rate.Limiter
	input chan string // holds InputLines

	mu      sync.Mutex
	said    []said // not written yet, at most OutputLines
	part    [2][]byte
	left    int // lines left out since the last that was said
	waiting bool
	writing sync.Mutex // orders what is written
}

// said is a line.
type said struct {
	bad  bool
	text string
}

func newTerminal(run uint64, room string, write func(*event.Frame) error) *Terminal {
	return &Terminal{run: run, room: room, write: write, limit: rate.NewLimiter(OutputRate, OutputLines), input: make(chan string, InputLines)}
}

// output is one of the two outputs of a terminal.
type output struct {
	t   *Terminal
	bad bool
}

// Out is for what a line says.
func (t *Terminal) Out() io.Writer { return output{t, false} }

// Err is for what went wrong.
func (t *Terminal) Err() io.Writer { return output{t, true} }

func (s output) Write(b []byte) (int, error) {
	n, t, which := len(b), s.t, 0
	if s.bad {
		which = 1
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			break
		}
		t.say(said{s.bad, string(t.part[which]) + string(b[:i])})
		t.part[which], b = nil, b[i+1:]
	}
	if len(t.part[which]) < OutputLine {
		t.part[which] = append(t.part[which], b...)
	}
	return n, nil
}

// say takes a line, if there is room for it. It needs mu.
func (t *Terminal) say(s said) {
	if len(s.text) > OutputLine {
		s.text = strings.ToValidUTF8(s.text[:OutputLine], "") + "…"
	}
	s.text = strings.ToValidUTF8(s.text, "·")
	if len(t.said) >= OutputLines || !t.limit.Allow() {
		t.left++
	} else {
		t.leftOut()
		t.said = append(t.said, s)
	}
	if !t.waiting {
		t.waiting = true
		time.AfterFunc(outputGather, t.flush)
	}
}

// leftOut says how much was left out. It needs mu.
func (t *Terminal) leftOut() {
	if t.left > 0 {
		t.said = append(t.said, said{true, fmt.Sprintf("… %d lines left out here; etcdctl at the room's endpoints shows them all", t.left)})
		t.left = 0
	}
}

// flush writes what was said.
func (t *Terminal) flush() {
	t.writing.Lock()
	defer t.writing.Unlock()
	t.mu.Lock()
	all := t.said
	t.said, t.waiting = nil, false
	t.mu.Unlock()
	for len(all) > 0 {
		n := 1
		lines := []string{all[0].text}
		for n < len(all) && all[n].bad == all[0].bad {
			lines = append(lines, all[n].text)
			n++
		}
		code := event.OutputPlain
		if all[0].bad {
			code = event.OutputBad
		}
		if t.tell(code, strings.Join(lines, "\n")) != nil {
			return // the viewer has gone
		}
		all = all[n:]
	}
}

func (t *Terminal) tell(code, text string) error {
	return t.write(&event.Frame{Type: event.FrameOutput, Seq: t.run, Code: code, Text: text})
}

// Ask shows a prompt and waits for a line.
func (t *Terminal) Ask(ctx context.Context, prompt string) (string, error) {
	t.flush()
	if err := t.tell(event.OutputAsk, prompt); err != nil {
		return "", err
	}
	select {
	case s := <-t.input:
		return s, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// hear takes a line that was typed; false if too many wait.
func (t *Terminal) hear(line string) bool {
	select {
	case t.input <- line:
		return true
	default:
		return false
	}
}

// Offer has the snapshot of a node to be saved; "" is any.
func (t *Terminal) Offer(node, name string) {
	t.flush()
	_ = t.tell(event.OutputFile, fmt.Sprintf("%s /api/rooms/%s/snapshot?name=%s&node=%s", fileName(name), t.room, fileName(name), node))
}

// end says the rest, and that it was that.
func (t *Terminal) end() {
	t.mu.Lock()
	for i, rest := range t.part {
		if len(rest) > 0 {
			t.say(said{i == 1, string(rest)})
		}
	}
	t.leftOut()
	t.mu.Unlock()
	t.flush()
	_ = t.tell(event.OutputEnd, "")
}
