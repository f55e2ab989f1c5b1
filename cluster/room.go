package cluster

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorumlab/quorumlab/cluster/check"
	"github.com/quorumlab/quorumlab/cluster/conductor"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/node"
	"github.com/quorumlab/quorumlab/cluster/store"
	"github.com/quorumlab/quorumlab/cluster/view"
)

const (
	// MaxNodes bounds the machines of a room.
	MaxNodes = 9
	// DefaultNodes is how many a new room has.
	DefaultNodes = 5
	// MaxPending bounds the commands of a room that wait for their answer; more are refused.
	MaxPending = 4096
	// Tick is how often a paced room wakes at real time and faster, SlowTick at slower rates: there a flight takes
	// hundreds of milliseconds, and a room costs half.
	Tick     = 16 * time.Millisecond
	SlowTick = 33 * time.Millisecond
	// flushEvery bounds the events of one frame when virtual time runs faster than the wall clock.
	flushEvery = 512
	// warpMost is how far a room runs at once on opening until it has a leader.
	warpMost event.Micros = 30_000_000
)

// Options of a room. Only Dir is needed.
type Options struct {
	Dir          string       // holds everything; made when it is not there
	Nodes        int          // of a new room, 1 to MaxNodes; 0: DefaultNodes
	MaxNodes     int          // 0: MaxNodes
	Rate         event.Factor // of a new room; 0: the workshop's
	NoSync       bool         // the files are not fsynced: for bulk tests
	NoPreVote    bool         // of a new room
	HistoryBytes int64        // of the journal; 0: its default
	Keep         int64        // bytes of the newest of the recording that stay in Dir while the room is closed, and with which it goes on; 0: none
	Name         string       // that the recording has there
	Seed         uint64       // of loss, jitter and duplication; 0: random
	Manual       bool         // not paced by the wall clock: the owner calls Advance
	Epoch        uint64       // least epoch of a new room: one that takes another's place goes on counting

	Doors Doors // where programs reach the nodes; none are made without them

	// Watch sees every event as it is recorded, with the state that it led to, and freezes the room there by
	// returning true. It runs while the room is locked: it must be quick, keep nothing of the state and call nothing
	// of the room.
	Watch func(*view.State, event.Event) (freeze bool)
	// Ticked is told how far time has come whenever the room has gone on, also when nothing happened: a machine that is
	// alone is quiet. The same holds for it as for Watch.
	Ticked func(now event.Micros, s *view.State)
	// Admit says whether a client of etcd's API may do this now; the error is the sentence that refuses it. It is told the
	// name of a Guest, "" for any program. nil: everybody may do everything.
	Admit func(guest string, c event.Command) error
	// Prepare sets up a new room, in virtual time: it is Manual until this returns. An error closes the room.
	Prepare func(*Room) error
	Warn    func(error) // something was left undone, a file not written perhaps; the room goes on; nil: nobody cares
	Fatal   func(error) // a node's world is stuck or broken: the process cannot go on; nil: panic
}

// Room is one cluster. Its methods are safe for concurrent use.
type Room struct {
	o         Options
	journal   *journal.Journal
	conductor *conductor.Conductor
	desk      *desk
	court     *check.Court

	hands    context.Context // ends with the room; the room's own hands work as long
	rest     context.CancelFunc
	busy     sync.WaitGroup        // those hands
	scene    atomic.Pointer[scene] // what a director waits for
	directed atomic.Bool           // a situation is being brought about

	mu       sync.Mutex // guards setup, nodes and what follows, and makes orders happen one after the other
	setup    setup
	nodes    map[event.NodeID]*member
	pasts    []*past // what can be taken back, the last thing last; at most MaxUndo
	undoTold string
	storm    *storm  // nil: no chaos
	growing  *growth // of the recording; nil: it does not
	waking   bool    // the machines of a room that is opened again are being started
	forgot   bool    // what is on their disks is not known from the recording

	token      string // of the setup
	clusterID  uint64 // in etcd's API
	urls       sync.Mutex
	clientURLs map[event.NodeID]string // where nodes are reached by etcd's clients

	stop   context.CancelFunc
	paced  sync.WaitGroup
	manual atomic.Bool   // nothing but its owner moves its time
	unsent int           // events since the last flush; belongs to the conductor
	alarms []event.Event // what the monitors said about the event that is being recorded; belongs to the conductor
	closed bool
}

