package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/tale"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/static"
	"github.com/quorumlab/quorumlab/web"
	"github.com/quorumlab/quorumlab/web/languages"
)

// replaying are replay's flags.
type replaying struct {
	addr     string
	open     bool
	narrate  bool
	language string
}

func newReplay() *cobra.Command {
	r := &replaying{}
	c := &cobra.Command{
		Use:   "replay FILE.qlr",
		Short: "Play a recording in the browser, or tell it as text",
		Long: "Replay serves the page of a room over a recording of it: everything can be looked at, at any moment, and nothing can be done.\n" +
			"With --narrate it tells instead what happened, as text. A room's recording is to be had from its page, or by quorumlab record.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			j, info, err := openRecording(args[0])
			if torn := (*journal.Torn)(nil); errors.As(err, &torn) {
				fmt.Fprintln(c.ErrOrStderr(), args[0]+":", torn)
			} else if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			if r.narrate {
				return r.tell(c, j)
			}
			return r.serve(c.Context(), addressOf(info.Room), j)
		},
	}
	f := c.Flags()
	f.StringVar(&r.addr, "addr", defaultAddr(), "address to listen on (also ADDR in the environment)")
	f.BoolVar(&r.open, "open", false, "open it in this machine's browser, if there is one")
	f.BoolVar(&r.narrate, "narrate", false, "tell what happened as text, and serve nothing")
	f.StringVar(&r.language, "language", "", "of --narrate: de for German; English otherwise")
	return c
}

// roomName is what a room's name is made of; a file may say anything.
var roomName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// addressOf is the name of a recording's room in addresses.
func addressOf(room string) string {
	const longest = 100
	if len(room) > longest || !roomName.MatchString(room) {
		return "recording"
	}
	return room
}

// openRecording reads a recording file. A *journal.Torn comes with a journal.
func openRecording(name string) (*journal.Journal, journal.Info, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, journal.Info{}, err
	}
	defer file.Close()
	return journal.Read(file)
}

func (r *replaying) tell(c *cobra.Command, j *journal.Journal) error {
	language := languages.Of(r.language)
	if language == nil && r.language != "" && r.language != "en" {
		return fmt.Errorf("there is no language %q: leave --language out for English, or say de", r.language)
	}
	w := bufio.NewWriter(c.OutOrStdout())
	return errors.Join(tale.Narrate(w, language, j), w.Flush())
}

func (r *replaying) serve(ctx context.Context, room string, j *journal.Journal) error {
	listener, err := listen(r.addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	shown := web.New(web.Options{Cluster: recorded{j}, Room: room, Sealed: true, Assets: web.NewAssets(static.Files), Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	defer shown.Close()
	server := web.NewHTTPServer(web.Guard(replayRoutes(room, shown)))
	address := "http://" + reachable(listener.Addr()) + "/r/" + room
	fmt.Println("open", address)
	if r.open {
		showInBrowser(address)
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	shown.Close()
	return server.Close()
}

// replayRoutes gives a recording the addresses that it would have as a room.
func replayRoutes(room string, shown http.Handler) http.Handler {
	pass := func(path string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			inside := r.Clone(r.Context())
			inside.URL.Path, inside.URL.RawPath = path+r.PathValue("rest"), ""
			shown.ServeHTTP(w, inside)
		}
	}
	m := http.NewServeMux()
	m.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		languages.Remember(w, r) // the address it leads to does not say it any more
		http.Redirect(w, r, "/r/"+room, http.StatusFound)
	})
	m.HandleFunc("GET /r/"+room, pass("/"))
	m.HandleFunc("GET /r/"+room+"/ws", pass("/ws"))
	m.HandleFunc("GET /api/rooms/"+room, pass("/state"))
	m.HandleFunc("/api/rooms/"+room+"/{rest}", pass("/"))
	m.Handle("GET "+web.StaticPath, shown)
	m.Handle("/", shown)
	return m
}

// recorded is a room of which there is but its recording.
type recorded struct{ journal *journal.Journal }

// onlyARecording refuses whatever somebody wants to be done.
const onlyARecording = "This is a recording: everything can be looked at, and nothing can be done. Open a room to do something."

func (r recorded) Do(_ context.Context, c event.Command) event.Result {
	return event.Result{ID: c.ID, Kind: c.Kind, Node: c.Node, Outcome: event.Failed, Error: onlyARecording}
}

func (r recorded) Journal() *journal.Journal { return r.journal }
func (r recorded) State() view.State         { return r.journal.State() }
func (r recorded) Close() error              { return nil }
