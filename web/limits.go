package web

import (
	"cmp"
	"time"

	"golang.org/x/time/rate"
)

// Limits are what the people in one room may use. Every field has a default; zero means that default.
type Limits struct {
	Viewers    int // websockets and event streams at a time
	Commands   int // a second and viewer; over HTTP a second and room
	ValueBytes int // longest value of a put, alone or in a transaction
	Nodes      int // machines in the ring
}

// DefaultLimits suit a workshop.
var DefaultLimits = Limits{Viewers: 3000, Commands: 50, ValueBytes: 1 << 20, Nodes: 9}

// The bounds of every queue and every wait. None of them depends on what a client sends. Facts are not queued for a
// viewer at all: it has a place in the journal.
const (
	// CommandWall is how long an HTTP command waits for its answer in wall time: the room's own timeouts are
	// virtual and a frozen room answers nothing. A viewer that has left waits as long for what it asked.
	CommandWall = 60 * time.Second
	// OrderBytes is the longest command read, as a frame or as JSON. It is above every ValueBytes that
	// etcd's 1.5 MiB allow, so that a value that is a little too long gets a sentence and not a cut line.
	OrderBytes = 4 << 20
	// PendingOrders is how many commands of one viewer may wait for their answers.
	PendingOrders = 128
	// PendingCommands is how many commands of all viewers and HTTP clients of a room may.
	PendingCommands = 4096
	// LargeAudience is the number of viewers above which the room shows 20 pictures a second and not 60.
	LargeAudience = 1500
	// LearnBytes is the longest thing that can be said to a lesson, TokenBytes the longest name of a viewer.
	LearnBytes = 256
	TokenBytes = 64
	// WindRate is how often a second a viewer may tell its recorder something, WindBurst how often at once: a hand on the timeline
	// says where it is with every picture.
	WindBurst            = 180
	WindRate  rate.Limit = 90
	// RunningLines is how many lines of one viewer may run at a time, RunBytes how long one may be, and InputLines how much
	// may be typed before it is read.
	RunningLines = 8
	RunBytes     = 4096
	InputLines   = 16
	// OutputLines of one running line are said at once, OutputRate a second after that; what is more is left out. OutputLine is
	// the longest, in bytes.
	OutputLines            = 240
	OutputRate  rate.Limit = 60
	OutputLine             = 4096
	// Downloads is how many may fetch the recording of a room at a time: who fetches slowly keeps what is dropped meanwhile.
	Downloads = 8
	// FetchRate is how often a second one may begin to do so; Downloads at once.
	FetchRate rate.Limit = 4
	// LogEntries is the most log entries one request returns.
	LogEntries = 1000

	outputGather = 30 * time.Millisecond // lines that are said together come in one frame

	pictureLarge = time.Second / 20
	// mergedFrames is how many of the journal's frames make one message at most.
	mergedFrames = 16
	// sharedMessages is how many messages are kept for viewers who have not sent them yet. Who is further behind
	// makes its own; who is more than journal.MaxBehind frames behind is slow.
	sharedMessages = 64

	lessonGather = 80 * time.Millisecond // how long changes of the lesson are gathered for a viewer; see audience.gather
	manyLearners = 200

	// While a room is prepared anew its journal has ended and the next has not begun.
	stageLook = 20 * time.Millisecond
	stageWait = time.Minute // for the next; it is known to come within a second or two

	writeWait    = 10 * time.Second // for one message to a viewer
	pingEvery    = 20 * time.Second
	pongWait     = 50 * time.Second // a viewer from which nothing comes for so long is gone
	helloWait    = 10 * time.Second
	farewellWait = time.Second // for the close frame of a viewer that does not read
)

// Or has d's values where l's are zero.
func (l Limits) Or(d Limits) Limits {
	return Limits{Viewers: cmp.Or(l.Viewers, d.Viewers), Commands: cmp.Or(l.Commands, d.Commands),
		ValueBytes: cmp.Or(l.ValueBytes, d.ValueBytes), Nodes: cmp.Or(l.Nodes, d.Nodes)}
}
