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

// The vocabulary of checks. These are the variables:
//
//	node     map(string, Node)   node.n3.role == "leader"; a node that is not there makes a check false
//	nodes    list(Node)          by number
//	leader   Node                the running leader of the newest term; its id is "" when there is none
//	leaders  list(Node)          every running node that believes it leads, suspended ones too
//	groups   list(Group)         who can talk with whom
//	links    list(Link)          both directions of every pair
//	messages list(Message)       in flight or held
//	members  list(Member)        the newest committed configuration
//	ops      list(Op)            commands of people since the step began
//	history  list(Op)            commands of people since the lesson began, as many as are kept
//	events   list(Event)         facts since the step began, of the kinds that the check names in words ("truncated")
//	commit, revision, term, voters, quorum, now (ms, virtual)  int
//	rate     double              0 is frozen
//	lit      bool                all safety lamps are lit
//	since    Moment              as the step began
//	start    Moment              as the lesson began
//
// Node ids are "n3", roles, kinds, outcomes and reasons are the words of package event ("leader", "put", "unknown",
// "log-term-behind"). Times are virtual milliseconds since the room began.
type (
	// Node is a machine.
	Node struct {
		ID        string     `cel:"id"`
		Role      string     `cel:"role"` // none while it is down
		Term      int64      `cel:"term"`
		Vote      string     `cel:"vote"` // in its VoteTerm
		VoteTerm  int64      `cel:"vote_term"`
		Leader    string     `cel:"leader"` // whom it believes to lead
		Up        bool       `cel:"up"`
		Suspended bool       `cel:"suspended"`
		Runs      bool       `cel:"runs"`  // up and not suspended
		Stale     bool       `cel:"stale"` // believes it leads, but another leads in a later term
		First     int64      `cel:"first"` // first and last log entry
		Last      int64      `cel:"last"`
		Commit    int64      `cel:"commit"`
		Applied   int64      `cel:"applied"`
		Revision  int64      `cel:"revision"`
		Snapshot  int64      `cel:"snapshot"` // last entry of its snapshot, 0: none
		Suffrage  string     `cel:"suffrage"` // voter, learner, none
		Refused   string     `cel:"refused"`  // why it does not start, or ""
		FsyncMs   int64      `cel:"fsync_ms"`
		Drift     float64    `cel:"drift"`
		Log       []Entry    `cel:"log"` // the newest LogMost entries on its disk
		Peers     []Progress `cel:"peers"`
		Granted   int64      `cel:"granted"` // votes a candidate has, its own too
	}
	// Entry of a log.
	Entry struct {
		Index     int64  `cel:"index"`
		Term      int64  `cel:"term"`
		Type      string `cel:"type"`
		Label     string `cel:"label"` // "x=1"
		Op        int64  `cel:"op"`
		Committed bool   `cel:"committed"` // as its node knows
		Doomed    bool   `cel:"doomed"`    // will be overwritten
	}
	// Progress is what a leader believes of a follower.
	Progress struct {
		ID    string `cel:"id"`
		Match int64  `cel:"match"`
		Next  int64  `cel:"next"`
	}
	// Group of nodes that can talk.
	Group struct {
		Nodes  []string `cel:"nodes"`
		Voters int64    `cel:"voters"`
		Quorum bool     `cel:"quorum"`
	}
	// Wire is one direction of a link.
	Wire struct {
		From    string  `cel:"from"`
		To      string  `cel:"to"`
		Cut     bool    `cel:"cut"`
		Hold    bool    `cel:"hold"`
		Loss    float64 `cel:"loss"`
		DelayMs int64   `cel:"delay_ms"`
	}
	// Message under way or at a gate.
	Message struct {
		ID    int64  `cel:"id"`
		From  string `cel:"from"`
		To    string `cel:"to"`
		Type  string `cel:"type"`
		Reply bool   `cel:"reply"`
		OK    bool   `cel:"ok"`
		Term  int64  `cel:"term"`
		Index int64  `cel:"index"`
		N     int64  `cel:"n"` // entries
		Text  string `cel:"text"`
		Held  bool   `cel:"held"`
	}
	// Member of the configuration.
	Member struct {
		ID       string `cel:"id"`
		Suffrage string `cel:"suffrage"`
	}
	// Op is a command and how it ended.
	Op struct {
		ID       int64    `cel:"id"`
		Kind     string   `cel:"kind"` // put, get, kill, …
		Node     string   `cel:"node"`
		Leader   string   `cel:"leader"`
		Key      string   `cel:"key"`
		Text     string   `cel:"text"` // "put x 1"
		Outcome  string   `cel:"outcome"`
		Rev      int64    `cel:"rev"`
		Index    int64    `cel:"index"`
		Acks     []string `cel:"acks"`
		Error    string   `cel:"error"`
		AskedMs  int64    `cel:"asked_ms"`
		TookMs   int64    `cel:"took_ms"`      // 0 while pending
		ReadOnly bool     `cel:"serializable"` // a serializable get
	}
	// Event is a fact; see package event for what each kind sets.
	Event struct {
		Kind    string   `cel:"kind"`
		Node    string   `cel:"node"`
		Peer    string   `cel:"peer"`
		Role    string   `cel:"role"`
		Type    string   `cel:"type"`
		Term    int64    `cel:"term"`
		Index   int64    `cel:"index"`
		LogTerm int64    `cel:"log_term"`
		OK      bool     `cel:"ok"`
		Reply   bool     `cel:"reply"`
		Reason  string   `cel:"reason"`
		Command string   `cel:"command"`
		Outcome string   `cel:"outcome"`
		Op      int64    `cel:"op"`
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
