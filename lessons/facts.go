package lessons

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Facts are what a check is judged by and what an insert in prose may tell: see Vocabulary for their names in CEL.
type Facts struct {
	Now    *view.State
	Since  *view.State     // as the step began
	Start  *view.State     // as the lesson began, prepared
	Own    map[uint64]bool // ids of commands that the lesson gave itself: they are no doing of the learner
	Events []event.Event   // since the step began, of the kinds that the step's checks name; at most MaxEvents, the oldest go first
}

// MaxEvents bounds Facts.Events.
const MaxEvents = 512

// The vocabulary of checks. These are the variables (their types are in vocabulary.go):
//
//	node: the machines by name, node.n3.role == "leader"; a node that is not there makes a check false
//	nodes: the machines by number
//	leader: the running leader of the newest term in which somebody was elected; its id is "" when there is none
//	leaders: every running node that believes it leads, suspended ones too
//	groups: who can talk with whom, of those that run
//	links: both directions of every pair
//	messages: in flight or held
//	members: the newest committed configuration
//	ops: commands of people since the step began
//	history: commands of people since the lesson began, as many as are kept
//	events: facts since the step began, of the kinds that the check names in words ("truncated")
//	commit: the newest entry that any node knows to be committed
//	revision: the newest of any node's store
//	term: the newest of any node
//	voters: how many there are in the newest committed configuration
//	quorum: how many of them are a majority
//	now: virtual milliseconds since the room began
//	rate: virtual seconds in one of ours; 0.0 is frozen
//	lit: all safety lamps are lit
//	since: as the step began
//	start: as the lesson began, prepared
//
// Node ids are "n3", roles, kinds, outcomes and reasons are the words of package event ("leader", "put", "unknown",
// "log-term-behind"). Times are virtual milliseconds since the room began.
type (
	// Node is a machine.
	Node struct {
		ID        string     `cel:"id"`
		Role      string     `cel:"role"`      // none while it is down
		Term      int64      `cel:"term"`      // that it knows
		Vote      string     `cel:"vote"`      // whom it voted for in vote_term
		VoteTerm  int64      `cel:"vote_term"` // 0: it never voted
		Leader    string     `cel:"leader"`    // whom it believes to lead
		Up        bool       `cel:"up"`        // its process is there
		Suspended bool       `cel:"suspended"` // it stands still, its clock too
		Runs      bool       `cel:"runs"`      // up and not suspended
		Stale     bool       `cel:"stale"`     // believes it leads, but another was elected in a later term
		First     int64      `cel:"first"`     // first log entry on its disk, 0: none
		Last      int64      `cel:"last"`      // last one, or the last in its snapshot
		Commit    int64      `cel:"commit"`    // last entry that it knows to be committed
		Applied   int64      `cel:"applied"`   // last entry that is in its store
		Revision  int64      `cel:"revision"`  // of its store
		Snapshot  int64      `cel:"snapshot"`  // last entry of its snapshot, 0: none
		Suffrage  string     `cel:"suffrage"`  // in the newest committed configuration
		Refused   string     `cel:"refused"`   // why it does not start, or ""
		FsyncMs   int64      `cel:"fsync_ms"`  // added to every fsync
		Drift     float64    `cel:"drift"`     // its clock's speed, 1.0 is true
		Log       []Entry    `cel:"log"`       // the newest 256 entries on its disk, oldest first
		Peers     []Progress `cel:"peers"`     // what it believes of the others while it leads
		Granted   int64      `cel:"granted"`   // votes it has as a candidate or had when it became leader, its own too
	}
	// Entry of a log.
	Entry struct {
		Index     int64  `cel:"index"`
		Term      int64  `cel:"term"` // of the leader that made it
		Type      string `cel:"type"`
		Label     string `cel:"label"`     // "x=1"
		Op        int64  `cel:"op"`        // id of the command that it came from
		Committed bool   `cel:"committed"` // as its node knows
		Doomed    bool   `cel:"doomed"`    // the newest leader has something else at this place: it will be overwritten
	}
	// Progress is what a leader believes of a follower.
	Progress struct {
		ID    string `cel:"id"`
		Match int64  `cel:"match"` // last entry that is known to be on its disk
		Next  int64  `cel:"next"`  // entry that it is sent next
	}
	// Group of nodes that can talk, in both directions, perhaps by way of others.
	Group struct {
		Nodes  []string `cel:"nodes"`
		Voters int64    `cel:"voters"` // among them
		Quorum bool     `cel:"quorum"` // somebody leads them and can commit, or could be elected by a majority of the voters: they are so many, and its log is as new as theirs
	}
	// Wire is one direction of a link.
	Wire struct {
		From    string  `cel:"from"`
		To      string  `cel:"to"`
		Cut     bool    `cel:"cut"`      // nothing passes
		Hold    bool    `cel:"hold"`     // messages wait at its gate
		Loss    float64 `cel:"loss"`     // share of messages that vanish, 0.0 to 1.0
		DelayMs int64   `cel:"delay_ms"` // one way
	}
	// Message under way or at a gate.
	Message struct {
		ID    int64  `cel:"id"` // deliver 117
		From  string `cel:"from"`
		To    string `cel:"to"`
		Type  string `cel:"type"`
		Reply bool   `cel:"reply"` // it answers one of this type
		OK    bool   `cel:"ok"`    // of a reply: granted, taken
		Term  int64  `cel:"term"`  // of the sender
		Index int64  `cel:"index"` // of a request: the entry before those it carries, or the candidate's last; of a reply: the last one there
		N     int64  `cel:"n"`     // entries that it carries, or bytes of a snapshot
		Text  string `cel:"text"`  // label of the first entry
		Held  bool   `cel:"held"`  // it waits at a gate
	}
	// Member of the configuration.
	Member struct {
		ID       string `cel:"id"`
		Suffrage string `cel:"suffrage"`
	}
	// Op is a command and how it ended.
	Op struct {
		ID       int64    `cel:"id"` // later ones have greater ids
		Kind     string   `cel:"kind"`
		Node     string   `cel:"node"`   // whom it concerns; for put and get the node that was asked
		Leader   string   `cel:"leader"` // that did it
		Key      string   `cel:"key"`
		Text     string   `cel:"text"`    // "put x 1"
		Outcome  string   `cel:"outcome"` // pending, ok, failed (it did not and will not happen), unknown (it may have, or may yet)
		Rev      int64    `cel:"rev"`     // of the store after it, or that was read
		Index    int64    `cel:"index"`   // of its log entry
		Acks     []string `cel:"acks"`    // who had the entry when it was answered, the leader too
		Error    string   `cel:"error"`   // why it is not ok
		AskedMs  int64    `cel:"asked_ms"`
		TookMs   int64    `cel:"took_ms"`      // 0 while pending
		ReadOnly bool     `cel:"serializable"` // it is a serializable get
	}
	// Event is a fact; the table of events tells what each kind sets.
	Event struct {
		Kind    string   `cel:"kind"`
		Node    string   `cel:"node"` // whom it happened to; a message's sender
		Peer    string   `cel:"peer"` // the other one; a message's addressee
		Role    string   `cel:"role"`
		Type    string   `cel:"type"` // of the message, or of the entry
		Term    int64    `cel:"term"`
		Index   int64    `cel:"index"`
		LogTerm int64    `cel:"log_term"` // of the entry at index
		OK      bool     `cel:"ok"`
		Reply   bool     `cel:"reply"`
		Reason  string   `cel:"reason"`
		Command string   `cel:"command"`
		Outcome string   `cel:"outcome"`
		Op      int64    `cel:"op"` // id of the command that this is part of
		Rev     int64    `cel:"rev"`
		N       int64    `cel:"n"`
		Key     string   `cel:"key"`
		Text    string   `cel:"text"`
		Nodes   []string `cel:"nodes"`
		AtMs    int64    `cel:"at_ms"`
	}
	// Moment is the room as it was.
	Moment struct {
		Node     map[string]Node `cel:"node"`
		Nodes    []Node          `cel:"nodes"`
		Leader   Node            `cel:"leader"`
		Leaders  []Node          `cel:"leaders"`
		Members  []Member        `cel:"members"`
		Commit   int64           `cel:"commit"`
		Revision int64           `cel:"revision"`
		Term     int64           `cel:"term"`
		Now      int64           `cel:"now"`
		Rate     float64         `cel:"rate"`
	}
)

// LogMost bounds Node.Log.
const LogMost = 256
