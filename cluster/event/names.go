package event

import (
	"errors"
	"strconv"
)

// NodeID is a machine's number: 2 is shown as "n2". 0 is nobody. A number is never used twice in a room.
type NodeID uint16

func (id NodeID) String() string {
	if id == 0 {
		return ""
	}
	return "n" + strconv.Itoa(int(id))
}

func (id NodeID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads "n2"; the empty text is nobody.
func (id *NodeID) UnmarshalText(b []byte) error {
	n, err := ParseNodeID(string(b))
	if err == nil {
		*id = n
	}
	return err
}

// ParseNodeID reads "n2".
func ParseNodeID(s string) (NodeID, error) {
	if s == "" {
		return 0, nil
	}
	if s[0] == 'n' {
		if n, ok := ParseNumber(s[1:]); ok && n > 0 && n <= 1<<16-1 && s[1] != '0' {
			return NodeID(n), nil
		}
	}
	return 0, errors.New(quoted(s) + " is not a node: nodes are called n1, n2 and so on")
}

// Factor is a ratio in millionths: 250000 is 0.25.
type Factor int64

// One is the factor 1.
const One Factor = 1_000_000

// Float is the ratio itself.
func (f Factor) Float() float64 { return float64(f) / float64(One) }

// FactorOf rounds x to millionths.
func FactorOf(x float64) Factor {
	if x < 0 {
		return Factor(x*float64(One) - 0.5)
	}
	return Factor(x*float64(One) + 0.5)
}

func (f Factor) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, f.Float(), 'f', -1, 64), nil
}

// UnmarshalJSON reads a number within ±1,000,000.
func (f *Factor) UnmarshalJSON(b []byte) error {
	x, err := strconv.ParseFloat(string(b), 64)
	if err != nil || !(x >= -1e6 && x <= 1e6) {
		return errors.New(clip(string(b)) + " is not a factor: give a number such as 0.25")
	}
	*f = FactorOf(x)
	return nil
}

// Role of a node in its term (Raft paper §5.1).
type Role uint8

// The roles. A node that is down has none.
const (
	RoleNone Role = iota
	Follower
	Candidate
	Leader
)

var roleNames = [...]string{RoleNone: "none", Follower: "follower", Candidate: "candidate", Leader: "leader"}

func (r Role) String() string                { return name(roleNames[:], int(r)) }
func (r Role) MarshalText() ([]byte, error)  { return []byte(r.String()), nil }
func (r *Role) UnmarshalText(b []byte) error { return parse(r, roleNames[:], b, "role") }

// MessageType is the kind of a request; a reply has the type of its request and Reply set.
type MessageType uint8

// The messages. After each what Sent carries beside Msg, Type, Reply, Node, Peer, Term and Until; then what its reply does.
const (
	MessageNone     MessageType = iota
	AppendEntries               // Index, LogTerm: previous entry; Commit; N: entries; From: term of the first one; Text, Op: the first one's; reply: OK, Index: its last log index
	Heartbeat                   // nothing; reply: OK
	RequestVote                 // Index, LogTerm: candidate's last entry; reply: OK: granted
	RequestPreVote              // the same
	TimeoutNow                  // nothing; reply: OK
	InstallSnapshot             // Index, LogTerm: last included; N: bytes; reply: OK
	Forward                     // a command on its way to the leader: Op, Text; reply: OK
	ReadIndex                   // a linearizable read asks the leader how far it must have applied: Op; reply: OK, Index
)

var messageNames = [...]string{MessageNone: "none", AppendEntries: "append-entries", Heartbeat: "heartbeat", RequestVote: "request-vote",
	RequestPreVote: "request-pre-vote", TimeoutNow: "timeout-now", InstallSnapshot: "install-snapshot", Forward: "forward", ReadIndex: "read-index"}

func (m MessageType) String() string               { return name(messageNames[:], int(m)) }
func (m MessageType) MarshalText() ([]byte, error) { return []byte(m.String()), nil }
func (m *MessageType) UnmarshalText(b []byte) error {
	return parse(m, messageNames[:], b, "message type")
}

// EntryType is what a log entry holds.
type EntryType uint8

// The entry types.
const (
	EntryNone          EntryType = iota
	EntryCommand                 // a request to the store
	EntryNoop                    // a new leader's first entry (Raft paper §8)
	EntryConfiguration           // a membership change
	EntryBarrier
)

var entryNames = [...]string{EntryNone: "none", EntryCommand: "command", EntryNoop: "noop", EntryConfiguration: "configuration", EntryBarrier: "barrier"}

func (e EntryType) String() string                { return name(entryNames[:], int(e)) }
func (e EntryType) MarshalText() ([]byte, error)  { return []byte(e.String()), nil }
func (e *EntryType) UnmarshalText(b []byte) error { return parse(e, entryNames[:], b, "entry type") }

// Reason says why something did not go through.
type Reason uint8

// The reasons.
const (
	ReasonNone Reason = iota
	// of VoteRefused
	StaleTerm      // the request's term is behind the voter's
	AlreadyVoted   // the voter gave its vote of this term to another
	HasLeader      // the voter hears from a leader
	LogTermBehind  // the candidate's last entry is of an earlier term (§5.4.1)
	LogIndexBehind // same last term, but the candidate's log is shorter (§5.4.1)
	NotAVoter      // the candidate is no voter in the voter's configuration
	RefusedOther   // another reason; Text has the engine's words
	// of Dropped
	LinkCut
	Lost
	ByHand
	MachineDown
	QueueFull
	// of Stopped
	Killed
	KilledBeforeFsync
	KilledAfterFsync
	RefusedToStart
	LeftCluster
	RoomClosed
)

