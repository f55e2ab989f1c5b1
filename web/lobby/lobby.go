// Package lobby is the house around the rooms: it makes them, starts a process for each, passes requests on to
// it, puts it to sleep, wakes it, starts it again when it falls, and deletes what nobody uses. A room's fall never
// takes the lobby with it.
package lobby

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/lessons"
	"github.com/quorumlab/quorumlab/web"
)

// Options of a lobby. Data and Spawner must be set; of the rest DefaultOptions has what is zero.
type Options struct {
	Data    string // directory of the rooms
	Spawner Spawner
	Lessons *lessons.Library // what rooms can be opened with; nil: nothing
	Assets  *web.Assets
	Log     *slog.Logger

	Rooms   int           // most rooms at a time
	Limits  web.Limits    // of each room
	History int64         // bytes of facts a room keeps
	Idle    time.Duration // a room unused for so long falls asleep
	Unused  time.Duration // a room unused for so long is deleted; negative: never
	Nodes   int           // of a room that does not say
	Rate    event.Factor  // of a room opened from the front page that does not say. Over the API the default is real time
}

// DefaultOptions suit one machine in a workshop. A room takes about 6 MB of disk. The rate lets people see a
// message fly (300 ms) and an election happen (3 to 6 s).
var DefaultOptions = Options{Rooms: 500, Limits: web.DefaultLimits, History: 64 << 20, Idle: time.Minute, Unused: 14 * 24 * time.Hour,
	Nodes: 5, Rate: event.One / 4}

// or has d's values where o's are zero.
func (o Options) or(d Options) Options {
	o.Rooms = cmp.Or(o.Rooms, d.Rooms)
	o.Limits = o.Limits.Or(d.Limits)
	o.History = cmp.Or(o.History, d.History)
	o.Idle = cmp.Or(o.Idle, d.Idle)
	o.Unused = cmp.Or(o.Unused, d.Unused)
	o.Nodes = min(cmp.Or(o.Nodes, d.Nodes), o.Limits.Nodes)
	o.Rate = cmp.Or(o.Rate, d.Rate)
	if o.Lessons == nil {
		o.Lessons = &lessons.Library{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Lobby has all rooms.
type Lobby struct {
	options  Options
	log      *slog.Logger
	sockets  string // directory of the rooms' sockets
	numbers  *numbers
	handler  http.Handler
	way      *way          // to the rooms
	shelf    *shelf        // of lessons
	patience time.Duration // writeWait; a test has less

	ctx    context.Context // ends when the lobby closes
	cancel context.CancelFunc
	work   sync.WaitGroup // goroutines of rooms

	mu    sync.Mutex
	rooms map[string]*room
	watch map[string]string // ids of rooms by the names under which they can be watched
	made  int               // sockets named so far
}

// Open makes a lobby of the rooms in o.Data, all asleep.
func Open(o Options) (*Lobby, error) {
	o = o.or(DefaultOptions)
	records, damaged, err := openData(o.Data)
	if err != nil {
		return nil, err
	}
	for _, err := range damaged {
		o.Log.Warn("a room is left out", "why", err)
	}
	sockets, err := os.MkdirTemp("", "quorumlab-") // short: a socket's path has at most 108 bytes
	if err != nil {
		return nil, fmt.Errorf("there is no place for the rooms' sockets: %w; set TMPDIR to a directory that can be written", err)
	}
	l := &Lobby{options: o, log: o.Log, sockets: sockets, patience: writeWait, shelf: &shelf{library: o.Lessons}, rooms: map[string]*room{}, watch: map[string]string{}}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	for _, r := range records {
		l.rooms[r.ID], l.watch[web.WatchName(r.ID)] = newRoom(l, r), r.ID
	}
	l.numbers = newNumbers(l)
	l.way = newWay(l)
	l.handler = web.Guard(l.routes())
	l.work.Add(1)
	go l.sweep()
	return l, nil
}

func (l *Lobby) ServeHTTP(w http.ResponseWriter, r *http.Request) { l.handler.ServeHTTP(w, r) }

// Close closes all rooms cleanly and returns when their processes have ended.
func (l *Lobby) Close() {
	l.cancel()
	var closing sync.WaitGroup
	for _, r := range l.all() {
		closing.Go(r.close)
	}
	closing.Wait()
	l.options.Spawner.Close()
	l.work.Wait()
	l.way.CloseIdleConnections()
	os.RemoveAll(l.sockets)
}

// Wish is what a new room shall be like. Zero nodes are the lobby's default, a zero rate is real time. A lesson says both
// itself.
type Wish struct {
	Nodes  int
	Rate   event.Factor
	Lesson string // its id; "": none
}

// Create makes a room and returns its record when it serves.
func (l *Lobby) Create(ctx context.Context, wish Wish) (Record, error) {
	record, err := l.plan(wish)
	if err != nil {
		return Record{}, err
	}
	r := newRoom(l, record)
	if err := l.admit(r); err != nil {
		return Record{}, err
	}
	if err := l.furnish(ctx, r); err != nil {
		l.forget(r)
		return Record{}, err
	}
	l.numbers.created.Inc()
	return record, nil
}

func (l *Lobby) plan(wish Wish) (Record, error) {
	if wish.Lesson != "" {
		var err error
		if wish, err = l.teach(wish); err != nil {
			return Record{}, err
		}
	}
	nodes, rate := wish.Nodes, wish.Rate
	if nodes == 0 {
		nodes = l.options.Nodes
	}
	if rate == 0 {
		rate = event.One
	}
	if most := l.options.Limits.Nodes; nodes < 1 || nodes > most {
		return Record{}, &web.Fault{Status: http.StatusBadRequest, Code: web.CodeLimit, Sentence: fmt.Sprintf("A room has 1 to %d nodes.", most), Where: "/nodes"}
	}
	if rate < web.SlowestRate || rate > web.FastestRate {
		return Record{}, &web.Fault{Status: http.StatusBadRequest, Code: web.CodeBadRequest,
			Sentence: fmt.Sprintf("A room's rate is from %v to %v; 1 is real time.", web.SlowestRate.Float(), web.FastestRate.Float()), Where: "/rate"}
	}
	now := time.Now()
	return Record{Version: Version, ID: newID(), Created: now, Used: now, Nodes: nodes, Rate: rate, Lesson: wish.Lesson}, nil
}

// teach adds what a lesson says of its room.
func (l *Lobby) teach(wish Wish) (Wish, error) {
	if wish.Nodes != 0 || wish.Rate != 0 {
		return wish, &web.Fault{Status: http.StatusBadRequest, Code: web.CodeBadRequest, Sentence: "A lesson says itself how many nodes it needs and at which rate; leave nodes and rate out.", Where: "/lesson"}
	}
	lesson, err := l.shelf.find(wish.Lesson)
	if err != nil {
		return wish, err
	}
	wish.Nodes, wish.Rate = lesson.Nodes, cmp.Or(lesson.Rate, DefaultOptions.Rate) // a lesson is paced for the workshop, whatever the front page is set to
	return wish, nil
}

// admit adds a room, if there is space for one more.
func (l *Lobby) admit(r *room) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil {
		return lobbyCloses
	}
	if len(l.rooms) >= l.options.Rooms {
		return &web.Fault{Status: http.StatusServiceUnavailable, Code: web.CodeLimit,
			Sentence: fmt.Sprintf("There are %d rooms already and that is all this lobby has; delete one, or start it with a larger --rooms.", l.options.Rooms)}
	}
	l.rooms[r.record.ID], l.watch[web.WatchName(r.record.ID)] = r, r.record.ID
	return nil
}

// furnish gives a new room its directory and waits until it serves.
func (l *Lobby) furnish(ctx context.Context, r *room) error {
	if err := os.Mkdir(r.dir, 0o700); err != nil {
		return l.noSpace(err)
	}
	if err := r.record.write(r.dir); err != nil {
		return l.noSpace(err)
	}
	if _, err := r.enter(ctx); err != nil {
		return err
	}
	r.leave()
	return nil
}

func (l *Lobby) noSpace(err error) error {
	l.log.Error("room not made", "why", err)
	return &web.Fault{Status: http.StatusInsufficientStorage, Code: "disk", Sentence: "The room's directory cannot be written; is the server's disk full?"}
}

// forget undoes an admit.
func (l *Lobby) forget(r *room) {
	l.drop(r)
	if err := r.delete(); err != nil && !errors.Is(err, os.ErrNotExist) {
		l.log.Warn("room not removed", "why", err)
	}
}

func (l *Lobby) drop(r *room) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.rooms, r.record.ID)
	delete(l.watch, web.WatchName(r.record.ID))
}

