package cluster

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/fault"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// storm is a room's own chaos: faults that come by themselves, as if by hand, in the room's time. The seed chooses them; what
// the cluster makes of them is not repeatable.
type storm struct {
	seed      uint64
	intensity event.Factor
	chooser   *fault.Chooser
	stop      context.CancelFunc

	// How things were before the first fault that changed them.
	links map[[2]event.NodeID]event.Link
	drift map[event.NodeID]event.Factor
	fsync map[event.NodeID]event.Micros
	down  map[victim]bool
}

// victim is a machine and what was done to it, Kill or Suspend: one that stands still may be about to die at its next write, too.
type victim struct {
	id   event.NodeID
	kind event.CommandKind
}

// seeds is how many the room picks from: as many whole numbers as JSON's readers all know.
const seeds = 1 << 53

// rage begins a storm, or ends the one that is. The lock is held.
func (r *Room) rage(c event.Command) error {
	if !c.On {
		return r.calm(c.Undo)
	}
	if c.Factor <= 0 || c.Factor > event.One {
		return errors.New("the intensity of chaos is above 0, and at most 1")
	}
	if c.Seed == 0 {
		c.Seed = 1 + rand.Uint64N(seeds-1)
	}
	old := r.storm
	s := newStorm(c.Seed, c.Factor)
	if old != nil { // what it did is this one's to take back
		old.stop()
		s.links, s.drift, s.fsync, s.down = old.links, old.drift, old.fsync, old.down
	}
	r.storm = s
	r.tellStorm()
	r.unleash()
	return nil
}

func newStorm(seed uint64, intensity event.Factor) *storm {
	return &storm{seed: seed, intensity: intensity, chooser: fault.NewChooser(seed, intensity), stop: func() {}, links: map[[2]event.NodeID]event.Link{},
		drift: map[event.NodeID]event.Factor{}, fsync: map[event.NodeID]event.Micros{}, down: map[victim]bool{}}
}

func (r *Room) tellStorm() {
	r.conductor.Fact(event.Event{Kind: event.ChaosSet, OK: true, Factor: r.storm.intensity, N: int64(r.storm.seed)})
}

// unleash has the storm blow.
func (r *Room) unleash() {
	s := r.storm
	ctx, stop := context.WithCancel(r.hands)
	s.stop = stop
	r.busy.Go(func() { r.blow(ctx, s) })
}

// rouse has the storm go on that was on when the process before ended.
func (r *Room) rouse() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.storm != nil {
		r.unleash()
	}
}

// stormSetup is a storm as it outlives the process.
type stormSetup struct {
	Seed      uint64       `json:"seed"`
	Intensity event.Factor `json:"intensity"`
	Before    []*past      `json:"before,omitempty"` // how things were that it has changed
}

// setup is what is kept of a storm; nil of none.
func (s *storm) setup() *stormSetup {
	if s == nil {
		return nil
	}
	kept := &stormSetup{Seed: s.seed, Intensity: s.intensity}
	links := &past{}
	for at, l := range s.links {
		links.Links = append(links.Links, view.Link{From: at[0], To: at[1], Link: l})
	}
	if len(links.Links) > 0 {
		kept.Before = append(kept.Before, links)
	}
	for v := range s.down {
		kept.Before = append(kept.Before, &past{Node: v.id, Kind: v.kind})
	}
	for id, drift := range s.drift {
		kept.Before = append(kept.Before, &past{Node: id, Kind: event.Drift, Drift: drift})
	}
	for id, fsync := range s.fsync {
		kept.Before = append(kept.Before, &past{Node: id, Kind: event.Disk, Fsync: fsync})
	}
	return kept
}

// again is the storm that was on when the process ended. It chooses its faults from the seed's first one on.
func (k *stormSetup) again() *storm {
	if k == nil {
		return nil
	}
	s := newStorm(k.Seed, k.Intensity)
	for _, p := range k.Before {
		s.suffered(p)
	}
	return s
}

// calm ends the storm, and takes back what it did if that is asked for. The lock is held.
func (r *Room) calm(back bool) error {
	s := r.storm
	if s == nil {
		return errors.New("there is no chaos in this room at the moment")
	}
	s.stop()
	r.storm = nil
	r.conductor.Fact(event.Event{Kind: event.ChaosSet, Factor: s.intensity, N: int64(s.seed)})
	if back {
		return r.repair(s)
	}
	return nil
}

// repair takes back what a storm did. The lock is held.
func (r *Room) repair(s *storm) error {
	var links []view.Link
	for p, l := range s.links {
		links = append(links, view.Link{From: p[0], To: p[1], Link: l})
	}
	errs := []error{r.putLinksBack(links)}
	for id := range r.nodes {
		back := func(p past) {
			p.Node = id
			errs = append(errs, r.putBack(&p))
		}
		if drift, ok := s.drift[id]; ok {
			back(past{Kind: event.Drift, Drift: drift})
		}
		if fsync, ok := s.fsync[id]; ok {
			back(past{Kind: event.Disk, Fsync: fsync})
		}
		if up, suspended := r.conductor.Up(id); s.down[victim{id, event.Suspend}] && up && suspended {
			back(past{Kind: event.Suspend})
		}
		if s.down[victim{id, event.Kill}] {
			back(past{Kind: event.Kill})
		}
	}
	r.pasts = nil
	r.tellUndo()
	return errors.Join(errs...)
}

// suffered notes how things were before a fault of the storm's.
func (s *storm) suffered(p *past) {
	// What storms do.
	//exhaustive:ignore
	switch p.Kind {
	case event.CommandNone:
		for _, l := range p.Links {
			if at := [2]event.NodeID{l.From, l.To}; !has(s.links, at) {
				s.links[at] = l.Link
			}
		}
	case event.Kill, event.Suspend:
		s.down[victim{p.Node, p.Kind}] = true
	case event.Drift:
		if !has(s.drift, p.Node) {
			s.drift[p.Node] = p.Drift
		}
	case event.Disk:
		if !has(s.fsync, p.Node) {
			s.fsync[p.Node] = p.Fsync
		}
	}
}

func has[K comparable, V any](m map[K]V, k K) bool {
	_, ok := m[k]
	return ok
}

// blow makes faults until ctx ends.
func (r *Room) blow(ctx context.Context, s *storm) {
	for r.sleep(ctx, s.chooser.Pause()) {
		state := r.State()
		c := s.chooser.Next(&state)
		if c.Kind == event.CommandNone {
			continue
		}
		p, _ := r.begin(c, s)
		if p == nil || insideOf[c.Kind] != nil {
			continue // refused, or it takes its time
		}
		select {
		case <-p.answer:
		case <-ctx.Done():
		}
	}
}

// sleep waits until d of the room's time has passed; false if ctx ends before.
func (r *Room) sleep(ctx context.Context, d event.Micros) bool {
	over := make(chan struct{})
	stop := r.conductor.After(d, func() { close(over) })
	defer stop() // a room that stands still may see many storms come and go
	select {
	case <-over:
		return true
	case <-ctx.Done():
		return false
	}
}
