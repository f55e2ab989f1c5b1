// Package event is the vocabulary of a room: what happened (Event, past tense, gapless sequence), what
// somebody asks for (Command, imperative) and how it ended (Result with an Outcome), and their wire form.
//
// Server, browser, lesson checks, monitors and tests fold the same events. The package imports nothing
// heavy (no fmt, encoding/json, time), because the browser carries it.
package event

// Micros is a duration or an instant in microseconds. Virtual instants count from the room's first
// opening; wall instants from the Unix epoch.
type Micros int64

// Event is one fact that the cluster reported. Which fields are set depends on Kind; the comment at each
// kind names them. An unset field is zero and costs nothing on the wire.
type Event struct {
	Seq  uint64 `json:"seq"`  // gapless within a recording, from 1
	At   Micros `json:"at"`   // virtual time
	Wall Micros `json:"wall"` // wall time
	Kind Kind   `json:"kind"`

	Node NodeID `json:"node,omitzero"` // whom it happened to; a message's sender
	Peer NodeID `json:"peer,omitzero"` // the other one; a message's addressee

	Role    Role   `json:"role,omitzero"`
	Term    uint64 `json:"term,omitempty"`
	Index   uint64 `json:"index,omitempty"`
	LogTerm uint64 `json:"log_term,omitempty"` // term of the entry at Index
	Commit  uint64 `json:"commit,omitempty"`   // leader's commit index in a message

	Msg   uint64      `json:"msg,omitempty"` // message id, unique in a room
	Type  MessageType `json:"type,omitzero"`
	Reply bool        `json:"reply,omitempty"`

	Entry    EntryType   `json:"entry,omitzero"`
	Op       uint64      `json:"op,omitempty"` // id of the command this is part of
	Command  CommandKind `json:"command,omitzero"`
	Outcome  Outcome     `json:"outcome,omitzero"`
	Rev      int64       `json:"rev,omitempty"` // store revision
	OK       bool        `json:"ok,omitempty"`
	Reason   Reason      `json:"reason,omitzero"`
	Property Property    `json:"property,omitzero"`

	N      int64  `json:"n,omitempty"`
	From   Micros `json:"from,omitempty"`
	Until  Micros `json:"until,omitempty"`
	Took   Micros `json:"took,omitempty"`
	Factor Factor `json:"factor,omitempty"`
	Link   Link   `json:"link,omitzero"`

	Key     string   `json:"key,omitempty"`
	Text    string   `json:"text,omitempty"`
	Nodes   []NodeID `json:"nodes,omitempty"`
	Members []Member `json:"members,omitempty"`
}

// Kind says what happened.
type Kind uint8

