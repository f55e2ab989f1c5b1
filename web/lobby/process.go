package lobby

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"time"
)

// Processes starts every room as a process of its own and keeps one in reserve, started and waiting for its
// assignment. The lobby speaks to a room through its standard input: the assignment is one line of JSON, and the
// end of input asks it to close; so a room ends with its lobby, however that ended. The room speaks through its
// file 3, in Words.
type Processes struct {
	command func() *exec.Cmd
	spawned sync.WaitGroup

	mu      sync.Mutex
	reserve *process
	closed  bool
}

// Word is what a room says to its lobby, one line of JSON each.
type Word struct {
	Ready   bool   `json:"ready,omitempty"`   // it serves
	Idle    bool   `json:"idle,omitempty"`    // nobody has used it for Assignment.Idle
	Refused string `json:"refused,omitempty"` // it does not open: a sentence
}

const (
	// closeWait is how long a room may take to close before it is killed. Its data survives that too.
	closeWait = 5 * time.Second
	// tailBytes of what a room wrote to its standard error are kept for its last words.
	tailBytes = 4 << 10
	// restockAfter leaves the processor to a new room's first page before the next process is started in reserve.
	restockAfter = 300 * time.Millisecond
	// wordBytes bound one Word.
	wordBytes = 64 << 10
)

// NewProcesses runs rooms with command, which makes "quorumlab room".
func NewProcesses(command func() *exec.Cmd) *Processes {
	p := &Processes{command: command}
	p.stock()
	return p
}

// stock puts a process in reserve.
func (p *Processes) stock() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.spawned.Go(func() {
		fresh, err := startProcess(p.command())
		if err != nil {
			return // Spawn tries for itself and tells
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.closed || p.reserve != nil {
			go fresh.Close()
			return
		}
		p.reserve = fresh
	})
}

// take returns the reserve, or a new process.
func (p *Processes) take() (*process, error) {
	p.mu.Lock()
	spare := p.reserve
	p.reserve = nil
	p.mu.Unlock()
	if spare != nil && !spare.ended() {
		return spare, nil
	}
	return startProcess(p.command())
}

// Spawn gives a process its assignment and waits until it serves.
func (p *Processes) Spawn(ctx context.Context, a Assignment) (Child, error) {
	c, err := p.take()
	if err != nil {
		return nil, fmt.Errorf("its process could not be started: %w", err)
	}
	defer time.AfterFunc(restockAfter, p.stock)
	if err := c.assign(ctx, a); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Close ends the reserve.
func (p *Processes) Close() {
	p.mu.Lock()
	spare := p.reserve
	p.reserve, p.closed = nil, true
	p.mu.Unlock()
	if spare != nil {
		spare.Close()
	}
	p.spawned.Wait()
}

// process is one child.
type process struct {
	input  io.WriteCloser
	wait   func() error // for its end, after its last word
	kill   func()
	socket string
	tail   *tail

	ready   chan struct{} // closed by the word
	refused chan string
	idle    chan struct{} // holds at most one
	done    chan struct{}
	err     error // after done
	serves  sync.Once
	ends    sync.Once
}

func newProcess() *process {
	return &process{tail: &tail{}, ready: make(chan struct{}), refused: make(chan string, 1), idle: make(chan struct{}, 1), done: make(chan struct{})}
}

func startProcess(cmd *exec.Cmd) (*process, error) {
	words, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	c := newProcess()
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.Stderr = c.tail
	cmd.SysProcAttr = ownGroup()
	if c.input, err = cmd.StdinPipe(); err == nil {
		err = cmd.Start()
	}
	if err != nil {
		words.Close()
		return nil, err
	}
	c.wait, c.kill = cmd.Wait, func() { cmd.Process.Kill() }
	go c.listen(words)
	return c, nil
}

// listen hears the child's words until it ends.
func (c *process) listen(words io.ReadCloser) {
	defer close(c.done)
	defer words.Close()
	lines := bufio.NewScanner(words)
	lines.Buffer(nil, wordBytes)
	for lines.Scan() {
		var w Word
		if json.Unmarshal(lines.Bytes(), &w) == nil {
			c.hear(w)
		}
	}
	c.err = c.wait()
}

func (c *process) hear(w Word) {
	switch {
	case w.Ready:
		c.serves.Do(func() { close(c.ready) })
	case w.Refused != "":
		select {
		case c.refused <- w.Refused:
		default: // the first reason counts
		}
	case w.Idle:
		select {
		case c.idle <- struct{}{}:
		default: // one is enough
		}
	}
}

// assign sends the assignment and waits for the child to serve.
func (c *process) assign(ctx context.Context, a Assignment) error {
	c.socket = a.Socket
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if _, err := c.input.Write(append(line, '\n')); err != nil && !c.ended() {
		return fmt.Errorf("its process takes no assignment: %w", err)
	}
	select {
	case <-c.ready:
		return nil
	case sentence := <-c.refused:
		return &Refusal{sentence}
	case <-c.done:
		return c.early()
	case <-ctx.Done():
		return errors.New("its process did not serve in time")
	}
}

// early says why the child ended before it served. A refusal may have come just before the end.
func (c *process) early() error {
	select {
	case sentence := <-c.refused:
		return &Refusal{sentence}
	default:
		return fmt.Errorf("its process ended at once: %s", c.LastWords())
	}
}

func (c *process) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

func (c *process) Dial(ctx context.Context) (net.Conn, error) { return dialUnix(ctx, c.socket) }

func (c *process) DialHandover(ctx context.Context) (net.Conn, error) {
	return dialUnix(ctx, c.socket+handoverSuffix)
}

func dialUnix(ctx context.Context, socket string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "unix", socket)
}

func (c *process) Idle() <-chan struct{} { return c.idle }
func (c *process) Done() <-chan struct{} { return c.done }

// Close ends the child's input, which asks it to close, and kills it if it does not.
func (c *process) Close() {
	c.ends.Do(func() { c.input.Close() })
	select {
	case <-c.done:
		return
	case <-time.After(closeWait):
	}
	c.kill()
	<-c.done
}

func (c *process) LastWords() string {
	how := "it ended without an error"
	if c.err != nil {
		how = c.err.Error()
	}
	if said := c.tail.String(); said != "" {
		return how + "; it wrote: " + said
	}
	return how
}

// tail keeps the beginning and the end of what is written: a panic's sentence comes first, its stacks after.
type tail struct {
	mu    sync.Mutex
	first []byte
	last  []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(b)
	if room := tailBytes/2 - len(t.first); room > 0 {
		k := min(room, len(b))
		t.first, b = append(t.first, b[:k]...), b[k:]
	}
	t.last = append(t.last, b...)
	if over := len(t.last) - tailBytes/2; over > 0 {
		t.last = append(t.last[:0], t.last[over:]...)
	}
	return n, nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.last) == 0 {
		return string(t.first)
	}
	return string(t.first) + " … " + string(t.last)
}
