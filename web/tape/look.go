package tape

import (
	"errors"
	"hash/maphash"
	"strconv"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/web/desk"
)

// places are where a page has room for a panel.
const places = 3

var placeNames = [places]string{"side", "timeline", "dialog"}

// lookEvery is how often a viewer's panels are drawn at most; lookSoon, when it has asked for something else.
const (
	lookEvery = time.Second / 4
	lookSoon  = time.Second / 20
)

// look is what a viewer looks at in one place.
type look struct {
	words string // "": nothing
	fresh bool   // they have changed and were not drawn yet
	drawn place  // where the recorder stood when it was
	shown uint64 // hash of what was shown
}

// place is a moment of a recording, as far as panels may differ between two.
type place struct {
	seq  uint64
	at   event.Micros
	live bool
}

// Look has a place of the page show what the words say, from now on; no words close it. The error is a sentence for the viewer.
func (t *Tape) Look(at, what string) error {
	for i, name := range placeNames {
		if name != at {
			continue
		}
		if len(what) > desk.MaxWords {
			return errors.New(t.o.Words.Say("What you want to look at has {0} bytes, at most {1} are read.", strconv.Itoa(len(what)), strconv.Itoa(desk.MaxWords)))
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.looks[i] = look{words: what, fresh: what != ""}
		t.rouse()
		return nil
	}
	return errors.New(t.o.Words.Say("The page has no such place for a panel: there are side, timeline and dialog."))
}

// Looks are what the viewer looks at, for the recorder that takes this one's place.
func (t *Tape) Looks() (all [places]string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.looks {
		all[i] = t.looks[i].words
	}
	return all
}

// untilRound is how long it takes until panels may be drawn, if there is a reason to.
func (t *Tape) untilRound(now time.Time) (d time.Duration, any bool) {
	here := t.place()
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.looks {
		switch l := &t.looks[i]; {
		case l.words == "":
		case l.fresh:
			return max(0, lookSoon-now.Sub(t.round)), true
		case l.drawn != here:
			any = true
		}
	}
	return max(0, lookEvery-now.Sub(t.round)), any
}

// place is where the recorder stands.
func (t *Tape) place() place {
	reach := t.o.Journal.Reach()
	return place{reach.Head, reach.HeadAt, true}
}

// draw makes the sheets of the panels that differ from what the viewer was shown, if it is time for that.
func (t *Tape) draw(now time.Time) {
	if d, any := t.untilRound(now); !any || d > 0 {
		return
	}
	t.round = now
	here := t.place()
	t.ready = t.ready[:0]
	for i, name := range placeNames {
		what, stale := t.stale(i, here)
		if !stale {
			continue
		}
		p := t.o.Studio.live(t.o.Journal, now).panel(t.o.Words, what)
		if t.differs(i, what, here, sum(p)) {
			t.ready = append(t.ready, encode(&event.Frame{Type: event.FramePanel, Code: name, Text: p.HTML, Marks: p.Marks}))
		}
	}
}

// stale says what a place shows, and whether that may have changed.
func (t *Tape) stale(i int, here place) (what string, stale bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := &t.looks[i]
	return l.words, l.words != "" && (l.fresh || l.drawn != here)
}

// differs notes that a panel was drawn, and says whether the viewer should get it.
func (t *Tape) differs(i int, what string, here place, hash uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := &t.looks[i]
	if l.words != what {
		return false // it looks at something else already
	}
	differs := l.fresh || l.shown != hash
	l.fresh, l.drawn, l.shown = false, here, hash
	return differs
}

func sum(p desk.Panel) uint64 {
	return maphash.String(seed, p.HTML) ^ maphash.String(seed, "marks "+p.Marks)
}