// Open opens the room in o.Dir, or makes one there. Its machines start and its time runs, as fast as it can, until they
// have a leader, if they can have one and the room was not left frozen; from then on the wall clock paces it, unless o.Manual.
func Open(o Options) (*Room, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s, fresh, err := loadSetup(o)
	if err != nil {
		return nil, err
	}
	r := &Room{o: o, setup: s, token: s.Token, nodes: map[event.NodeID]*member{}, clientURLs: map[event.NodeID]string{}}
	if r.clusterID, err = clusterID(s); err != nil {
		return nil, err
	}
	r.hands, r.rest = context.WithCancel(context.Background())
	r.manual.Store(true)
	before := earlier{}
	if !fresh {
		before = reread(o, s.Epoch-1)
	}
	r.journal = journal.New(journal.Options{HistoryBytes: o.HistoryBytes, Epoch: s.Epoch, Wall: wallNow, After: before.journal})
	r.journal.AddFold(r.heed(check.NewMonitor().Fold))
	r.desk = newDesk(s.Epoch)
	r.court = check.NewCourt(r.rule)
	if !fresh {
		s.Now = max(s.Now, r.journal.Reach().HeadAt)
		s.Messages = max(s.Messages, before.numbered())
		r.journal.Append(event.Event{Kind: event.Woke, At: s.Now, Took: before.slept, Text: before.missing, N: before.lost}) // nobody watches yet
	}
	r.conductor = conductor.New(conductor.Options{Start: s.Now, Messages: s.Messages, Seed: o.Seed, Rate: s.Thawed, PreVote: s.PreVote, Tap: r.record,
		Describe: store.Describe, Crashed: r.crashed, Warn: o.Warn, Fatal: o.Fatal, Ticked: r.flush})
	r.waking, r.forgot = !fresh, before.missing != ""
	if err := r.populate(fresh); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	r.waking = false
	if !s.Frozen {
		r.conductor.Await(warpMost, r.settled)
	} else { // its time stands still, also while nobody looks
		r.conductor.Freeze()
		if err := r.save(); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	if err := r.prepare(fresh); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	r.flush(r.conductor.Now())
	r.grow(before.aside)
	r.rouse()
	if !o.Manual {
		r.manual.Store(false)
		r.pace()
	}
	return r, nil
}

// prepare has a new room's owner set it up before time goes on by itself.
func (r *Room) prepare(fresh bool) error {
	if !fresh || r.o.Prepare == nil {
		return nil
	}
	return r.o.Prepare(r)
}

func (o Options) withDefaults() (Options, error) {
	if o.Nodes == 0 {
		o.Nodes = DefaultNodes
	}
	if o.MaxNodes == 0 {
		o.MaxNodes = MaxNodes
	}
	if o.Nodes < 1 || o.Nodes > o.MaxNodes {
		return o, fmt.Errorf("a room has 1 to %d nodes, not %d", o.MaxNodes, o.Nodes)
	}
	if o.Rate == 0 {
		o.Rate = conductor.WorkshopRate
	}
	if err := checkRate(o.Rate); err != nil {
		return o, err
	}
	if o.Dir == "" {
		return o, errors.New("a room needs a directory")
	}
	if o.Warn == nil {
		o.Warn = func(error) {}
	}
	if o.Fatal == nil {
		o.Fatal = func(err error) { panic(err) }
	}
	return o, nil
}

// populate puts the machines into the ring and starts those that are not down on purpose.
func (r *Room) populate(fresh bool) error {
	r.conductor.SetPreVote(r.setup.PreVote)
	for _, m := range r.setup.Machines {
		r.conductor.AddMachine(m.ID, m.Drift)
		r.nodes[m.ID] = &member{id: m.ID, dir: r.nodeDir(m.ID)}
		if m.Fsync > 0 {
			r.nodes[m.ID].setFsync(m.Fsync)
			r.conductor.Fact(event.Event{Kind: event.DiskSet, Node: m.ID, Took: m.Fsync})
		}
	}
	if err := r.putLinksBack(r.setup.Links); err != nil {
		return err
	}
	r.recall()
	var voters []event.Member
	if fresh {
		for _, m := range r.setup.Machines {
			voters = append(voters, event.Member{ID: m.ID, Suffrage: event.Voter})
		}
	}
	for _, m := range r.setup.Machines {
		if m.Down == event.ReasonNone {
			_ = r.start(m.ID, voters) // a node that refuses has said so
		} else {
			r.lie(m.ID, m.Down)
		}
	}
	return r.save()
}

// settled says whether all running voters follow one leader that has committed an entry of its own.
func (r *Room) settled() bool {
	done := true
	r.journal.With(func(s *view.State) {
		l := s.Leader()
		if l == nil {
			done = !electable(s)
			return
		}
		own := l.Entry(l.Commit)
		done = own != nil && own.Term == l.Term
		for i := range s.Nodes {
			n := &s.Nodes[i]
			done = done && (!n.Up || n.Leader == l.ID && n.Commit >= l.Commit && l.Applied > 0 && n.Applied >= l.Applied)
		}
	})
	return done
}

// electable says whether a leader is to be expected: some machine reaches a quorum, and no message waits for somebody to let it go.
func electable(s *view.State) bool {
	held := slices.ContainsFunc(s.Links, func(l view.Link) bool { return l.Hold })
	return !held && slices.ContainsFunc(s.Groups(), func(g view.Group) bool { return g.Quorum })
}

func (r *Room) pace() {
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	r.paced.Go(func() { r.conductor.Run(ctx, tick) })
}

func tick(rate event.Factor) time.Duration {
	if rate < event.One/2 {
		return SlowTick
	}
	return Tick
}

// within names files in the room's directory as from there. Where that is, is nobody's business who reads the facts or the log: a lobby
// has the room's key in its name.
func (o *Options) within(text string) string {
	text = strings.ReplaceAll(text, o.Dir+string(filepath.Separator), "")
	return strings.ReplaceAll(text, o.Dir, "the room's directory")
}

// warn tells the owner that something was left undone.
func (o *Options) warn(err error) { o.Warn(errors.New(o.within(err.Error()))) }

// record is where every event of the room goes: into the journal, past the monitors, and to who waits for an answer. It
// runs on the goroutine that advances time, with the conductor locked.
func (r *Room) record(e event.Event) {
	if e.Kind == event.Answered {
		r.desk.price(&e)
	}
	r.alarms = nil
	e.Text = r.o.within(e.Text)
	e.Seq = r.journal.Append(e)
	r.court.Offer(e)
	r.watch(e)
	r.look()
	for i, alarm := range r.alarms {
		alarm.Seq = e.Seq + 1 + uint64(i)
		r.watch(alarm)
	}
	if e.Kind == event.Answered {
		if p := r.desk.hand(e); p != nil && (e.Command == event.MemberRemove || e.Command == event.MemberAdd) {
			go r.followUp(e, p.command.Peer)
		}
	}
	if r.unsent++; r.unsent >= flushEvery {
		r.unsent = 0
		r.journal.Flush(e.At)
	}
}

// rule records what the judge of the clients' requests says.
func (r *Room) rule(e event.Event) {
	e.At = 0 // it is found later than it happened
	r.conductor.Fact(e)
	r.flushFrozen()
}

// heed keeps what a monitor says about an event for who watches: the journal records it by itself.
func (r *Room) heed(monitor journal.Fold) journal.Fold {
	return func(e event.Event) []event.Event {
		told := monitor(e)
		r.alarms = append(r.alarms, told...)
		return told
	}
}

// watch shows the event to who watches, and freezes the room if that is wanted. The conductor is locked.
func (r *Room) watch(e event.Event) {
	if r.o.Watch == nil {
		return
	}
	freeze := false
	r.journal.With(func(s *view.State) { freeze = r.o.Watch(s, e) })
	if freeze {
		r.conductor.Halt()
		go r.remember()
	}
}

// remember saves what changed by itself, not by an order.
func (r *Room) remember() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	if err := r.save(); err != nil {
		r.o.warn(err)
	}
}

