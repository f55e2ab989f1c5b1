// Package play puts lessons on: it prepares a room for a lesson, and rehearses lessons with a learner who follows the
// script in the file, in virtual time.
package play

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/lessons"
)

// What a cluster keeps in its directory, and what says that it is being replaced: the file holds the next epoch.
const (
	setupFile   = "cluster.json"
	nodesDir    = "nodes"
	stagingFile = "staging"
)

// Stage is a room whose cluster can be taken away and replaced by one that is prepared for a lesson. Its methods are
// safe for concurrent use; while the room is staged they wait.
type Stage struct {
	o cluster.Options

	mu   sync.RWMutex // held for writing while the room is staged
	room *cluster.Room
	done bool

	doors map[event.NodeID]string // see keepDoors
}

// Open opens the cluster in o.Dir as it was left, or a new one that is prepared for the lesson l; nil prepares nothing.
// What l says of nodes, rate and pre-vote counts; in free play what o says does, where it says something.
func Open(o cluster.Options, l *lessons.Lesson) (*Stage, error) {
	if o.Dir == "" {
		return nil, errors.New("a room needs a directory")
	}
	s := &Stage{o: o}
	if err := s.recover(); err != nil {
		return nil, err
	}
	fresh := s.empty()
	if fresh && l != nil {
		if err := s.mark(max(1, s.o.Epoch)); err != nil {
			return nil, err
		}
	}
	room, err := cluster.Open(s.options(l))
	if err != nil {
		if fresh {
			err = errors.Join(err, s.clear())
		}
		return nil, err
	}
	s.room = room
	return s, s.unmark()
}

// options of the cluster for a lesson.
func (s *Stage) options(l *lessons.Lesson) cluster.Options {
	o := s.o
	if l == nil {
		return o
	}
	if !l.AnyOrder || o.Nodes == 0 {
		o.Nodes = l.Nodes
	}
	if !l.AnyOrder || o.Rate == 0 {
		o.Rate = l.Rate
	}
	if !l.AnyOrder {
		o.NoPreVote = !l.PreVote
	}
	o.Prepare = func(r *cluster.Room) error { return Prepare(r, l) }
	return o
}

// Stage empties the room and prepares it for a lesson. If that fails the room is a new one with nothing done in it,
// and the error says why.
func (s *Stage) Stage(l *lessons.Lesson) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done {
		return errors.New("the room is closed")
	}
	o := s.options(l)
	if most := s.o.MaxNodes; most != 0 && o.Nodes > most {
		return fmt.Errorf("the lesson needs %d nodes, but a room has at most %d here", o.Nodes, most)
	}
	o.Epoch = max(o.Epoch, s.room.Journal().Epoch()+1)
	o.Doors.Before = s.keepDoors()
	if err := s.mark(o.Epoch); err != nil {
		return err
	}
	if err := s.room.Close(); err != nil {
		s.warn(fmt.Errorf("the room's last life did not end well: %w", err)) // its files go anyway
	}
	err := s.reopen(o)
	if err != nil {
		o.Prepare = nil
		o.Epoch++
		err = errors.Join(err, s.reopen(o))
	}
	return errors.Join(err, s.unmark())
}

// keepDoors remembers where etcd's clients reached each node there ever was: a node of the same number is to be found there again.
func (s *Stage) keepDoors() map[event.NodeID]string {
	if s.doors == nil {
		s.doors = map[event.NodeID]string{}
	}
	for _, e := range s.room.Endpoints() {
		s.doors[e.Node] = e.URL
	}
	return s.doors
}

// reopen replaces what is in the directory by a new cluster.
func (s *Stage) reopen(o cluster.Options) error {
	if err := s.clear(); err != nil {
		return err
	}
	room, err := cluster.Open(o)
	if err != nil {
		return err
	}
	s.room = room
	return nil
}

func (s *Stage) warn(err error) {
	if s.o.Warn != nil {
		s.o.Warn(err)
	}
}

// recover clears what a process left that ended while it staged the room.
func (s *Stage) recover() error {
	b, err := os.ReadFile(s.path(stagingFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the room's directory cannot be read: %w", err)
	}
	if epoch, err := strconv.ParseUint(string(b), 10, 64); err == nil { // else it was not even written
		s.o.Epoch = max(s.o.Epoch, epoch+1)
	}
	return s.clear()
}

func (s *Stage) empty() bool {
	_, err := os.Stat(s.path(setupFile))
	return errors.Is(err, os.ErrNotExist)
}

func (s *Stage) mark(epoch uint64) error {
	if err := os.MkdirAll(s.o.Dir, 0o700); err != nil {
		return fmt.Errorf("the room's directory cannot be made: %w", err)
	}
	if err := os.WriteFile(s.path(stagingFile), []byte(strconv.FormatUint(epoch, 10)), 0o600); err != nil {
		return fmt.Errorf("the room cannot be emptied: %w", err)
	}
	return nil
}

func (s *Stage) unmark() error {
	if err := os.Remove(s.path(stagingFile)); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// clear removes the nodes' data and the room's setup, and nothing else: the directory has other files too.
func (s *Stage) clear() error {
	err := os.RemoveAll(s.path(nodesDir))
	for _, name := range []string{setupFile, cluster.RecordingFile, cluster.SpoiltFile} {
		if e := os.Remove(s.path(name)); !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	if err != nil {
		return fmt.Errorf("the room cannot be emptied: %w", err)
	}
	return nil
}

func (s *Stage) path(name string) string { return filepath.Join(s.o.Dir, name) }

// Room is the cluster as it is now: the next staging closes it.
func (s *Stage) Room() *cluster.Room {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.room
}

// Do is cluster.Room.Do. A command that is under way when the room is staged ends as when a room is closed.
func (s *Stage) Do(ctx context.Context, c event.Command) event.Result { return s.Room().Do(ctx, c) }

// Journal is the record of the cluster as it is now. Staging ends it; ask again for the next one's.
func (s *Stage) Journal() *journal.Journal { return s.Room().Journal() }

// Contents is that of the room that there is now.
func (s *Stage) Contents(id event.NodeID, c event.Command) <-chan cluster.Contents {
	return s.Room().Contents(id, c)
}

// State is a copy of what the events add up to.
func (s *Stage) State() view.State { return s.Room().State() }

// Close stops all machines properly and keeps their data.
func (s *Stage) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = true
	return s.room.Close()
}
