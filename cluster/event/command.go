package event

// Command asks a room for something. Which fields count depends on Kind; the comment at each kind names them.
type Command struct {
	ID   uint64      `json:"id,omitempty"` // the asker's; echoed in the Result. The room gives its own, Result.Op
	Kind CommandKind `json:"kind"`
	Node NodeID      `json:"node,omitzero"` // whom it concerns; for requests to the store the node asked (0: any, the leader first)
	Peer NodeID      `json:"peer,omitzero"`

	Key          string `json:"key,omitempty"`
	Value        string `json:"value,omitempty"`
	End          string `json:"range_end,omitempty"` // etcd's range_end: keys in [Key, End)
	Prefix       bool   `json:"prefix,omitempty"`    // all keys that start with Key
	Rev          int64  `json:"rev,omitempty"`       // read at this revision
	Limit        int64  `json:"limit,omitempty"`
	Serializable bool   `json:"serializable,omitempty"`
	Txn          *Txn   `json:"txn,omitempty"`
	Timeout      Micros `json:"-"` // virtual; 0: DefaultTimeout. JSON: timeout_ms

	Message uint64     `json:"message,omitempty"` // id of a held message
	With    uint64     `json:"with,omitempty"`    // the other message of a reorder
	OneWay  bool       `json:"one_way,omitempty"` // only Node → Peer, not back
	Link    Link       `json:"link,omitzero"`
	Groups  [][]NodeID `json:"groups,omitempty"`
	Factor  Factor     `json:"rate,omitempty"`   // rate or drift; chaos: intensity, 0 to 1
	Took    Micros     `json:"-"`                // fsync delay. JSON: fsync_ms
	On      bool       `json:"on,omitempty"`     // prevote, chaos
	At      KillPoint  `json:"at,omitzero"`      // kill
	File    string     `json:"file,omitempty"`   // corrupt: "log", "stable" or "store" (default log)
	Offset  int64      `json:"offset,omitempty"` // corrupt: byte whose lowest bit is flipped; 0: the room picks one inside the data
	Seed    uint64     `json:"seed,omitempty"`   // chaos: chooses the faults; 0: the room picks one and tells it
	Undo    bool       `json:"undo,omitempty"`   // chaos off: what it did is taken back too

	// Of a request that came through etcd's API, and only inside a room:

	Vague   bool `json:"-"` // it is more than this says: it has a lease, perhaps
	Blurred bool `json:"-"` // not even the keys are all here, or not as they are
}

// DefaultTimeout of a request to the store, in virtual time.
const DefaultTimeout Micros = 5_000_000

// KillPoint is where in its work a node dies.
type KillPoint uint8

// The points.
const (
	Now         KillPoint = iota // at once
	BeforeFsync                  // at its next write to the log, before it is on disk
	AfterFsync                   // right after its next write to the log is on disk, before anybody hears of it
)

var killNames = [...]string{Now: "now", BeforeFsync: "before-fsync", AfterFsync: "after-fsync"}

func (k KillPoint) String() string               { return name(killNames[:], int(k)) }
func (k KillPoint) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
func (k *KillPoint) UnmarshalText(b []byte) error {
	return parse(k, killNames[:], b, "point of a kill (now, before-fsync, after-fsync)")
}

// CommandKind says what is asked for.
type CommandKind uint8

// The kinds of commands. After each the fields it reads, beside ID and Kind.
const (
	CommandNone CommandKind = iota

	// Requests to the store (etcd's KV API).

	Put   // Node, Key, Value, Timeout
	Get   // Node, Key, End or Prefix, Rev, Limit, Serializable, Timeout
	Del   // Node, Key, End or Prefix, Timeout
	TxnDo // Node, Txn, Timeout

	// Machines.

	Kill     // Node, At
	Restart  // Node
	Suspend  // Node
	Resume   // Node
	Drift    // Node, Factor
	Wipe     // Node: stops it if it runs; a restart finds an empty disk
	Disk     // Node, Took
	Corrupt  // Node (stopped), File, Offset
	StepDown // Node (a leader; 0: the leader): hands leadership to whoever is best
	Elect    // Node: stands for election at once
	Transfer // Node: shall lead

	// Network.

	Cut       // Node, Peer, OneWay
	Mend      // Node, Peer, OneWay: the link is as new
	SetLink   // Node, Peer, OneWay, Link
	Partition // Groups: links between groups are cut, inside them mended. A node in no group is alone
	Heal      // all links as new; held messages go on
	Hold      // Node, Peer, OneWay; without them all links
	Release   // Node, Peer, OneWay; without them all links: gates open, what waited goes on
	Deliver   // Message: it goes on at once
	Drop      // Message
	Duplicate // Message: a copy waits behind it
	Reorder   // Message, With: they change places; without With: Message goes to the end of its link's queue

	// Time.

	Rate   // Factor
	Freeze //
	Thaw   // goes on at the rate before
	Step   // a frozen room runs to the next delivery or timer

	// Members.

	MemberAdd     // Node (0: a new machine): joins as a learner
	MemberPromote // Node: learner becomes voter
	MemberDemote  // Node: voter becomes learner
	MemberRemove  // Node

	PreVote  // On
	Snapshot // Node: takes a snapshot and drops the log before it

	// Requests of etcd's clients that are told like commands but cannot be given as one: they come through etcd's own API.
	// Value: the request in words, as etcdctl is given it.

	LeaseGrant
	LeaseRevoke
	LeaseKeepAlive // the first one of a client for each lease
	Compact
	Watch // Key: answered when it ends
	Alarm
	Defragment
	Auth // a change of users, roles or permissions

	// The room by itself.

	Chaos  // On, Factor, Seed: faults come by themselves, until one without On. Undo
	Undo   // takes the last fault back
	Preset // Key: a situation by its name: the room is brought there, and frozen

	commandEnd
)

