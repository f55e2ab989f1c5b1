package ui

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// Bounds of what the page keeps; a test reaches each of them.
const (
	MaxFeed    = 200 // sentences
	MaxNotices = 4   // dismissible sentences at once; the oldest goes
	MaxFalling = 64  // dropped messages that are still falling
	MaxGhosts  = 48  // messages too quick to be seen, shown once more
)

// Model is everything the page knows. State is the fold of the room's events and nothing else; the rest is
// what this one viewer looks at.
type Model struct {
	*words.Language // of all that it says; nil is English

	State   view.State
	Console Console

	Room      string
	Epoch     uint64 // of the journal that State.Seq belongs to; 0: none yet
	Viewers   int
	Limits    event.Limits
	Lesson    event.Lesson // the panel of the lesson that is open, as the room drew it for this viewer
	endpoints string       // where etcd's clients reach the nodes: "n1 http://127.0.0.1:40001", one a line
	Viewer    string       // the random name by which the room knows this browser again

	offered  uint64 // epoch of the last Welcome
	wire     wire
	clock    clock
	picked   picked
	tab      string // side panel: "guide" (the lesson, a column of its own where there is room), "console", "node", "feed"
	theme    string // "": as the system says
	calm     bool   // reduced motion
	large    bool   // as for a projector
	cutting  bool   // the scissors are in hand
	hover    string // data-hover under the pointer or focus
	width    int    // CSS pixels of the window
	height   int
	logLast  uint64 // the last column of the log's window; 0: it follows the end
	logWaits bool   // it stays there only as long as somebody reads in it
	fields   map[string]string
	parting  parting
	pace     pace
	stroke   stroke
	feed     feed
	notices  []notice
	panels   []panel
	tape     event.Tape // where the page looks at the recording, and how far that reaches
	winding  winding
	controls string // of the recorder, HTML of the server's
	tongues  string // links to other languages, likewise
	speed    string // of playing, as the field says
	sought   string // what the recorder's arrows go to, one of Sorts
	address  string // of the page, for what it gives to share
	moment   string // where to begin to look; "" once that is done, or for LIVE
	bare     bool   // nothing but stage and timeline: the page is a part of another one
	watching bool   // who looks may not act
	taught   taught
	motion   motion

	news  [allSections]uint32 // counts what may have changed each section of the scene
	ring  ring                // where everything stands, for the nodes and the window of now
	cache *cache
}

// Seed is what a page starts from.
type Seed struct {
	Words     *words.Language // that the page speaks; nil is English
	Room      string
	Viewers   int
	State     view.State // what the server drew; zero in the browser until the first checkpoint
	Lesson    event.Lesson
	Endpoints string     // as in event.FrameEndpoints
	Tape      event.Tape // how far the recording reaches, when the server draws
	Timeline  string     // its drawing, HTML of the server's
	Controls  string     // of the recorder, likewise
	Languages string     // links to the same page in others, likewise
	Address   string     // of the page, without what is behind a #
	Moment    string     // what is behind the #: where to begin to look
	Bare      bool       // nothing but stage and timeline
	Watching  bool       // who looks may not act
	Theme     string     // "light", "dark", or "" as the system says
	Width     int        // CSS pixels; 0: a desktop
	Height    int
}

// New is the model of a page that has just been opened.
func New(seed Seed) Model {
	m := Model{Language: seed.Words, State: seed.State, Room: seed.Room, Viewers: seed.Viewers, Lesson: seed.Lesson, endpoints: seed.Endpoints, theme: seed.Theme, tab: "guide", speed: "1", sought: "fault",
		address: seed.Address, moment: seed.Moment, bare: seed.Bare, watching: seed.Watching, controls: seed.Controls, tongues: seed.Languages,
		width: seed.Width, height: seed.Height, Console: Console{Language: seed.Words}, fields: map[string]string{}, cache: &cache{}}
	if m.width == 0 {
		m.width, m.height = 1440, 900
	}
	m.clock.confirmed, m.clock.now = seed.State.At, seed.State.At
	m.tape = seed.Tape
	m.panels = []panel{{place: "timeline", html: seed.Timeline}}
	return m
}

