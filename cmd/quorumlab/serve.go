package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/static"
	"github.com/quorumlab/quorumlab/web"
	"github.com/quorumlab/quorumlab/web/lobby"
)

// serving are serve's flags.
type serving struct {
	addr    string
	solo    bool
	open    bool // show it in the browser
	rate    float64
	history int64  // MiB
	lessons string // directory; "": none but ours
	lobby   lobby.Options
}

func newServe() *cobra.Command {
	s := &serving{}
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve rooms over HTTP",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return s.run(c.Context()) },
	}
	f, o, usual := c.Flags(), &s.lobby, lobby.DefaultOptions
	f.StringVar(&s.addr, "addr", defaultAddr(), "address to listen on (also ADDR in the environment)")
	f.StringVar(&o.Data, "data", defaultData(), "directory of the rooms")
	f.BoolVar(&s.open, "open", false, "open it in this machine's browser, if there is one")
	f.BoolVar(&s.solo, "solo", false, "run the rooms inside this process, for debugging")
	f.StringVar(&s.lessons, "lessons", "", "directory of lesson files, which are added to those that come with the program or take the place of those with the same id")
	f.IntVar(&o.Rooms, "rooms", usual.Rooms, "most rooms at a time")
	f.IntVar(&o.Limits.Nodes, "nodes-per-room", usual.Limits.Nodes, "most nodes of a room (1 to 9)")
	f.IntVar(&o.Limits.Viewers, "viewers-per-room", usual.Limits.Viewers, "most viewers of a room")
	f.IntVar(&o.Limits.Commands, "commands-per-second", usual.Limits.Commands, "most commands a second and viewer")
	f.IntVar(&o.Limits.ValueBytes, "value-bytes", usual.Limits.ValueBytes, "longest value of a put, in bytes")
	f.Int64Var(&s.history, "history-mib", usual.History>>20, "facts kept by a room, in MiB")
	f.DurationVar(&o.Idle, "sleep-after", usual.Idle, "a room unused for so long falls asleep")
	f.DurationVar(&o.Unused, "delete-after", usual.Unused, "a room unused for so long is deleted; negative: never")
	f.IntVar(&o.Nodes, "nodes", usual.Nodes, "nodes of a new room")
	f.Float64Var(&s.rate, "rate", usual.Rate.Float(), "rate of a room opened from the front page: 0.25 is the workshop's, 1 real time")
	return c
}

func defaultAddr() string {
	if addr := os.Getenv("ADDR"); addr != "" {
		return addr
	}
	return "127.0.0.1:8080"
}

// defaultData is where a user's programs may keep things; without a home it is below the current directory. What tests and
// measurements build lies beside it.
func defaultData() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "quorumlab-data"
	}
	return filepath.Join(dir, "quorumlab", "rooms")
}

func (s *serving) run(ctx context.Context) error {
	listener, err := listen(s.addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	o, err := s.options()
	if err != nil {
		return err
	}
	l, err := lobby.Open(o)
	if err != nil {
		o.Spawner.Close()
		return err
	}
	defer l.Close()
	address := "http://" + reachable(listener.Addr()) + "/"
	fmt.Println("open", address)
	if s.open {
		showInBrowser(address)
	}
	server := web.NewHTTPServer(l)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	l.Close() // ends the websockets and streams too
	server.Close()
	return nil
}

// reachable is where this machine's browser finds a listener; one on all addresses is on localhost too.
func reachable(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("localhost:%d", tcp.Port)
	}
	return a.String()
}

// listen tells the usual mistakes in words.
func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use by another program: stop that one, or choose another address with --addr or ADDR", addr)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s needs rights that this user does not have: choose a port above 1023 with --addr or ADDR", addr)
	case err != nil:
		return nil, fmt.Errorf("%q cannot be listened on (%w): give an address such as 127.0.0.1:8080 with --addr or ADDR", addr, err)
	}
	return l, nil
}

func (s *serving) options() (lobby.Options, error) {
	o := s.lobby
	if o.Limits.Nodes < 1 || o.Limits.Nodes > 9 {
		return o, fmt.Errorf("--nodes-per-room is 1 to 9, not %d", o.Limits.Nodes)
	}
	if o.Limits.ValueBytes < 1 || o.Limits.ValueBytes > web.OrderBytes/2 {
		return o, fmt.Errorf("--value-bytes is 1 to %d, not %d", web.OrderBytes/2, o.Limits.ValueBytes)
	}
	school := newSchool(s.lessons)
	var err error
	if o.Lessons, err = school.load(); err != nil {
		return o, fmt.Errorf("the lessons are not in order, so the server does not start:\n%w", err)
	}
	o.Rate = event.FactorOf(s.rate)
	o.History = s.history << 20
	o.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	o.Assets = web.NewAssets(static.Files)
	if s.solo {
		o.Spawner = lobby.InProcess{Open: school.open}
		return o, nil
	}
	self, err := os.Executable()
	if err != nil {
		return o, fmt.Errorf("this program does not find its own file, so it cannot start rooms (%w): use --solo", err)
	}
	o.Spawner = lobby.NewProcesses(func() *exec.Cmd { return exec.Command(self, school.args()...) })
	return o, nil
}
