package cluster

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
)

// MaxKept is for Options.Keep of a room that people come back to: an hour of a busy room, packed.
const MaxKept = 32 << 20

// A room that is closed has its recording beside its setup. One that could not be read is put aside, where the next one that cannot be
// takes its place.
const (
	RecordingFile = "recording.qlr"
	SpoiltFile    = "recording.damaged.qlr"
)

// What a woken room says of a recording that lacks something. %v is the reason.
const (
	sayNoRecording = "nothing of what was before is in the recording: %v"
	sayTorn        = "the recording of what was before has no end: %v"
	sayUnrecorded  = "how the room went on after that is not in the recording: it ended too suddenly for it to be written, or its disk was full"
)

var errUnrecorded = errors.New("none was kept")

// earlier is a recording that a room goes on with.
type earlier struct {
	journal *journal.Journal // nil: there is none
	slept   event.Micros     // wall time since it was written
	missing string           // a sentence; "" if nothing is
}

// reread reads the recording of a room's earlier lives, the last of which had the epoch. What is wrong with it is no reason not to open
// the room.
func reread(o Options, last uint64) (e earlier) {
	if o.Keep == 0 {
		return e
	}
	path := filepath.Join(o.Dir, RecordingFile)
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		e.missing = fmt.Sprintf(sayNoRecording, errUnrecorded)
		return e
	}
	var info journal.Info
	if err == nil {
		defer f.Close()
		e.journal, info, err = journal.Read(bufio.NewReader(f))
	}
	var torn *journal.Torn
	switch {
	case errors.As(err, &torn):
		e.missing = fmt.Sprintf(sayTorn, err)
	case err != nil:
		e.missing = fmt.Sprintf(sayNoRecording, err)
	case info.Epoch != last:
		e.missing = sayUnrecorded
	default:
		e.slept = max(0, wallNow()-info.Made)
	}
	if err != nil {
		o.Warn(fmt.Errorf("%s: %w; it is put aside as %s", path, err, SpoiltFile))
		if err := os.Rename(path, filepath.Join(o.Dir, SpoiltFile)); err != nil {
			o.Warn(err)
		}
	}
	return e
}

// keep writes the journal's newest part into the room's directory, whole or not at all.
func (r *Room) keep() error {
	if r.o.Keep == 0 || r.journal.Stats().Seq == 0 {
		return nil
	}
	path := filepath.Join(r.o.Dir, RecordingFile)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("the room's recording cannot be kept: %w", err)
	}
	err = r.journal.WriteNewest(f, journal.Info{Room: r.o.Name, Made: wallNow()}, r.o.Keep)
	if err == nil && !r.o.NoSync {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("the room's recording cannot be kept: %w", err), os.Remove(path+".new"))
	}
	return nil
}
