package cluster

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Version is the layout of a room's directory.
const Version = 1

const setupFile = "cluster.json"

// setup is what outlives the process beside the nodes' own data: which machines there are and how the world treats them.
type setup struct {
	Version  int            `json:"version"`
	Epoch    uint64         `json:"epoch"` // lives of the room so far
	Now      event.Micros   `json:"now"`
	Thawed   event.Factor   `json:"rate"`
	Frozen   bool           `json:"frozen,omitempty"`
	PreVote  bool           `json:"prevote"`
	Messages uint64         `json:"messages,omitempty"` // that were sent so far: their numbers are not given twice
	NextID   event.NodeID   `json:"next_id"`
	Token    string         `json:"token,omitempty"`    // etcd's initial-cluster-token: goes into the ids of etcd's API
	Founders int            `json:"founders,omitempty"` // the first so many machines made the cluster
	Machines []machineSetup `json:"machines"`
	Links    []view.Link    `json:"links,omitempty"`
	Undo     []*past        `json:"undo,omitempty"`  // what can be taken back, the last thing last
	Storm    *stormSetup    `json:"chaos,omitempty"` // that is on; nil: none
}

type machineSetup struct {
	ID    event.NodeID `json:"id"`
	Drift event.Factor `json:"drift"`
	Fsync event.Micros `json:"fsync,omitempty"`
	Down  event.Reason `json:"down,omitzero"` // why it is not to be started
	URL   string       `json:"url,omitempty"` // its door, see Doors
}

// loadSetup reads the room's directory and counts a new life in it, or makes a fresh one.
func loadSetup(o Options) (s setup, fresh bool, err error) {
	path := filepath.Join(o.Dir, setupFile)
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return newSetup(o), true, os.MkdirAll(o.Dir, 0o700)
	case err != nil:
		return s, false, fmt.Errorf("the room's directory cannot be read: %w", err)
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s, false, fmt.Errorf("%s is damaged (%w); put it back from a copy, or open an empty directory", path, err)
	}
	if s.Version != Version {
		return s, false, fmt.Errorf("%s was written in layout %d, this program reads layout %d; use the program that wrote it, or an empty directory", path, s.Version, Version)
	}
	s.Epoch++
	if s.Founders == 0 { // written before rooms spoke etcd's API
		s.Token, s.Founders = rand.Text(), len(s.Machines)
	}
	return s, false, nil
}

func newSetup(o Options) setup {
	s := setup{Version: Version, Epoch: max(1, o.Epoch), Thawed: o.Rate, PreVote: !o.NoPreVote, Token: rand.Text(), Founders: o.Nodes}
	for i := range o.Nodes {
		s.Machines = append(s.Machines, machineSetup{ID: event.NodeID(i + 1), Drift: event.One})
	}
	s.NextID = event.NodeID(o.Nodes + 1)
	return s
}

// save writes the setup, whole or not at all. The lock is held.
func (r *Room) save() error {
	s := r.setup
	s.Now, s.Frozen, s.Messages = r.conductor.Now(), r.conductor.Rate() == 0, r.conductor.Messages()
	s.Undo, s.Storm = r.pasts, r.storm.setup()
	b, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return err
	}
	path := filepath.Join(r.o.Dir, setupFile)
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		return fmt.Errorf("the room's setup cannot be written: %w", err)
	}
	return os.Rename(path+".new", path)
}

func (s *setup) machine(id event.NodeID) *machineSetup {
	for i := range s.Machines {
		if s.Machines[i].ID == id {
			return &s.Machines[i]
		}
	}
	return nil
}

// remove takes a machine out, with its links.
func (s *setup) remove(id event.NodeID) {
	s.Machines = slices.DeleteFunc(s.Machines, func(m machineSetup) bool { return m.ID == id })
	s.Links = slices.DeleteFunc(s.Links, func(l view.Link) bool { return l.From == id || l.To == id })
}
