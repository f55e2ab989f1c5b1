package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
)

const (
	identityFile    = "member.json"
	identityVersion = 1
)

// identity is who a member is; it never changes, so it is written once, before anything else in the data directory.
type identity struct {
	Version int          `json:"version"`
	Cluster string       `json:"cluster"` // etcd's ids in hexadecimal: JSON's numbers are too small
	Member  string       `json:"member"`
	Node    event.NodeID `json:"node"`

	cluster, member uint64
	founders        []founder // of a cluster that is being made
}

// founder is a member of a cluster's first configuration.
type founder struct {
	event.Member
	place node.Place
}

// loadIdentity reads the data directory's; nil: it has none.
func loadIdentity(dir string) (*identity, error) {
	path := filepath.Join(dir, identityFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the data directory cannot be read: %w", err)
	}
	id := &identity{}
	if err := json.Unmarshal(b, id); err != nil {
		return nil, fmt.Errorf("%s is damaged (%w); put it back from a copy, or let this member join again with an empty directory", path, err)
	}
	if id.Version != identityVersion {
		return nil, fmt.Errorf("%s was written in layout %d, this program reads layout %d; use the program that wrote it", path, id.Version, identityVersion)
	}
	if _, err := fmt.Sscanf(id.Cluster+" "+id.Member, "%x %x", &id.cluster, &id.member); err != nil || id.Node == 0 {
		return nil, fmt.Errorf("%s does not name a member; put it back from a copy, or let this member join again with an empty directory", path)
	}
	return id, nil
}

// save writes the identity, whole or not at all.
func (id *identity) save(dir string) error {
	id.Version, id.Cluster, id.Member = identityVersion, hex(id.cluster), hex(id.member)
	b, err := json.MarshalIndent(id, "", "\t")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, identityFile)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("the data directory cannot be written: %w", err)
	}
	_, err = f.Write(append(b, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, err)
	}
	return os.Rename(path+".new", path)
}

func hex(id uint64) string { return fmt.Sprintf("%x", id) }

// number gives founders their numbers: by etcd's id, so that all of them come to the same.
func number(places []node.Place) (fs []founder) {
	slices.SortFunc(places, func(a, b node.Place) int {
		return strings.Compare(fmt.Sprintf("%016x", a.Member), fmt.Sprintf("%016x", b.Member))
	})
	for i, p := range places {
		fs = append(fs, founder{event.Member{ID: event.NodeID(i + 1), Suffrage: event.Voter}, p})
	}
	return fs
}
