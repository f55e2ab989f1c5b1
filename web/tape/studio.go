package tape

import (
	"sync"
	"time"

	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
	"github.com/quorumlab/quorumlab/web/desk"
)

// sharedPanels bounds how many panels of one moment are kept for others who look at the same.
const sharedPanels = 256

// Studio, made by NewStudio, draws for all who watch a room. Those who look at the living room share one copy of its state, and a panel that several
// look at is drawn once.
type Studio struct {
	// Fill adds what a living room knows beside its recording; nil: nothing.
	Fill func(*desk.Moment)
	// Watch and Recording are what every panel is told of the room: see desk.Moment.
	Watch, Recording string
	Watching         bool
	// Marked is called when somebody has changed the bookmarks: all who watch should look again. nil: nobody else watches.
	Marked func()

	memory *desk.Memory

	mu   sync.Mutex
	last *scene
}

// NewStudio is the studio of a room.
func NewStudio() *Studio { return &Studio{memory: desk.NewMemory()} }

// scene is one moment, and what was drawn of it.
type scene struct {
	moment desk.Moment
	made   time.Time
	marked uint64 // how often the bookmarks had changed

	mu     sync.Mutex
	panels map[sight]desk.Panel
}

// sight is what a panel shows, in which language.
type sight struct {
	words *words.Language
	look  string
}

// live is the living room. One that was made less than lookSoon ago is given again.
func (s *Studio) live(j *journal.Journal, now time.Time) *scene {
	s.mu.Lock()
	defer s.mu.Unlock()
	reach := j.Reach()
	if c := s.last; c != nil && c.moment.Journal == j && c.marked == reach.Marked && now.Sub(c.made) < lookSoon {
		return c
	}
	state := j.State()
	s.last = &scene{moment: s.moment(j, &state, true), made: now, marked: reach.Marked, panels: map[sight]desk.Panel{}}
	if s.Fill != nil {
		s.Fill(&s.last.moment)
	}
	return s.last
}

// panel draws what the words say, or has it already. Two who ask at the same time may both draw it.
func (c *scene) panel(language *words.Language, what string) desk.Panel {
	key := sight{words: language, look: what}
	c.mu.Lock()
	p, there := c.panels[key]
	c.mu.Unlock()
	if there {
		return p
	}
	m := c.moment
	m.Words = language
	p = desk.Draw(m, what)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.panels) < sharedPanels {
		c.panels[key] = p
	}
	return p
}

// past is a moment of the recording that one viewer looks at.
func (s *Studio) past(j *journal.Journal, state *view.State) *scene {
	return &scene{moment: s.moment(j, state, false), panels: map[sight]desk.Panel{}}
}

func (s *Studio) moment(j *journal.Journal, state *view.State, live bool) desk.Moment {
	return desk.Moment{Journal: j, State: state, Live: live, Memory: s.memory, Watch: s.Watch, Recording: s.Recording, Watching: s.Watching}
}

func (s *Studio) marked() {
	if s.Marked != nil {
		s.Marked()
	}
}
