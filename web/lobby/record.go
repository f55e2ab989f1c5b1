package lobby

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Version of the data directory's layout. A lobby refuses another one: it would misread it.
const Version = 1

const (
	recordFile = "room.json"      // in a room's directory, beside the cluster's own files
	markFile   = "quorumlab.json" // in the data directory
	goneSuffix = ".gone"          // a room's directory on its way out
)

// Record is what the lobby remembers of a room.
type Record struct {
	Version int          `json:"version"`
	ID      string       `json:"id"`
	Created time.Time    `json:"created"`
	Used    time.Time    `json:"used"` // last visit or command
	Nodes   int          `json:"nodes"`
	Rate    event.Factor `json:"rate"`             // at which it began
	Lesson  string       `json:"lesson,omitempty"` // id of the lesson it was opened with
}

func readRecord(dir string) (Record, error) {
	var r Record
	b, err := os.ReadFile(filepath.Join(dir, recordFile))
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return r, fmt.Errorf("%s in %s is damaged (%w): restore it from a copy or delete the room's directory", recordFile, dir, err)
	}
	if r.Version != Version {
		return r, fmt.Errorf("%s was written by another version of quorumlab (%d, this one reads %d): use that version, or move the directory away", dir, r.Version, Version)
	}
	if r.ID != filepath.Base(dir) {
		return r, fmt.Errorf("%s says that it is room %q: a room's directory has its id as name", dir, r.ID)
	}
	return r, nil
}

// write replaces the record in dir.
func (r Record) write(dir string) error {
	return replace(filepath.Join(dir, recordFile), r)
}

// replace writes v beside the file and renames it, so that a crash leaves the old one or the new one.
func replace(name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	next := name + ".next"
	if err := os.WriteFile(next, append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(next, name)
}

// openData makes or checks the data directory and returns the rooms in it. Rooms that cannot be read are
// returned as errors, one each: they stay where they are.
func openData(dir string) (rooms []Record, damaged []error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("the data directory cannot be made: %w; choose another one with --data", err)
	}
	if err := checkMark(dir); err != nil {
		return nil, nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("the data directory cannot be read: %w; choose another one with --data", err)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case !e.IsDir():
		case filepath.Ext(path) == goneSuffix:
			os.RemoveAll(path) // a deletion that was interrupted; the next start tries again
		default:
			r, err := readRecord(path)
			if err != nil {
				damaged = append(damaged, err)
				continue
			}
			rooms = append(rooms, r)
		}
	}
	return rooms, damaged, nil
}

// checkMark makes sure that dir is a data directory of this version, or an empty one that becomes one.
func checkMark(dir string) error {
	name := filepath.Join(dir, markFile)
	var mark struct {
		Version int `json:"version"`
	}
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
			return fmt.Errorf("%s is not empty and not a data directory of quorumlab (it has no %s): choose another one with --data", dir, markFile)
		}
		mark.Version = Version
		return replace(name, mark)
	}
	if err != nil {
		return fmt.Errorf("the data directory cannot be read: %w", err)
	}
	if err := json.Unmarshal(b, &mark); err != nil {
		return fmt.Errorf("%s is damaged (%w): if the rooms in %s are of this version, delete the file", name, err, dir)
	}
	if mark.Version != Version {
		return fmt.Errorf("the data directory %s was written by another version of quorumlab (%d, this one reads %d): use that version, or choose another directory with --data", dir, mark.Version, Version)
	}
	return nil
}
