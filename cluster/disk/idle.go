package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// copySuffix is of the folder beside a node's in which its files are looked at.
const copySuffix = ".look"

// Look tells what is on the disk of a node that does not run, as the facts that made it so: its snapshot, the entries of its log, its term
// and its vote; none for a disk that is empty. It changes nothing there: files are opened in a copy, as opening may mend the end of a write
// that a crash tore. A disk with which the node would refuse to start is refused for the same reason.
func Look(o Options) (facts []event.Event, err error) {
	if _, err := os.Stat(filepath.Join(o.Dir, formatFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err := compareSeal(o.Dir); err != nil {
		return nil, err
	}
	place := o.Dir + copySuffix
	defer func() { err = errors.Join(err, os.RemoveAll(place)) }()
	if err := copyForLook(o.Dir, place); err != nil {
		return nil, fmt.Errorf("what is on the disk in %s cannot be looked at: %w", o.Dir, err)
	}
	o.Dir, o.Sync, o.Tap, o.Fence, o.Delay = place, false, nil, nil, nil
	d, err := Open(o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := d.Coherent(); err != nil {
		return nil, err
	}
	return d.facts(o.Node)
}

// facts are what the drive holds.
func (d *Drive) facts(node event.NodeID) (facts []event.Event, err error) {
	found, err := d.Snapshots.List()
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		facts = append(facts, event.Event{Kind: event.SnapshotTaken, Node: node, Index: found[0].Index, LogTerm: found[0].Term, N: found[0].Size})
	}
	for i := d.Opened.First; i != 0 && i <= d.Opened.Last; i++ {
		e, err := d.Log.Fact(i)
		if err != nil {
			return nil, err
		}
		facts = append(facts, e)
	}
	term, err := d.Stable.GetUint64(keyTerm)
	if err != nil {
		return nil, err
	}
	facts = append(facts, event.Event{Kind: event.TermChanged, Node: node, Term: term})
	voted, err := d.Stable.GetUint64(keyVoteTerm)
	if err != nil || voted == 0 {
		return facts, err
	}
	candidate, err := d.Stable.Get(keyVoteCand)
	return append(facts, event.Event{Kind: event.VoteCast, Node: node, Peer: d.Stable.o.Peer(candidate), Term: voted}), err
}

// copyForLook copies what Look reads: the store and what snapshots hold of it are not among that.
func copyForLook(from, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && name == storeDir:
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		case name == sealFile || d.Name() == snapshotContent:
			return nil
		}
		return copyFile(path, filepath.Join(to, name))
	})
}

// snapshotContent is raft's name for the file of a snapshot that holds the store.
const snapshotContent = "state.bin"

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
