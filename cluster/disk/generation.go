package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/raft"
	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/etcd/server/v3/storage/wal/walpb"
	"go.etcd.io/raft/v3/raftpb"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"
)

// SegmentBytes is the size from which a file of the log is closed and the next one begun. Its newest file and one in
// reserve are allocated in full, so a node takes 2 to 4 MiB of disk.
const SegmentBytes = 1 << 20

func init() { wal.SegmentSizeBytes = SegmentBytes }

// ProcessSegmentBytes is the same for a node that has a process for itself and thousands of requests a second: beginning a
// file costs several fsyncs. Such a node takes 32 to 64 MiB of disk.
const ProcessSegmentBytes = 16 << 20

var large sync.Once

// UseLargeSegments makes ProcessSegmentBytes the size for all logs of this process. Call it before any is opened; a log
// that was made with smaller files is then taken for damaged.
func UseLargeSegments() { large.Do(func() { wal.SegmentSizeBytes = ProcessSegmentBytes }) }

// openingFile is there while the log is being opened: etcd's log then cuts its newest file at the last record for a
// moment. At all other times a newest file shorter than a segment has lost its end.
const openingFile = "opening"

// A generation is one life of etcd's log in a folder of its own; deleting all entries begins the next one.
func generationDir(dir string, g uint64) string {
	return filepath.Join(dir, fmt.Sprintf("gen-%08x", g))
}

// generations lists those in dir, oldest first.
func generations(dir string) (found []uint64, err error) {
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for _, f := range files {
		var g uint64
		if _, err := fmt.Sscanf(f.Name(), "gen-%08x", &g); err == nil && f.Name() == filepath.Base(generationDir(dir, g)) {
			found = append(found, g)
		}
	}
	slices.Sort(found)
	return found, nil
}

// load opens the generation that was found, or makes the first.
func (l *Log) load(found *scan) error {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return err
	}
	if found == nil {
		return l.renew()
	}
	l.generation = found.generation
	if err := l.open(found); err != nil {
		return errors.Join(err, l.Close())
	}
	all, err := generations(l.dir)
	for _, g := range all {
		if g != l.generation {
			err = errors.Join(err, os.RemoveAll(generationDir(l.dir, g)))
		}
	}
	if err != nil {
		return errors.Join(err, l.Close())
	}
	return nil
}

func (l *Log) open(found *scan) error {
	if found.tear != nil {
		if err := found.tear.mend(); err != nil {
			return err
		}
		l.repaired = found.tear.String()
	}
	if found.short != "" {
		if err := os.Truncate(found.short, wal.SegmentSizeBytes); err != nil {
			return err
		}
	}
	marker := filepath.Join(l.dir, openingFile)
	if err := os.WriteFile(marker, nil, 0o600); err != nil {
		return err
	}
	l.number = found.write.number
	if err := l.read(generationDir(l.dir, l.generation), found.start); err != nil {
		return err
	}
	return os.Remove(marker)
}

// read has etcd's log read all records, after which it is ready for writing.
func (l *Log) read(dir string, start *walpb.Snapshot) error {
	return guard(func() (err error) {
		if l.w, err = wal.Open(zap.NewNop(), dir, start); err != nil {
			return err
		}
		if !l.o.Sync {
			l.w.SetUnsafeNoFsync()
		}
		_, state, records, err := l.w.ReadAll()
		if err != nil {
			return err
		}
		if err := l.take(start.GetIndex(), records); err != nil {
			return err
		}
		// Etcd's log has forgotten its state: it would begin its next file without the commit index, and the snapshot
		// record that says where the log begins would not count any more.
		if err := l.w.Save(l.hardState(state.GetCommit(), 0), nil); err != nil {
			return err
		}
		l.synced()
		return nil
	})
}

func (l *Log) take(base uint64, records []*raftpb.Entry) error {
	l.base, l.based = base, base > 0 || len(records) > 0
	l.entries = make([]raft.Log, 0, len(records)+64)
	for i, r := range records {
		e, err := decodeEntry(r)
		if err != nil {
			return fmt.Errorf("entry %d cannot be decoded: %w", r.GetIndex(), err)
		}
		if want := base + 1 + uint64(i); e.Index != want {
			return fmt.Errorf("entry %d stands where %d should be", e.Index, want)
		}
		l.entries = append(l.entries, e)
		l.bytes += int64(len(e.Data))
	}
	return nil
}

// hardState is what etcd's log wants beside entries. Term and vote live in Stable; Commit says up to where snapshot
// records count.
func (l *Log) hardState(commit, left uint64) *raftpb.HardState {
	term, vote := uint64(1), uint64(0)
	s := &raftpb.HardState{Term: &term, Vote: &vote, Commit: &commit}
	l.number++
	stamp(s, stateFields, write{l.number, left})
	return s
}

// mark writes that the log begins behind index.
func (l *Log) mark(index, term uint64) error {
	return guard(func() error {
		if err := l.w.Save(l.hardState(index, 1), nil); err != nil {
			return err
		}
		s := &walpb.Snapshot{Index: &index, Term: &term, ConfState: &raftpb.ConfState{}}
		stamp(s, snapshotFields, write{number: l.number})
		if err := l.w.SaveSnapshot(s); err != nil {
			return err
		}
		l.synced()
		return nil
	})
}

// renew begins the next generation, which is empty, and removes this one.
func (l *Log) renew() error {
	id, cluster := uint64(l.o.Node), uint64(1)
	metadata, err := proto.Marshal(&etcdserverpb.Metadata{NodeID: &id, ClusterID: &cluster})
	if err != nil {
		return err
	}
	old := l.w
	next := generationDir(l.dir, l.generation+1)
	l.number = 0
	err = guard(func() error {
		w, err := wal.Create(zap.NewNop(), next, metadata)
		if err != nil {
			return err
		}
		l.w = w
		if !l.o.Sync {
			w.SetUnsafeNoFsync()
		}
		return w.Save(l.hardState(0, 0), nil)
	})
	if old != nil && l.w != old {
		err = errors.Join(err, guard(old.Close))
	}
	if err != nil {
		return err
	}
	l.generation++
	l.synced()
	l.mu.Lock()
	l.base, l.based, l.entries, l.bytes = 0, false, nil, 0
	l.mu.Unlock()
	return os.RemoveAll(generationDir(l.dir, l.generation-1))
}

// purge removes the files that hold only entries up to base.
func (l *Log) purge() error {
	if err := guard(func() error { return l.w.ReleaseLockTo(l.base) }); err != nil {
		return err
	}
	found, err := segments(generationDir(l.dir, l.generation))
	if err != nil {
		return err
	}
	keep := len(found) - 1
	for i, s := range found {
		if s.first >= l.base { // the rule of ReleaseLockTo
			keep = i - 1
			break
		}
	}
	for _, s := range found[:max(keep, 0)] {
		if err := os.Remove(s.path); err != nil {
			return err
		}
	}
	return nil
}

// segment is a file of etcd's log.
type segment struct {
	path       string
	seq, first uint64 // its number; the entry it begins with
}

// segments lists those of a generation in order.
func segments(dir string) (found []segment, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".wal") {
			continue
		}
		s := segment{path: filepath.Join(dir, f.Name())}
		if _, err := fmt.Sscanf(f.Name(), "%016x-%016x.wal", &s.seq, &s.first); err != nil {
			return nil, fmt.Errorf("%s is no name of a log file: %w", s.path, err)
		}
		found = append(found, s)
	}
	return found, nil // ReadDir sorts by name
}

// guard turns a panic of etcd's log into an error.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the write-ahead log gave up: %v", p)
		}
	}()
	return f()
}