// picked is what the viewer has selected: at most one of them.
type picked struct {
	node    event.NodeID
	link    pair
	message uint64
	open    bool // its menu is open
}

// pair is a link regardless of direction; a < b.
type pair struct{ a, b event.NodeID }

func pairOf(a, b event.NodeID) pair {
	if a > b {
		a, b = b, a
	}
	return pair{a, b}
}

func (p pair) String() string { return p.a.String() + "-" + p.b.String() }

// wire is how the page stands with its room.
type wire struct {
	phase    phase
	reason   string
	attempts int
}

type phase uint8

const (
	opening phase = iota // the page is there, the room has not spoken yet
	live
	lost
	gone
)

// clock is the virtual time that is shown. It runs at the room's rate between frames, but never past what
// the server has confirmed: nothing is drawn as arrived before the room said so.
type clock struct {
	now       event.Micros // shown
	confirmed event.Micros // Frame.At of the newest frame
	wall      event.Micros // the browser's, of the last tick; 0: none yet
}

// lagging is the virtual time that is left behind at once when the shown time has fallen too far back.
const lagging event.Micros = 400_000

// tick moves the shown time on. A little lag is caught up softly, so that frames which come in bunches do
// not make the messages stutter.
func (c *clock) tick(wall event.Micros, rate event.Factor) (passed event.Micros) {
	if c.wall != 0 && wall > c.wall {
		passed = min(wall-c.wall, 250_000)
	}
	c.wall = wall
	step := event.Micros(float64(passed) * rate.Float())
	behind := c.confirmed - c.now
	if float64(behind) > float64(lagging)*max(rate.Float(), 0.01) || behind < 0 || rate == 0 {
		c.now = c.confirmed
		return passed
	}
	c.now += min(step+max(behind-step, 0)/8, behind)
	return passed
}

// notice is a sentence that stays until it is dismissed.
type notice struct {
	id    uint64
	bad   bool
	tape  bool // of the recorder: the next place that it is told makes it untrue
	text  string
	until event.Micros // wall time at which it goes by itself; 0: it has not been seen yet
}

// section is a part of the scene that is drawn anew only when something it shows may have changed.
type section uint8

const (
	inHeader section = iota
	inGuide
	inLesson
	inLamps
	inWires
	inOutlines
	inLog
	inSide
	inTape
	allSections
)

// touch says that a section may look different now.
func (m *Model) touch(s ...section) {
	for _, x := range s {
		m.news[x]++
	}
}

func (m *Model) touchAll() {
	for i := range m.news {
		m.news[i]++
	}
}

// link is one direction between two machines; whole if nothing is known of it.
func (m *Model) link(from, to event.NodeID) event.Link {
	if l := m.State.Link(from, to); l != nil {
		return l.Link
	}
	return event.Link{}
}

// suffrage is a node's place in the configuration that is used; it votes and stands as soon as it counts itself as a voter.
func (m *Model) suffrage(id event.NodeID) event.Suffrage {
	if n := m.State.Node(id); n != nil && n.Up {
		if members, _ := m.State.CountsWith(n); suffrageIn(members, id) == event.Voter {
			return event.Voter
		}
	}
	return suffrageIn(m.State.InUse(), id)
}

func suffrageIn(members []event.Member, id event.NodeID) event.Suffrage {
	for _, x := range members {
		if x.ID == id {
			return x.Suffrage
		}
	}
	return event.NoMember
}

// voters counts the voters of the configuration that is used.
func (m *Model) voters() int {
	n := 0
	for _, x := range m.State.InUse() {
		if x.Suffrage == event.Voter {
			n++
		}
	}
	return n
}

// leader is the running leader of the newest term in which somebody was elected, or nil.
func (m *Model) leader() *view.Node { return m.State.Leader() }
