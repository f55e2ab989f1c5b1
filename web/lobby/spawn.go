package lobby

import (
	"context"
	"net"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/web"
)

// Assignment tells a new room what it is.
type Assignment struct {
	ID      string        `json:"id"`
	Dir     string        `json:"dir"`
	Nodes   int           `json:"nodes"`
	Rate    event.Factor  `json:"rate"`
	Lesson  string        `json:"lesson,omitempty"` // id of the one that a new room is prepared for; "": free play
	Limits  web.Limits    `json:"limits"`
	History int64         `json:"history"` // bytes of facts kept
	Idle    time.Duration `json:"idle"`    // unused for so long it says so
	Socket  string        `json:"socket"`  // where it listens; with handoverSuffix where connections are handed over
}

const handoverSuffix = ".take"

// Spawner starts rooms: as processes (Processes), or in this process for debugging.
type Spawner interface {
	// Spawn returns when the room serves. A *Refusal says that trying again is of no use.
	Spawn(context.Context, Assignment) (Child, error)
	// Close lets go of what is kept in reserve; the children are their users' to close.
	Close()
}

// Child is a room that runs.
type Child interface {
	Dial(context.Context) (net.Conn, error)         // for requests
	DialHandover(context.Context) (net.Conn, error) // for one connection to hand over
	Idle() <-chan struct{}                          // receives whenever the room has been unused for Assignment.Idle
	Done() <-chan struct{}                          // closed when it has ended
	LastWords() string                              // after Done: why, for people
	Close()                                         // asks it to end, makes it end, returns when it has ended
}

// Refusal is a room's own sentence why it does not open: its data is damaged or of another version.
type Refusal struct{ Sentence string }

func (r *Refusal) Error() string { return r.Sentence }
