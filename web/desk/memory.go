package desk

import (
	"sync"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/tale"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Bounds of what is remembered between two drawings.
const (
	maxSeats     = 32   // followers of each kind
	maxSentences = 1024 // events in words
	farBehind    = 8192 // events from which on a machine's past is looked for anew
)

// Memory is what panels remember between two drawings, so that a panel which is drawn again and again looks only at what is
// new. It is safe for concurrent use, belongs to one room, and forgets everything with its journal.
type Memory struct {
	mu      sync.Mutex
	journal *journal.Journal
	paths   map[uint64]*tale.Trace
	lives   map[tale.Slot]*tale.Life
	nodes   map[event.NodeID]*tale.Past
	links   map[[2]event.NodeID]*tale.LinkPast
	said    map[saying]told
	asked   map[wonder]wondered
	events  map[saying]*eventSight

	stories storyShelf // with a lock of its own: stories take long to read
}

// saying is an event in a language.
type saying struct {
	language string
	seq      uint64
}

// wonder is something that one may ask about, in a language; wondered are the questions, and when they made sense.
type wonder struct{ language, subject string }

type wondered struct {
	wall  event.Micros
	list  []tale.Question
	first *tale.Answer // to the first question; nil: it can wait until somebody asks
}

// wonderFor is how long the questions that make sense about something stay so in a living room, in wall time: to find them
// out costs more than all else on a panel.
const wonderFor event.Micros = 1_000_000

// NewMemory remembers nothing yet.
func NewMemory() *Memory { return &Memory{} }

// restart forgets everything: another journal has begun. The caller holds mu.
func (r *Memory) restart(j *journal.Journal) {
	r.journal, r.paths, r.lives, r.nodes, r.links, r.said, r.asked, r.events = j, nil, nil, nil, nil, nil, nil, nil
}

// recall gives what was said of an event before.
func (m Moment) recall(seq uint64) (t told, known bool) {
	if m.Memory == nil {
		return t, false
	}
	m.Memory.mu.Lock()
	defer m.Memory.mu.Unlock()
	if m.Memory.journal == m.Journal {
		t, known = m.Memory.said[saying{m.tag(), seq}]
	}
	return t, known
}

// remember keeps what was said of an event.
func (m Moment) remember(t told) {
	if m.Memory == nil {
		return
	}
	r := m.Memory
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.journal != m.Journal {
		r.restart(m.Journal)
	}
	if r.said == nil || len(r.said) >= maxSentences {
		r.said = map[saying]told{}
	}
	r.said[saying{m.tag(), t.seq}] = t
}

// seen gives what was found out about an event before; nil if that is not known any more.
func (m Moment) seen(seq uint64) *eventSight {
	if m.Memory == nil {
		return nil
	}
	m.Memory.mu.Lock()
	defer m.Memory.mu.Unlock()
	if s := m.Memory.events[saying{m.tag(), seq}]; s != nil && m.Memory.journal == m.Journal {
		c := *s
		return &c
	}
	return nil
}

// see keeps what was found out about an event.
func (m Moment) see(seq uint64, s *eventSight) {
	r := m.Memory
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.journal != m.Journal {
		r.restart(m.Journal)
	}
	if r.events == nil || len(r.events) >= maxSeats {
		r.events = map[saying]*eventSight{}
	}
	c := *s
	r.events[saying{m.tag(), seq}] = &c
}

// tag is the language of who looks.
func (m Moment) tag() string {
	if m.Words == nil {
		return ""
	}
	return m.Words.Tag
}

// follower looks at what happens, event by event, as far as it is asked to.
type follower interface {
	Place() uint64 // of the last event that it has looked at
	Follow(j *journal.Journal, to uint64)
}

// follow has a follower at the moment and lets read look at it. One that has gone further already, or is far behind, is of no
// use: another one begins, and takes its seat unless it is behind it.
func follow[K comparable, F follower](m Moment, seats func(*Memory) *map[K]F, key K, begin func() F, read func(F)) {
	if m.Memory == nil {
		f := begin()
		f.Follow(m.Journal, m.State.Seq)
		read(f)
		return
	}
	r := m.Memory
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.journal != m.Journal {
		r.restart(m.Journal)
	}
	all := seats(r)
	if *all == nil {
		*all = map[K]F{}
	}
	f, there := (*all)[key]
	if there && f.Place() <= m.State.Seq && !stale(f, m) {
		f.Follow(m.Journal, m.State.Seq)
		read(f)
		return
	}
	fresh := begin()
	fresh.Follow(m.Journal, m.State.Seq)
	if !there || f.Place() <= fresh.Place() {
		if !there && len(*all) >= maxSeats {
			forgetOne(*all)
		}
		(*all)[key] = fresh
	}
	read(fresh)
}

// stale says whether a follower had better begin anew: the moment is so far ahead of it that another one begins later, or a
// request that nobody had asked may be asked now.
func stale(f follower, m Moment) bool {
	behind := m.State.Seq - f.Place()
	switch f := f.(type) {
	case *tale.Trace:
		return f.Lost() && m.State.Op(f.ID) != nil
	case *tale.Life:
		return behind > tale.MaxLifeScan
	case *tale.Past:
		return behind > farBehind
	}
	return behind > tale.MaxPastScan
}

// forgetOne makes room for another; which one goes does not matter much.
func forgetOne[K comparable, V any](all map[K]V) {
	for key := range all {
		delete(all, key)
		return
	}
}

// path is what became of a request up to the moment.
func (m Moment) path(id uint64) (p *tale.Path) {
	follow(m, func(r *Memory) *map[uint64]*tale.Trace { return &r.paths }, id,
		func() *tale.Trace { return tale.TraceOf(m.Journal, m.State, id) }, func(t *tale.Trace) { p = t.Copy() })
	return p
}

// past is what the recording tells of a machine up to the moment. As long as the register is behind, that is not all, and not kept.
func (m Moment) past(id event.NodeID) (p tale.Past) {
	if m.behind {
		return *tale.PastOf(m.tale(), id)
	}
	follow(m, func(r *Memory) *map[event.NodeID]*tale.Past { return &r.nodes }, id,
		func() *tale.Past { return tale.PastOf(m.tale(), id) }, func(t *tale.Past) { p = t.Copy() })
	return p
}

// linkPast is what the recording tells of a link up to the moment.
func (m Moment) linkPast(a, b event.NodeID) (p tale.LinkPast) {
	follow(m, func(r *Memory) *map[[2]event.NodeID]*tale.LinkPast { return &r.links }, [2]event.NodeID{a, b},
		func() *tale.LinkPast { return tale.LinkPastOf(a, b, m.State.Seq) }, func(t *tale.LinkPast) { p = t.Copy() })
	return p
}

// life is what became of an entry up to the moment.
func (m Moment) life(entry view.Entry) (l tale.Life) {
	follow(m, func(r *Memory) *map[tale.Slot]*tale.Life { return &r.lives }, tale.Slot{Index: entry.Index, Term: entry.Term},
		func() *tale.Life { return tale.LifeOf(m.tale(), entry) }, func(t *tale.Life) { l = t.Copy() })
	return l
}

// wondered are the questions about something. In a living room, where the panel is drawn anew soon, they may be a little old.
func (m Moment) wondered(subject string, ask func() wondered) wondered {
	r, key := m.Memory, wonder{m.tag(), subject}
	if r == nil || !m.Live {
		return ask()
	}
	r.mu.Lock()
	old, there := r.asked[key]
	same := r.journal == m.Journal
	r.mu.Unlock()
	if age := m.State.Wall - old.wall; same && there && age >= 0 && age < wonderFor {
		return old
	}
	now := ask()
	now.wall = m.State.Wall
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.journal != m.Journal {
		r.restart(m.Journal)
	}
	if r.asked == nil || len(r.asked) >= maxSeats {
		r.asked = map[wonder]wondered{}
	}
	r.asked[key] = now
	return now
}
