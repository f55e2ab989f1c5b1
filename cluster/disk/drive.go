package disk

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	"github.com/quorumlab/quorumlab/cluster/event"
)

// Snapshots that a drive keeps unless its Options say otherwise; older ones are deleted.
const Snapshots = 2

// Options of a drive. Only Dir is needed.
type Options struct {
	Dir      string       // the node's directory; made when it is not there
	Node     event.NodeID // whose it is; set in events
	Sync     bool         // false: the operating system writes when it likes (survives a kill, not a power cut)
	Tap      event.Tap    // Appended, Truncated, Compacted, Fsynced, VoteCast
	Describe func(*raft.Log) (op uint64, label string)
	Delay    func() time.Duration           // slept before every fsync; asked each time
	Fence    *Fence                         // where the node dies
	Failed   func(error)                    // a write failed, a full disk for example; the goroutine that wrote has ended or is about to
	Peer     func(addr []byte) event.NodeID // who a vote is for; nil: event.ParseNodeID
	Keep     int                            // snapshots; 0: Snapshots
	Witness  string                         // a file outside of Dir that tells LosePower what is on disk; "": none

	witness *witness
}

// Drive is a node's directory, open. Its parts are safe for concurrent use.
type Drive struct {
	Log       *Log
	Stable    *Stable
	Snapshots raft.SnapshotStore
	Opened    Opened

	dir     string
	witness *witness
}

// Opened tells what opening found.
type Opened struct {
	First, Last uint64 // log entries; 0: none
	Repaired    string // "" or a sentence about the torn last write that was cut off
}

// Open opens a node's directory or makes it. Damage is refused with a *Damage, a directory of another format with a
// sentence; nothing has been changed then.
func Open(o Options) (*Drive, error) {
	o = o.withDefaults()
	if err := prepare(o.Dir, o.Sync); err != nil {
		return nil, err
	}
	found, err := checkLog(o.Dir)
	if err != nil {
		return nil, err
	}
	if err := Verify(o.Dir); err != nil {
		return nil, err
	}
	return open(o, found)
}

func (o Options) withDefaults() Options {
	if o.Tap == nil {
		o.Tap = func(event.Event) {}
	}
	if o.Describe == nil {
		o.Describe = func(*raft.Log) (uint64, string) { return 0, "" }
	}
	if o.Delay == nil {
		o.Delay = func() time.Duration { return 0 }
	}
	if o.Fence == nil {
		o.Fence = NewFence(nil)
	}
	if o.Failed == nil {
		o.Failed = func(error) {}
	}
	if o.Peer == nil {
		o.Peer = func(addr []byte) event.NodeID { id, _ := event.ParseNodeID(string(addr)); return id }
	}
	return o
}

func open(o Options, found *scan) (d *Drive, err error) {
	if o.witness, err = openWitness(o.Dir, o.Witness); err != nil {
		return nil, err
	}
	d = &Drive{dir: o.Dir, witness: o.witness}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
			d = nil
		}
	}()
	if d.Log, err = openLog(o, found); err != nil {
		return d, err
	}
	if d.Stable, err = openStable(o); err != nil {
		return d, err
	}
	d.Stable.log = d.Log
	files, err := raft.NewFileSnapshotStoreWithLogger(o.Dir, cmp.Or(o.Keep, Snapshots), hclog.NewNullLogger())
	if err != nil {
		return d, fmt.Errorf("the snapshots in %s cannot be opened: %w", o.Dir, err)
	}
	d.Snapshots = fencedSnapshots{files, o.Fence}
	d.Opened.First, _ = d.Log.FirstIndex()
	d.Opened.Last, _ = d.Log.LastIndex()
	d.Opened.Repaired = d.Log.repaired
	if !o.Sync {
		return d, nil
	}
	return d, errors.Join(syncDir(d.Log.dir), syncDir(o.Dir)) // the names of what is new
}

// StoreDir is the folder of the key-value store.
func (d *Drive) StoreDir() string { return StoreDir(d.dir) }

// StoreDir is the folder of the key-value store in a node's directory.
func StoreDir(dir string) string { return filepath.Join(dir, storeDir) }

// Close closes log and stable store. Raft and the store must be down.
func (d *Drive) Close() error {
	var errs []error
	if d.Log != nil {
		errs = append(errs, d.Log.Close())
	}
	if d.Stable != nil {
		errs = append(errs, d.Stable.Close())
	}
	return errors.Join(append(errs, d.witness.close())...)
}

// StoreSynced notes for LosePower that the store's file is on disk as it is now. Call it while nothing is being committed.
func (d *Drive) StoreSynced() { d.witness.bolt(dbFile) }

// Wipe empties a stopped node's directory.
func Wipe(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("%s cannot be wiped: %w", dir, err)
	}
	return nil
}

// The names in a node's directory.
const (
	formatFile  = "format"
	logDir      = "log"
	stableFile  = "stable.db"
	storeDir    = "store"
	sealFile    = "seal"
	snapshotDir = "snapshots" // raft's name for it
	dbFile      = "store/db"
)
