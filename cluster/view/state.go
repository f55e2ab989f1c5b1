// Package view is the picture of a room: the fold of its events. Server, browser, monitors, lessons and
// tests fold the same events with Apply, so nobody can see anything that the cluster did not report.
package view

import "github.com/quorumlab/quorumlab/cluster/event"

// State is what the events so far add up to. The zero State is a room of which nothing is known yet.
type State struct {
	Seq     uint64       `json:"seq"`
	At      event.Micros `json:"at"`          // virtual
	Wall    event.Micros `json:"wall"`        // of the last event
	Rate    event.Factor `json:"rate"`        // virtual seconds a wall second; 0 = frozen
	Thawed  event.Factor `json:"thawed_rate"` // the rate to which a thaw returns
	Delay   event.Micros `json:"delay"`       // default one-way delay of a link
	PreVote bool         `json:"prevote"`

	Nodes        []Node         `json:"nodes"`         // machines in the ring, by ID
	Links        []Link         `json:"links"`         // both directions of every pair, by (From, To)
	Messages     []Message      `json:"messages"`      // in flight or held, by ID
	Members      []event.Member `json:"members"`       // the newest committed configuration, by ID
	MembersIndex uint64         `json:"members_index"` // of the entry that Members came with
	agreed       bool           // that entry was known to be committed
	Elected      uint64         `json:"elected"` // the newest term in which somebody was elected, as far as disks remember
	Ops          []Op           `json:"ops"`     // the last MaxOps commands, oldest first
	Safety       []Lamp         `json:"safety"`  // by Property, ElectionSafety first
	Chaos        Chaos          `json:"chaos"`
	Undo         string         `json:"undo,omitempty"` // the fault in words that an undo would take back
}

// Bounds of a State, whatever events it is given. A room stays far below those of machines and messages.
const (
	MaxNodes    = 32      // machines; more are not drawn
	MaxMessages = 8192    // in flight or held; more are not drawn
	MaxLog      = 100_000 // entries a node; the oldest are forgotten first (First still tells what is on disk)
	MaxOps      = 256     // pending ones are never dropped before answered ones
)

// Node is one machine.
type Node struct {
	ID        event.NodeID `json:"id"`
	Role      event.Role   `json:"role"` // RoleNone while it is down
	Term      uint64       `json:"term"`
	Vote      event.NodeID `json:"vote"`      // in VoteTerm
	VoteTerm  uint64       `json:"vote_term"` // 0: never voted
	Leader    event.NodeID `json:"leader"`    // whom it believes to lead
	Up        bool         `json:"up"`
	Suspended bool         `json:"suspended"`
	Refused   string       `json:"refused,omitempty"` // why it does not start
	Down      event.Reason `json:"down,omitzero"`     // why it is not up

	First    uint64 `json:"first"` // first entry on disk; 0: none
	Last     uint64 `json:"last"`  // last entry on disk or in its snapshot
	Commit   uint64 `json:"commit"`
	Applied  uint64 `json:"applied"`
	Revision int64  `json:"revision"` // of its store
	Log      Log    `json:"-"`        // entries First..Last, at most MaxLog; the API has them on request

	SnapshotIndex uint64 `json:"snapshot_index,omitempty"`
	SnapshotTerm  uint64 `json:"snapshot_term,omitempty"`

	Contact   event.Micros `json:"contact,omitempty"`    // last contact with a leader or a candidate that got its vote, virtual; 0: none since it started
	TimerFrom event.Micros `json:"timer_from,omitempty"` // when its election timer began: then, or later; it moves with a machine that stood still
	TimerMin  event.Micros `json:"timer_min,omitempty"`  // earliest and
	TimerMax  event.Micros `json:"timer_max,omitempty"`  // latest time at which it stands for election; 0: no timer runs

	Stood event.Micros `json:"stood,omitempty"` // since when it stands still, virtual
	Drift event.Factor `json:"drift"`           // 1 = true clock
	Fsync event.Micros `json:"fsync"`           // added to every fsync

	Peers        []Progress     `json:"peers,omitempty"`   // a leader's view of the others, by ID
	Ballots      []Ballot       `json:"ballots,omitempty"` // a candidate's count in Term, by voter
	Refusal      Refusal        `json:"refusal,omitzero"`  // the last vote that it refused while it runs
	Members      []event.Member `json:"members,omitempty"` // the configuration it uses
	MembersIndex uint64         `json:"members_index,omitempty"`
}