// Delete closes a room and removes its data.
func (l *Lobby) Delete(id string) error {
	r, err := l.find(id)
	if err != nil {
		return err
	}
	l.drop(r)
	if err := r.delete(); err != nil {
		return err
	}
	l.numbers.deleted.Inc()
	return nil
}

var notHere = &web.Fault{Status: http.StatusNotFound, Code: web.CodeNotFound, Sentence: "There is no such room; it may have been deleted. Open the front page for a new one."}

var lobbyCloses = &web.Fault{Status: http.StatusServiceUnavailable, Code: web.CodeClosing, Sentence: "The server is closing."}

func (l *Lobby) find(id string) (*room, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.rooms[id]; r != nil {
		return r, nil
	}
	return nil, notHere
}

func (l *Lobby) all() []*room {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]*room, 0, len(l.rooms))
	for _, r := range l.rooms {
		list = append(list, r)
	}
	return list
}

// assign tells a room what it is. Every start has a socket of its own: an old one may still be closing.
func (l *Lobby) assign(r *room) Assignment {
	l.mu.Lock()
	l.made++
	socket := filepath.Join(l.sockets, fmt.Sprintf("%d.sock", l.made))
	l.mu.Unlock()
	o := l.options
	return Assignment{ID: r.record.ID, Dir: r.dir, Nodes: r.record.Nodes, Rate: r.record.Rate, Lesson: r.record.Lesson, Limits: o.Limits, History: o.History, Idle: o.Idle, Socket: socket}
}

// sweep remembers once a minute when rooms were used, and deletes those that nobody uses any more.
func (l *Lobby) sweep() {
	defer l.work.Done()
	every := time.Minute
	if l.options.Unused > 0 {
		every = min(every, max(l.options.Unused/4, 10*time.Millisecond))
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-l.ctx.Done():
			return
		case <-tick.C:
			l.tidy()
		}
	}
}

func (l *Lobby) tidy() {
	for _, r := range l.all() {
		r.save()
		if l.options.Unused < 0 || !r.unused(l.options.Unused) {
			continue
		}
		l.log.Info("unused room deleted", "room", nickname(r.record.ID), "unused", l.options.Unused)
		if err := l.Delete(r.record.ID); err != nil {
			l.log.Warn("unused room not deleted", "why", err)
		}
	}
}