var reasonNames = [...]string{ReasonNone: "none", StaleTerm: "stale-term", AlreadyVoted: "already-voted", HasLeader: "has-leader",
	LogTermBehind: "log-term-behind", LogIndexBehind: "log-index-behind", NotAVoter: "not-a-voter", RefusedOther: "other",
	LinkCut: "link-cut", Lost: "lost", ByHand: "by-hand", MachineDown: "machine-down", QueueFull: "queue-full",
	Killed: "killed", KilledBeforeFsync: "killed-before-fsync", KilledAfterFsync: "killed-after-fsync", RefusedToStart: "refused-to-start",
	LeftCluster: "left-cluster", RoomClosed: "room-closed"}

func (r Reason) String() string                { return name(reasonNames[:], int(r)) }
func (r Reason) MarshalText() ([]byte, error)  { return []byte(r.String()), nil }
func (r *Reason) UnmarshalText(b []byte) error { return parse(r, reasonNames[:], b, "reason") }

// Outcome is how a command ended. Unknown means that it may or may not have happened, now or later
// (etcd API guarantees; Raft paper §8); it is never blurred with Failed, which means that it did not and will not.
type Outcome uint8

// The outcomes. Pending is no outcome yet.
const (
	Pending Outcome = iota
	OK
	Failed
	Unknown
)

var outcomeNames = [...]string{Pending: "pending", OK: "ok", Failed: "failed", Unknown: "unknown"}

func (o Outcome) String() string                { return name(outcomeNames[:], int(o)) }
func (o Outcome) MarshalText() ([]byte, error)  { return []byte(o.String()), nil }
func (o *Outcome) UnmarshalText(b []byte) error { return parse(o, outcomeNames[:], b, "outcome") }

// Property is what holds whatever happens: Raft's safety properties (paper, Figure 3), and what they are for.
type Property uint8

// The properties.
const (
	PropertyNone Property = iota
	ElectionSafety
	LeaderAppendOnly
	LogMatching
	LeaderCompleteness
	StateMachineSafety
	Linearizable // what clients saw could have happened one after the other (Herlihy and Wing 1990)
	propertyEnd
)

// Properties is the number of properties, PropertyNone included.
const Properties = int(propertyEnd)

var propertyNames = [...]string{PropertyNone: "none", ElectionSafety: "election-safety", LeaderAppendOnly: "leader-append-only",
	LogMatching: "log-matching", LeaderCompleteness: "leader-completeness", StateMachineSafety: "state-machine-safety", Linearizable: "linearizable"}

func (p Property) String() string                { return name(propertyNames[:], int(p)) }
func (p Property) MarshalText() ([]byte, error)  { return []byte(p.String()), nil }
func (p *Property) UnmarshalText(b []byte) error { return parse(p, propertyNames[:], b, "property") }

// Suffrage says whether a member votes.
type Suffrage uint8

// The suffrages. A learner is replicated to but has no vote (dissertation §4.2.1).
const (
	NoMember Suffrage = iota
	Voter
	Learner
)

var suffrageNames = [...]string{NoMember: "none", Voter: "voter", Learner: "learner"}

func (s Suffrage) String() string                { return name(suffrageNames[:], int(s)) }
func (s Suffrage) MarshalText() ([]byte, error)  { return []byte(s.String()), nil }
func (s *Suffrage) UnmarshalText(b []byte) error { return parse(s, suffrageNames[:], b, "suffrage") }

// Member is a node's place in a configuration.
type Member struct {
	ID       NodeID   `json:"id"`
	Suffrage Suffrage `json:"suffrage"`
}

// Link is how one direction between two machines behaves. The zero Link is whole and has the room's default delay.
type Link struct {
	Delay     Micros `json:"delay,omitempty"`     // one way; 0: the room's default (RateSet.Took)
	Jitter    Micros `json:"jitter,omitempty"`    // added at random, 0 to this
	Loss      Factor `json:"loss,omitempty"`      // 0 to 1: share of messages that vanish
	Duplicate Factor `json:"duplicate,omitempty"` // 0 to 1: share of messages that arrive twice
	Slow      Factor `json:"slow,omitempty"`      // multiplies the delay; 0 means 1
	Cut       bool   `json:"cut,omitempty"`       // nothing passes
	Hold      bool   `json:"hold,omitempty"`      // everything waits at the gate until let go by hand
}

func name(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return "unknown-" + strconv.Itoa(i)
}

func parse[T ~uint8](to *T, names []string, b []byte, what string) error {
	for i, n := range names {
		if n == string(b) {
			*to = T(i)
			return nil
		}
	}
	return errors.New(quoted(string(b)) + " is not a known " + what)
}

// ParseNumber reads a decimal number without a sign. The browser's packages use it instead of strconv, whose errors
// quote what they could not read and bring the tables of all printable characters along.
func ParseNumber(s string) (n uint64, ok bool) {
	const most = 1<<64 - 1
	for i := 0; i < len(s); i++ {
		digit := uint64(s[i] - '0')
		if digit > 9 || n > most/10 || n*10 > most-digit {
			return 0, false
		}
		n = n*10 + digit
	}
	return n, s != ""
}

// quoted is input as an error sentence shows it: short, in quotes, on one line.
func quoted(s string) string {
	b := []byte(clip(s))
	for i := range b {
		if b[i] < ' ' || b[i] == 0x7F {
			b[i] = '?'
		}
	}
	return `"` + string(b) + `"`
}

// clip keeps quoted input short in error sentences.
func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