// Commands is the number of command kinds, CommandNone included.
const Commands = int(commandEnd)

var commandNames = [...]string{CommandNone: "none", Put: "put", Get: "get", Del: "del", TxnDo: "txn",
	Kill: "kill", Restart: "restart", Suspend: "suspend", Resume: "resume", Drift: "drift", Wipe: "wipe", Disk: "disk", Corrupt: "corrupt",
	StepDown: "step-down", Elect: "election", Transfer: "transfer",
	Cut: "cut", Mend: "mend", SetLink: "link", Partition: "partition", Heal: "heal", Hold: "hold", Release: "release",
	Deliver: "deliver", Drop: "drop", Duplicate: "duplicate", Reorder: "reorder",
	Rate: "rate", Freeze: "freeze", Thaw: "thaw", Step: "step",
	MemberAdd: "member-add", MemberPromote: "member-promote", MemberDemote: "member-demote", MemberRemove: "member-remove",
	PreVote: "prevote", Snapshot: "snapshot",
	LeaseGrant: "lease-grant", LeaseRevoke: "lease-revoke", LeaseKeepAlive: "lease-keep-alive", Compact: "compaction",
	Watch: "watch", Alarm: "alarm", Defragment: "defrag", Auth: "auth",
	Chaos: "chaos", Undo: "undo", Preset: "preset"}

func (k CommandKind) String() string                { return name(commandNames[:], int(k)) }
func (k CommandKind) MarshalText() ([]byte, error)  { return []byte(k.String()), nil }
func (k *CommandKind) UnmarshalText(b []byte) error { return parse(k, commandNames[:], b, "command") }

// Store says whether the command is a request to the store.
func (k CommandKind) Store() bool { return k >= Put && k <= TxnDo }

// Foreign says whether such commands are only told: they come through etcd's API.
func (k CommandKind) Foreign() bool { return k >= LeaseGrant && k <= Auth }

// Client says whether the command is one of a store's client; the others are the room's operators'.
func (k CommandKind) Client() bool { return k.Store() || k.Foreign() }

// Txn is etcd's transaction: if all comparisons hold Success is done, otherwise Failure.
type Txn struct {
	Compare []Compare `json:"compare,omitempty"`
	Success []Request `json:"success,omitempty"`
	Failure []Request `json:"failure,omitempty"`
}

// Compare is one comparison of a transaction.
type Compare struct {
	Key    string `json:"key"`
	Target string `json:"target"` // value, version, create, mod, lease
	Result string `json:"result"` // =, !=, <, >
	Value  string `json:"value"`  // a decimal number unless Target is value
}

// Request is one operation inside a transaction.
type Request struct {
	Kind   CommandKind `json:"kind"` // Put, Get or Del
	Key    string      `json:"key"`
	Value  string      `json:"value,omitempty"`
	End    string      `json:"range_end,omitempty"`
	Prefix bool        `json:"prefix,omitempty"`
}

// Result is how a command ended.
type Result struct {
	ID      uint64      `json:"id,omitempty"` // Command.ID
	Op      uint64      `json:"op"`           // the room's own id, as in events
	Kind    CommandKind `json:"kind"`
	Outcome Outcome     `json:"outcome"`
	Node    NodeID      `json:"node,omitzero"`   // the node that was asked; a new machine's name
	Leader  NodeID      `json:"leader,omitzero"` // the leader that proposed it or confirmed the read
	Error   string      `json:"error,omitempty"` // why it is not ok: a sentence

	Revision int64    `json:"revision,omitempty"`
	Index    uint64   `json:"index,omitempty"` // of the log entry
	Term     uint64   `json:"term,omitempty"`
	Acks     []NodeID `json:"acks,omitempty"` // who had the entry when it was answered, leader included

	KVs       []KeyValue `json:"kvs,omitempty"`
	Count     int64      `json:"count,omitempty"`
	More      bool       `json:"more,omitempty"`
	Deleted   int64      `json:"deleted,omitempty"`
	Succeeded bool       `json:"succeeded,omitempty"` // txn: the comparisons held
	Responses []Response `json:"responses,omitempty"` // txn
	Behind    int64      `json:"behind,omitempty"`    // serializable get: revisions it was behind the room's newest, as the room knows

	Virtual Micros `json:"virtual_us"`
	Wall    Micros `json:"wall_us"`
	Seq     uint64 `json:"seq,omitempty"` // of the Answered event

	Vague bool `json:"-"` // inside a room: what the client saw is not all here
}

// Response is the answer to one Request of a transaction.
type Response struct {
	Kind    CommandKind `json:"kind"`
	KVs     []KeyValue  `json:"kvs,omitempty"`
	Count   int64       `json:"count,omitempty"`
	Deleted int64       `json:"deleted,omitempty"`
}

// KeyValue is mvccpb.KeyValue.
type KeyValue struct {
	Key     string `json:"key"`
	Value   string `json:"value"`
	Create  int64  `json:"create_revision"`
	Mod     int64  `json:"mod_revision"`
	Version int64  `json:"version"`
	Lease   int64  `json:"lease,omitempty"`
}
