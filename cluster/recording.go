package cluster

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// MaxKept is for Options.Keep of a room that people come back to: an hour of a busy room, packed.
const MaxKept = 32 << 20

// A room that is closed has its recording beside its setup. One that could not be read is put aside, where the next one that cannot be
// takes its place.
const (
	RecordingFile = "recording.qlr"
	SpoiltFile    = "recording.damaged.qlr"
)

// While a room lives its recording grows with it, so that no more than GrowEvery of it is missing when its process ends without a word.
// What is in the file is in the operating system's hands then, not on the disk: a power cut may take more.
const (
	GrowEvery = 2 * time.Second
	growRest  = time.Minute // after it could not be written anew, until that is tried again
	growShare = 2           // one part in so many may the file be larger than Options.Keep until it is written anew
)

// earlier is a recording that a room goes on with.
type earlier struct {
	journal *journal.Journal // nil: there is none
	slept   event.Micros     // wall time since it was written
	missing string           // a sentence of package words; "" if nothing is
	lost    int64            // bytes of the file that cannot be read
	aside   bool             // the file was put aside
}

// reread reads the recording of a room's earlier lives, the last of which had the epoch. What is wrong with it is no reason not to open
// the room.
func reread(o Options, last uint64) (e earlier) {
	if o.Keep == 0 {
		e.missing = words.MissingNone
		return e
	}
	path := filepath.Join(o.Dir, RecordingFile)
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		e.missing = words.MissingNone
		return e
	}
	var info journal.Info
	if err == nil {
		defer f.Close()
		e.journal, info, err = journal.Salvage(bufio.NewReader(f))
	}
	var torn *journal.Torn
	switch {
	case errors.As(err, &torn) && torn.Growing:
		e.missing, e.lost = ending(torn, info.Epoch == last), torn.Lost
		if torn.Lost == 0 {
			err = nil // a process that was killed leaves its file so
		}
	case torn != nil:
		e.missing = words.MissingEnd
	case err != nil:
		e.missing = words.MissingAll
	case info.Epoch != last:
		e.missing = words.MissingLife
	default:
		e.slept = max(1, wallNow()-info.Made) // clocks are set back
	}
	if e.aside = err != nil; e.aside {
		putAside(o, path, err)
	}
	return e
}

// ending says what the recording of a process lacks that ended without a word.
func ending(torn *journal.Torn, told bool) string {
	switch {
	case torn.Lost > 0:
		return words.MissingEnd
	case !told:
		return words.MissingLife
	}
	return words.MissingMoments
}

// putAside keeps a file that is not as it should be for who can make something of it.
func putAside(o Options, path string, why error) {
	o.warn(fmt.Errorf("%s: %w; it is put aside as %s", path, why, SpoiltFile))
	if err := os.Rename(path, filepath.Join(o.Dir, SpoiltFile)); err != nil {
		o.warn(err)
	}
}

// numbered is the last number that a message has in a recording; 0 if none is told of.
func (e *earlier) numbered() (last uint64) {
	if e.journal == nil {
		return 0
	}
	for _, k := range []event.Kind{event.Sent, event.Copied} {
		at, err := e.journal.Before(e.journal.Reach().Head+1, journal.Search{Kinds: journal.KindsOf(k)})
		if err != nil || at == 0 {
			continue
		}
		if events, err := e.journal.Events(at, 1); err == nil && len(events) == 1 {
			last = max(last, events[0].Msg)
		}
	}
	return last
}

// growth is how a room's recording grows.
type growth struct {
	path string

	mu   sync.Mutex // guards what follows
	file *os.File
	roll *journal.Scroll

	failed bool      // the last time
	rested time.Time // it is not written anew before this
}

// grow begins to let the recording grow: in a new file, or behind what is whole of the one that it was read from.
func (r *Room) grow(anew bool) {
	if r.o.Keep == 0 {
		return
	}
	g := &growth{path: filepath.Join(r.o.Dir, RecordingFile)}
	file, err := os.OpenFile(g.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		r.o.warn(fmt.Errorf(sayUnkept, err))
		return
	}
	g.file = file
	if about := (journal.Info{Room: r.o.Name}); anew {
		g.roll = r.journal.NewScroll(file, about, r.o.Keep)
	} else {
		g.roll = r.journal.GoOn(file, about, r.o.Keep)
	}
	r.growing = g
	r.busy.Go(func() {
		tick := time.NewTicker(GrowEvery)
		defer tick.Stop()
		for {
			r.extend()
			select {
			case <-tick.C:
			case <-r.hands.Done():
				return
			}
		}
	})
}

const sayUnkept = "the room's recording cannot be kept: %w"

// extend writes what is new. That it cannot be written is told once; it is tried again the next time.
func (r *Room) extend() {
	g := r.growing
	g.mu.Lock()
	defer g.mu.Unlock()
	err := g.roll.Extend()
	if most := r.o.Keep + r.o.Keep/growShare; err == nil && g.roll.Size() > most && time.Now().After(g.rested) {
		g.rested = time.Now().Add(growRest)
		err = r.renew(g)
	}
	if err != nil && !g.failed {
		r.o.warn(fmt.Errorf("the room's recording cannot be written at the moment: %w. The room goes on; what is missing is written as soon as that is possible", err))
	}
	g.failed = err != nil
}

// renew writes the newest part into a new file, whole or not at all: what is older, and what was written twice, is left out. g is locked.
func (r *Room) renew(g *growth) error {
	file, err := os.OpenFile(g.path+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	roll := r.journal.NewScroll(file, journal.Info{Room: r.o.Name}, r.o.Keep)
	if err = roll.Extend(); err == nil && !r.o.NoSync {
		err = file.Sync()
	}
	if err == nil {
		err = os.Rename(g.path+".new", g.path)
	}
	if err != nil {
		return errors.Join(err, file.Close(), os.Remove(g.path+".new"))
	}
	g.file.Close() // it has no name any more
	g.file, g.roll = file, roll
	return nil
}

// keep writes the journal's newest part into the room's directory, whole or not at all: then what has grown stays, with all that can be
// written of it.
func (r *Room) keep() error {
	if g := r.growing; g != nil {
		defer g.file.Close()
		if !g.failed {
			_ = g.roll.Extend() // if it does not succeed, what follows will neither, and say so
		}
	}
	if r.o.Keep == 0 || r.journal.Stats().Seq == 0 {
		return nil
	}
	path := filepath.Join(r.o.Dir, RecordingFile)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf(sayUnkept, err)
	}
	err = r.journal.WriteNewest(f, journal.Info{Room: r.o.Name, Made: wallNow()}, r.o.Keep)
	if err == nil && !r.o.NoSync {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf(sayUnkept, err), os.Remove(path+".new"))
	}
	return nil
}
