package tape

import (
	"errors"
	"hash/maphash"
	"strconv"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/web/desk"
)

// places are where a page has room for a panel, and timeline is one of them.
const (
	timeline = 1
	places   = 4
)

var placeNames = [places]string{"side", "timeline", "dialog", "story"}

// lookEvery is how often a viewer's panels are drawn at most; lookSoon, when it has asked for something else.
const (
	lookEvery = time.Second / 4
	lookSoon  = time.Second / 20
	lookOn    = time.Second / 50 // while there is more of it to be read
	lookRest  = time.Second / 40 // or when it has jumped, and rests there for so long
)

// look is what a viewer looks at in one place.
type look struct {
	words string // "": nothing
	fresh bool   // they have changed and were not drawn yet
	more  bool   // what they name was not drawn as a whole
	drawn spot   // where the recorder stood when it was
	shown uint64 // hash of what was shown
}

// spot is a moment of a recording, as far as panels may differ between two.
type spot struct {
	seq    uint64
	at     event.Micros
	marked uint64 // how often bookmarks had changed
	live   bool
	head   uint64 // of the timeline, which shows all of the recording
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
	return errors.New(t.o.Words.Say("The page has no such place for a panel: there are side, timeline, dialog and story."))
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
	if t.past != nil && t.past.stride != nil {
		return 0, false // what it leads to is seen in a moment
	}
	here := t.spots()
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.looks {
		switch l := &t.looks[i]; {
		case l.words == "":
		case l.more:
			return max(0, lookOn-now.Sub(t.round)), true
		case l.fresh:
			return max(0, lookSoon-now.Sub(t.round)), true
		case l.drawn != here[i]:
			any = true
		}
	}
	d = lookEvery - now.Sub(t.round)
	if !t.jumped.IsZero() {
		d = min(d, lookRest-now.Sub(t.jumped))
	}
	return max(0, d), any
}

// spots are where the recorder stands, for each place of the page.
func (t *Tape) spots() (all [places]spot) {
	reach := t.o.Journal.Reach()
	here := spot{seq: reach.Head, at: reach.HeadAt, marked: reach.Marked, live: true}
	if t.past != nil {
		here = spot{seq: t.past.state.Seq, at: t.past.state.At, marked: reach.Marked}
	}
	for i := range all {
		all[i] = here
	}
	all[timeline].head = reach.Head
	return all
}

// draw makes the sheets of the panels that differ from what the viewer was shown, if it is time for that.
func (t *Tape) draw(now time.Time) {
	if d, any := t.untilRound(now); !any || d > 0 {
		return
	}
	t.round, t.jumped = now, time.Time{}
	here := t.spots()
	var seen *scene
	for i, name := range placeNames {
		what, stale := t.stale(i, here[i])
		if !stale {
			continue
		}
		if seen == nil {
			seen = t.scene(now)
		}
		p := seen.panel(t.o.Words, what)
		if t.differs(i, what, here[i], p) {
			t.show(&event.Frame{Type: event.FramePanel, Code: name, Text: p.HTML, Marks: p.Marks})
		}
	}
}

// scene is what is seen.
func (t *Tape) scene(now time.Time) *scene {
	if t.past == nil {
		return t.o.Studio.live(t.o.Journal, now)
	}
	return t.o.Studio.past(t.o.Journal, &t.past.state)
}

// stale says what a place shows, and whether that may have changed.
func (t *Tape) stale(i int, here spot) (what string, stale bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := &t.looks[i]
	return l.words, l.words != "" && (l.fresh || l.more || l.drawn != here)
}

// differs notes that a panel was drawn, and says whether the viewer should get it.
func (t *Tape) differs(i int, what string, here spot, p desk.Panel) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := &t.looks[i]
	if l.words != what {
		return false // it looks at something else already
	}
	hash := sum(p)
	differs := l.fresh || l.shown != hash
	l.fresh, l.more, l.drawn, l.shown = false, p.More, here, hash
	return differs
}

var seed = maphash.MakeSeed()

func sum(p desk.Panel) uint64 {
	return maphash.String(seed, p.HTML) ^ maphash.String(seed, "marks "+p.Marks)
}
