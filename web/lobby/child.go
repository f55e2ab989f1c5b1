package lobby

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/quorumlab/quorumlab/web"
)

// Served is an open room: what a child serves.
type Served interface {
	http.Handler
	Idle() time.Duration // how long nobody has used it
	Close() error        // says goodbye to everybody, then closes the cluster
}

// assignmentBytes bound the line with which a lobby begins.
const assignmentBytes = 64 << 10

// RunChild is a room's side of the conversation with its lobby (see Processes): it reads the assignment from in,
// opens the room and serves it until in ends. An input that ends at once means that no room was needed.
func RunChild(in io.Reader, words io.Writer, open func(Assignment) (Served, error)) error {
	lines := bufio.NewReaderSize(in, assignmentBytes)
	line, err := lines.ReadSlice('\n')
	if err == io.EOF && len(line) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the assignment cannot be read: %w", err)
	}
	var a Assignment
	if err := json.Unmarshal(line, &a); err != nil {
		return fmt.Errorf("the assignment cannot be read: %w", err)
	}
	c := &serving{words: json.NewEncoder(words), assignment: a}
	return c.run(lines, open)
}

// serving is a child at work.
type serving struct {
	words      *json.Encoder
	assignment Assignment
}

func (c *serving) run(in io.Reader, open func(Assignment) (Served, error)) error {
	over := make(chan struct{}) // the lobby wants the end, or has ended
	go func() {
		defer close(over)
		io.Copy(io.Discard, in)
	}()
	room, err := open(c.assignment)
	if err != nil {
		c.words.Encode(Word{Refused: err.Error()})
		return err
	}
	requests, err := net.Listen("unix", c.assignment.Socket)
	if err != nil {
		return errors.Join(err, room.Close())
	}
	viewers, err := newReception(c.assignment.Socket + handoverSuffix)
	if err != nil {
		return errors.Join(err, requests.Close(), room.Close())
	}
	server := web.NewHTTPServer(room)
	ended := make(chan error, 2)
	go func() { ended <- server.Serve(requests) }()
	go func() { ended <- server.Serve(viewers) }()
	c.words.Encode(Word{Ready: true})
	c.watch(room, over, ended)
	return c.end(room, server)
}

// watch tells the lobby whenever the room has been unused for long enough, until it shall end.
func (c *serving) watch(room Served, over <-chan struct{}, ended <-chan error) {
	tick := time.NewTicker(max(c.assignment.Idle/8, 5*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-over:
			return
		case <-ended:
			return
		case <-tick.C:
			if room.Idle() >= c.assignment.Idle {
				c.words.Encode(Word{Idle: true})
			}
		}
	}
}

func (c *serving) end(room Served, server *http.Server) error {
	err := room.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		server.Close()
	}
	os.Remove(c.assignment.Socket)
	return err
}

// InProcess runs rooms inside this process, for debugging: one that panics takes all with it.
type InProcess struct {
	Open func(Assignment) (Served, error)
}

// Spawn opens a room in a goroutine.
func (p InProcess) Spawn(ctx context.Context, a Assignment) (Child, error) {
	in, input := io.Pipe()
	heard, words := io.Pipe()
	c := newProcess()
	result := make(chan error, 1)
	c.input, c.kill, c.wait = input, func() {}, func() error { return <-result }
	go func() {
		result <- RunChild(in, words, p.Open)
		in.Close()
		words.Close()
	}()
	go c.listen(heard)
	if err := c.assign(ctx, a); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Close does nothing: no room is kept in reserve.
func (p InProcess) Close() {}
