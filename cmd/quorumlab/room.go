package main

import (
	"cmp"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync/atomic"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/bcrypt"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/etcdapi"
	"github.com/quorumlab/quorumlab/lessons"
	"github.com/quorumlab/quorumlab/lessons/play"
	"github.com/quorumlab/quorumlab/static"
	"github.com/quorumlab/quorumlab/web"
	"github.com/quorumlab/quorumlab/web/lobby"
)

// wordsFile is the file descriptor on which a lobby listens to its room.
const wordsFile = 3

// progressFile is in a room's directory, beside the cluster's own files.
const progressFile = "lesson.json"

func newRoom() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:    "room",
		Short:  "Serve one room; a lobby starts this and tells it what to do",
		Args:   cobra.NoArgs,
		Hidden: true,
		RunE: func(*cobra.Command, []string) error {
			signal.Ignore(os.Interrupt) // the lobby ends its rooms in order
			words := os.NewFile(wordsFile, "words")
			defer words.Close()
			school := newRoomSchool(dir)
			go school.warm() // while the process is in reserve
			return lobby.RunChild(os.Stdin, words, school.open)
		},
	}
	c.Flags().StringVar(&dir, "lessons", "", "directory of further lesson files")
	return c
}

// openedRoom is a cluster, the lesson that is taken in it, and their server.
type openedRoom struct {
	*web.Server
	class *lessons.Class
	stage *play.Stage
}

// open serves the room that a lobby assigns. A new one is prepared for its lesson; one that was there goes on.
func (s *school) open(a lobby.Assignment) (lobby.Served, error) {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	warn := func(err error) { log.Warn("something was left undone", "room", a.ID, "error", err) }
	file := filepath.Join(a.Dir, progressFile)
	id := cmp.Or(lessonIn(file), a.Lesson, lessons.FreePlay)
	library, err := s.libraryWith(id, warn)
	if err != nil {
		return nil, err
	}
	class := lessons.NewClass(lessons.ClassOptions{Library: library, File: file, Warn: warn})
	ports := &etcdapi.Ports{BcryptCost: bcrypt.MinCost} // a room is no place for secrets, and stands still while it checks one
	var server atomic.Pointer[web.Server]
	ports.Used = func() func() {
		if s := server.Load(); s != nil {
			return s.Use()
		}
		return func() {} // the room is only just being opened
	}
	doors := cluster.Doors{Open: func(s *cluster.Session, before string) (string, error) { return ports.Open(s, before) }, Shut: ports.Shut, Changed: func() {
		if s := server.Load(); s != nil {
			s.EndpointsChanged()
		}
	}}
	stage, err := play.Open(cluster.Options{Dir: a.Dir, Nodes: a.Nodes, MaxNodes: a.Limits.Nodes, Rate: a.Rate, HistoryBytes: a.History, Keep: cluster.MaxKept, Name: web.PublicName(a.ID),
		Doors: doors, Admit: class.Admit, Watch: class.Fold, Ticked: class.Tick, Warn: warn}, library.Lesson(id))
	if err != nil {
		return nil, err
	}
	if err := class.Enter(stage, a.Lesson); err != nil {
		return nil, errors.Join(err, class.Close(), stage.Close())
	}
	w := web.New(web.Options{Cluster: stage, Shell: shell{stage}, Endpoints: func() []cluster.Endpoint { return stage.Room().Endpoints() }, Class: class, Room: a.ID, Limits: a.Limits, Assets: web.NewAssets(static.Files), Log: log})
	server.Store(w)
	return &openedRoom{w, class, stage}, nil
}

func (r *openedRoom) Close() error {
	r.Server.Close()
	return errors.Join(r.class.Close(), r.stage.Close())
}
