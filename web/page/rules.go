package page

// rule is one part of Raft on the rules card.
type rule struct {
	title string
	where string // sections of the Raft paper's extended version; D: of Ongaro's dissertation
	says  []string
}

// raftRules are the whole of Raft, as this cluster does it.
var raftRules = []rule{
	{"Terms", "§5.1", []string{
		"Time is cut into terms, numbered upwards. A term has at most one leader; some have none.",
		"Every message carries its sender's term. Who sees a higher one takes it over and follows; what comes from a lower one is refused.",
	}},
	{"Elections", "§5.2", []string{
		"A follower that hears from no leader until its timeout runs out becomes a candidate: one term up, a vote for itself, and it asks all the others.",
		"The votes of a majority make it leader. Its heartbeats keep the others from standing.",
		"Timeouts are random, so that mostly one stands alone. After a split vote the next term tries again.",
		"Pre-vote: a candidate asks first whether it could win, and leaves its term alone if not (D §9.6).",
	}},
	{"Votes", "§5.2, §5.4.1", []string{
		"One vote a term, first come, first served; it is on disk before it is given.",
		"Only for a candidate whose log is at least as new: the later term in the last entry wins, and with equal terms the longer log.",
	}},
	{"Replication", "§5.3", []string{
		"Only the leader takes commands. It appends each to its log and sends it on at once; entries flow from the leader and from nobody else.",
		"With new entries goes the index and term of the one before. A follower that does not have that one refuses. So logs that agree in one entry agree in all before it.",
	}},
	{"Commit", "§5.3, §5.4.2", []string{
		"An entry of the leader's own term is committed when a majority of the voters has it on disk, the leader counted.",
		"An entry of an earlier term never is by counting; only by one of the present term behind it (Figure 8). So a new leader begins with an empty entry.",
		"What is committed is in the log of every later leader. Each node applies it, in order.",
	}},
	{"Repair", "§5.3", []string{
		"When a follower refuses, the leader goes back until both logs agree. From there the follower drops what it has and takes the leader's.",
		"A leader never rewrites its own log.",
	}},
	{"Snapshots", "§7", []string{
		"A node puts what it has applied into a snapshot and drops the log before it. A follower that needs what is gone gets the snapshot.",
	}},
	{"Members", "§6, D §4", []string{
		"The configuration is an entry of the log, and counts from when it is written. It changes by one voter at a time: old and new majorities overlap.",
		"A new machine is a learner, without a vote, until it has caught up. A dead member is removed before its replacement is added.",
	}},
	{"Reads", "§8, D §6.4", []string{
		"Linearizable: the leader makes sure of its majority with heartbeats sent after the read came, then answers. Never stale.",
		"Serializable: a node answers from its own state, which may be behind.",
	}},
	{"Clients", "§8", []string{
		"ok: committed and applied. failed: it has not happened and will not. unknown: no answer came – it may have happened, or still happen.",
		"To try again safely takes a comparison or a mark that tells a second try from a second wish.",
	}},
}

// signs explain a part of the picture.
type signs struct {
	title string
	rows  [][2]string
}

var pictureSigns = []signs{
	{"Machines", [][2]string{
		{"Ring", "amber leads, blue follows, violet stands for election, grey is down"},
		{"Crown", "the leader; dashed and pale: replaced, but it does not know yet"},
		{"Arc", "the election timer running out; in its pale part the node may stand at any moment"},
		{"Pips", "a candidate's votes: ✓ has it, ○ waits, ✗ refused"},
		{"Outline", "who can talk with whom: green has a majority, red cannot commit"},
	}},
	{"Messages", [][2]string{
		{"Block", "log entries, in the colour of their term"},
		{"Dot", "a heartbeat"},
		{"Slip", "a vote: asked for, or given"},
		{"Circle ✓ ✗", "an answer"},
		{"Cylinder", "a snapshot"},
		{"Falls off", "lost where it falls"},
	}},
	{"Log", [][2]string{
		{"Colour", "the term of the entry"},
		{"Solid", "committed, as that node knows"},
		{"Hatched", "not committed"},
		{"Struck", "will be overwritten"},
		{"Dot, arrow", "match and next index, as the leader believes"},
	}},
}

var keySigns = [][2]string{
	{"1–9", "select a machine"}, {"K", "kill it"}, {"P", "suspend it"}, {"R", "restart or resume it"},
	{"X", "scissors; or hold Shift and draw across links"}, {"H", "heal all links"}, {"Space", "freeze or thaw time"},
	{"→", "one step"}, {"/", "console"}, {"?", "this card"}, {"Esc", "back"},
}
