package main

import (
	"log/slog"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/static"
	"github.com/quorumlab/quorumlab/web"
	"github.com/quorumlab/quorumlab/web/lobby"
)

// wordsFile is the file descriptor on which a lobby listens to its room.
const wordsFile = 3

func newRoom() *cobra.Command {
	return &cobra.Command{
		Use:    "room",
		Short:  "Serve one room; a lobby starts this and tells it what to do",
		Args:   cobra.NoArgs,
		Hidden: true,
		RunE: func(*cobra.Command, []string) error {
			signal.Ignore(os.Interrupt) // the lobby ends its rooms in order
			words := os.NewFile(wordsFile, "words")
			defer words.Close()
			return lobby.RunChild(os.Stdin, words, openRoom)
		},
	}
}

// openedRoom is a cluster and its server.
type openedRoom struct {
	*web.Server
	cluster *cluster.Room
}

func openRoom(a lobby.Assignment) (lobby.Served, error) {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	c, err := cluster.Open(cluster.Options{Dir: a.Dir, Nodes: a.Nodes, MaxNodes: a.Limits.Nodes, Rate: a.Rate, HistoryBytes: a.History,
		Warn: func(err error) { log.Warn("something was left undone", "room", a.ID, "error", err) }})
	if err != nil {
		return nil, err
	}
	s := web.New(web.Options{Cluster: c, Room: a.ID, Limits: a.Limits, Assets: web.NewAssets(static.Files),
		Log: log})
	return &openedRoom{s, c}, nil
}

func (r *openedRoom) Close() error {
	r.Server.Close()
	return r.cluster.Close()
}