// The kinds of events. After each the fields it sets, beside Seq, At, Wall and Kind.
const (
	KindNone Kind = iota

	// Time and room.

	RateSet    // Factor: virtual seconds a wall second, 0 = frozen; Took: the default one-way delay of a link at this rate
	Stepped    // a frozen room went on to the next thing and froze again
	PreVoteSet // OK: candidates ask for pre-votes

	// Machines.

	MachineAdded   // Node: a machine has joined the ring (it need not be a member)
	MachineRemoved // Node: the machine has left the ring for good
	Started        // Node, Term, Index (its last log index): the process runs with what it found on its disk
	Stopped        // Node, Reason (Killed, KilledBeforeFsync, KilledAfterFsync, RefusedToStart, LeftCluster, RoomClosed), Text: for RefusedToStart the sentence with file and place
	Suspended      // Node: the machine stands still, its clock too
	Resumed        // Node, N: messages that had been waiting for it
	Wiped          // Node: its disk is empty
	Corrupted      // Node, Text: file, N: offset of the flipped bit's byte
	DriftSet       // Node, Factor: its clock's speed, 1 = true
	DiskSet        // Node, Took: added to every fsync

	// Network. A link is one direction.

	LinkSet   // Node → Peer, Link
	Sent      // Msg, Type, Reply, Node → Peer, Term; Until: when it is due (0: held or already lost). See MessageType for the rest; Op, Text: label of what it carries
	Delivered // Msg, Node → Peer
	Held      // Msg, Node → Peer: it waits at the gate of its link
	Released  // Msg, Node → Peer, Until: it left the gate (or its place was swapped) and is due then
	Dropped   // Msg, Node → Peer, Reason (LinkCut, Lost, ByHand, MachineDown, QueueFull)
	Copied    // Msg: the copy's id, N: the original's id, Node → Peer, Until: a duplicate is under way

	// Elections.

	RoleChanged // Node, Role, Term
	TermChanged // Node, Term
	VoteCast    // Node, Peer: candidate, Term: the vote is on Node's disk
	VoteGranted // Node: voter, Peer: candidate, Term, OK: it was a pre-vote
	VoteRefused // Node: voter, Peer: candidate, Term, OK: it was a pre-vote, Reason; Index, LogTerm: the voter's last entry, where the reason speaks of it; Text: the engine's words
	VoteCounted // Node: candidate, Peer: voter, Term, OK: it was granted, Reply: it was a pre-vote
	LeaderSeen  // Node, Peer: whom Node now believes to lead (0: nobody), Term
	TimerSet    // Node, From: last contact with a leader or a candidate that got its vote, or with OK when the timer began without one (the process started, turned follower or candidate); Reply: it is a candidate's that begins to ask for pre-votes; Until: the latest time at which it stands for election without a contact, N: the earliest, both 0 if it has no vote (all virtual, true clock)

	// Log and store.

	Appended          // Node, Index, Term, Entry, Op, Text: label, N: bytes; the entry is on Node's disk. In checkpoints also many at once: with Peer the entries Index to N are the same as Peer's, with Key those from Index on are packed in it (view/run.go)
	Truncated         // Node, Index: first entry that was cut off the end
	Compacted         // Node, Index: first entry still kept
	Fsynced           // Node, Index: last entry on disk now, N: bytes, Took: virtual
	MatchSet          // Node: leader, Peer: follower, Index: match index, N: next index
	Committed         // Node, Index: it knows that all entries to here are committed
	Applied           // Node, Index, Op, Rev: store revision after it
	SnapshotTaken     // Node, Index, LogTerm, N: bytes
	SnapshotInstalled // Node, Index, LogTerm, Rev: of the store now, Peer: leader that sent it (0: it was its own)
	MembersSet        // Node, Index, Members: the configuration that Node uses from this entry on

	// Commands.

	Asked    // Op, Command, Node: addressed, Peer, Key, Text: the command in words; OK: it concerns Key alone and can be judged, see package check; N: 1 when the room's own chaos asked
	Answered // Op, Command, Node, Peer: leader that did it, Outcome, Rev, Index, Term, Nodes: who had acknowledged, Took: virtual, N: wall µs, Text: why not; Key: what was asked and seen, for whoever judges it, see check.Deed

	// Safety.

	SafetyBroken // Property, Node, Peer, Index, Term, Rev: sequence of the event that broke it, N: of the earlier one that it contradicts, Text
	Judged       // Property, N: requests judged so far, Index: how many were not, Text: why the last of those were not

	// The room by itself.

	ChaosSet // OK: faults come by themselves, Factor: how many (0 to 1), N: the seed that chooses them; without OK they have ended
	UndoSet  // Text: the fault in words that an undo would take back; "" when there is none
	Woke     // Took: wall time for which the room slept, 0 if that is not known, Text: what of the recording before is missing, and why (package words), N: bytes of its file that cannot be read; what is not on disks is forgotten, with a Text or without Took everything, and the facts that follow tell the rest anew

	kindEnd
)

// Kinds is the number of kinds, KindNone included.
const Kinds = int(kindEnd)

var kindNames = [...]string{
	KindNone: "none", RateSet: "rate-set", Stepped: "stepped", PreVoteSet: "prevote-set",
	MachineAdded: "machine-added", MachineRemoved: "machine-removed", Started: "started", Stopped: "stopped",
	Suspended: "suspended", Resumed: "resumed", Wiped: "wiped", Corrupted: "corrupted", DriftSet: "drift-set", DiskSet: "disk-set",
	LinkSet: "link-set", Sent: "sent", Delivered: "delivered", Held: "held", Released: "released", Dropped: "dropped", Copied: "copied",
	RoleChanged: "role-changed", TermChanged: "term-changed", VoteCast: "vote-cast", VoteGranted: "vote-granted",
	VoteRefused: "vote-refused", VoteCounted: "vote-counted", LeaderSeen: "leader-seen", TimerSet: "timer-set",
	Appended: "appended", Truncated: "truncated", Compacted: "compacted", Fsynced: "fsynced", MatchSet: "match-set",
	Committed: "committed", Applied: "applied", SnapshotTaken: "snapshot-taken", SnapshotInstalled: "snapshot-installed",
	MembersSet: "members-set", Asked: "asked", Answered: "answered", SafetyBroken: "safety-broken",
	Judged: "judged", ChaosSet: "chaos-set", UndoSet: "undo-set", Woke: "woke",
}

func (k Kind) String() string                { return name(kindNames[:], int(k)) }
func (k Kind) MarshalText() ([]byte, error)  { return []byte(k.String()), nil }
func (k *Kind) UnmarshalText(b []byte) error { return parse(k, kindNames[:], b, "event kind") }

// Tap receives events from below. It must not block and may be called from any goroutine; At is filled in
// by whoever owns the clock, Seq and Wall by the journal.
type Tap func(Event)