// Entry is one log entry.
type Entry struct {
	Index uint64          `json:"index"`
	Term  uint64          `json:"term"`
	Type  event.EntryType `json:"type"`
	Op    uint64          `json:"op,omitempty"`
	Label string          `json:"label,omitempty"`
	Bytes int64           `json:"bytes,omitempty"`
}

// Progress is what a leader believes of a follower (Raft paper, Figure 2).
type Progress struct {
	ID    event.NodeID `json:"id"`
	Match uint64       `json:"match"`
	Next  uint64       `json:"next"`
}

// Ballot is one voter's answer as the candidate counted it.
type Ballot struct {
	Voter   event.NodeID `json:"voter"`
	Granted bool         `json:"granted"`
	PreVote bool         `json:"prevote,omitempty"`
}

// Refusal is a vote that a node refused, and why.
type Refusal struct {
	Candidate event.NodeID `json:"candidate"`
	Term      uint64       `json:"term"`
	PreVote   bool         `json:"prevote,omitempty"`
	Reason    event.Reason `json:"reason"`
	Index     uint64       `json:"index,omitempty"` // the voter's last entry, where the reason speaks of it
	LogTerm   uint64       `json:"log_term,omitempty"`
	Text      string       `json:"text,omitempty"` // the engine's words
}

// Link is one direction between two machines.
type Link struct {
	From event.NodeID `json:"from"`
	To   event.NodeID `json:"to"`
	event.Link
}

// Message is under way or waits at a gate.
type Message struct {
	ID        uint64            `json:"id"`
	From      event.NodeID      `json:"from"`
	To        event.NodeID      `json:"to"`
	Type      event.MessageType `json:"type"`
	Reply     bool              `json:"reply,omitempty"`
	OK        bool              `json:"ok,omitempty"` // of a reply
	Term      uint64            `json:"term,omitempty"`
	Index     uint64            `json:"index,omitempty"`
	LogTerm   uint64            `json:"log_term,omitempty"`
	Commit    uint64            `json:"commit,omitempty"`
	N         int64             `json:"n,omitempty"`
	Op        uint64            `json:"op,omitempty"`
	Text      string            `json:"text,omitempty"`
	EntryTerm uint64            `json:"entry_term,omitempty"` // of the first entry it carries, 0: none
	Sent      event.Micros      `json:"sent"`
	Due       event.Micros      `json:"due,omitempty"` // 0 while held
	Held      bool              `json:"held,omitempty"`
}

// Op is a command and how it ended.
type Op struct {
	ID       uint64            `json:"id"`
	Kind     event.CommandKind `json:"kind"`
	Node     event.NodeID      `json:"node,omitzero"`
	Leader   event.NodeID      `json:"leader,omitzero"`
	Key      string            `json:"key,omitempty"`
	Text     string            `json:"text,omitempty"`
	Asked    event.Micros      `json:"asked"`
	Answered event.Micros      `json:"answered,omitempty"`
	Outcome  event.Outcome     `json:"outcome"`
	Rev      int64             `json:"rev,omitempty"`
	Index    uint64            `json:"index,omitempty"`
	Acks     []event.NodeID    `json:"acks,omitempty"`
	Error    string            `json:"error,omitempty"`
}

// Chaos is whether faults come by themselves.
type Chaos struct {
	On        bool         `json:"on"`
	Intensity event.Factor `json:"intensity,omitempty"` // 0 to 1
	Seed      uint64       `json:"seed,omitempty"`      // chooses the faults
}

// Lamp is one safety property: lit (holds) until an event contradicts it.
type Lamp struct {
	Property event.Property `json:"property"`
	Holds    bool           `json:"holds"`
	Seq      uint64         `json:"seq,omitempty"`     // of the event that broke it
	Earlier  uint64         `json:"earlier,omitempty"` // of the event that it contradicts
	Text     string         `json:"text,omitempty"`

	Judged   uint64 `json:"judged,omitempty"`   // Linearizable: requests that were judged
	Unjudged uint64 `json:"unjudged,omitempty"` // and that were not
	Why      string `json:"why,omitempty"`      // the last of them
}