// followUp takes a machine out of the ring that is none of the cluster's after this answer: it was removed, or not taken.
func (r *Room) followUp(e event.Event, about event.NodeID) {
	removed := e.Command == event.MemberRemove && e.Outcome == event.OK
	refused := e.Command == event.MemberAdd && e.Outcome == event.Failed && r.stranger(about)
	if removed || refused {
		r.leave(about)
	}
}

// flush closes a frame for the subscribers. It runs on the goroutine that paces, or on one that acted on a frozen room.
func (r *Room) flush(now event.Micros) {
	r.journal.Flush(now)
	if r.o.Ticked != nil {
		r.journal.With(func(s *view.State) { r.o.Ticked(now, s) })
	}
}

// Journal is the room's record.
func (r *Room) Journal() *journal.Journal { return r.journal }

// State is a copy of what the events add up to.
func (r *Room) State() view.State { return r.journal.State() }

// Advance moves a Manual room's time on by d, unless it is frozen.
func (r *Room) Advance(d event.Micros) {
	if r.conductor.Rate() > 0 {
		r.conductor.Advance(d)
	}
	r.flush(r.conductor.Now())
}

// Await advances a Manual room until ok holds of its state, at most d.
func (r *Room) Await(d event.Micros, ok func(*view.State) bool) bool {
	done := r.conductor.Await(d, func() (done bool) {
		r.journal.With(func(s *view.State) { done = ok(s) })
		return done
	})
	r.flush(r.conductor.Now())
	return done
}

// Now is the room's virtual time.
func (r *Room) Now() event.Micros { return r.conductor.Now() }

// Close stops all machines properly and keeps their data.
func (r *Room) Close() error {
	r.mu.Lock()
	r.rest()
	r.mu.Unlock()
	r.busy.Wait()
	if r.stop != nil {
		r.stop()
		r.paced.Wait()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	errs := []error{r.save()}
	for _, m := range r.nodes {
		if up, _ := r.conductor.Up(m.id); up {
			m.proper = true
			errs = append(errs, r.conductor.Stop(m.id, event.RoomClosed, ""))
		}
		r.shutDoor(m.id)
	}
	r.desk.close()
	r.court.Close()
	r.flush(r.conductor.Now())
	r.journal.Close()
	errs = append(errs, r.save()) // the machines may have said something to the end
	if err := r.keep(); err != nil {
		r.o.warn(err) // all else is there
	}
	return errors.Join(errs...)
}

func (r *Room) nodeDir(id event.NodeID) string { return filepath.Join(r.o.Dir, "nodes", id.String()) }

func wallNow() event.Micros { return event.Micros(time.Now().UnixMicro()) }

var _ node.Transport = (*conductor.Port)(nil)
