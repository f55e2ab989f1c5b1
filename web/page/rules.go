package page

import "github.com/quorumlab/quorumlab/cluster/words"

// rule is one part of Raft on the rules card.
type rule struct {
	title string
	where string // sections of the Raft paper's extended version; D: of Ongaro's dissertation
	says  []string
}

// raftRules are the whole of Raft, as this cluster does it.
var raftRules = []rule{
	{words.Of("Terms"), "§5.1", []string{
		words.Of("Time is cut into terms, numbered upwards. A term has at most one leader; some have none."),
		words.Of("Every message carries its sender's term. Who sees a higher one takes it over and follows; what comes from a lower one is refused."),
	}},
	{words.Of("Elections"), "§5.2", []string{
		words.Of("A follower that hears from no leader until its timeout runs out becomes a candidate: one term up, a vote for itself, and it asks all the others."),
		words.Of("The votes of a majority make it leader. Its heartbeats keep the others from standing."),
		words.Of("Timeouts are random, so that mostly one stands alone. After a split vote the next term tries again."),
		words.Of("Pre-vote: a candidate asks first whether it could win, and leaves its term alone if not (D §9.6)."),
	}},
	{words.Of("Votes"), "§5.2, §5.4.1", []string{
		words.Of("One vote a term, first come, first served; it is on disk before it is given."),
		words.Of("Only for a candidate whose log is at least as new: the later term in the last entry wins, and with equal terms the longer log."),
	}},
	{words.Of("Replication"), "§5.3", []string{
		words.Of("Only the leader takes commands. It appends each to its log and sends it on at once; entries flow from the leader and from nobody else."),
		words.Of("With new entries goes the index and term of the one before. A follower that does not have that one refuses. So logs that agree in one entry agree in all before it."),
	}},
	{words.Of("Commit"), "§5.3, §5.4.2", []string{
		words.Of("An entry of the leader's own term is committed when a majority of the voters has it on disk, the leader counted."),
		words.Of("An entry of an earlier term never is by counting; only by one of the present term behind it (Figure 8). So a new leader begins with an empty entry."),
		words.Of("What is committed is in the log of every later leader. Each node applies it, in order."),
	}},
	{words.Of("Repair"), "§5.3", []string{
		words.Of("When a follower refuses, the leader goes back until both logs agree. From there the follower drops what it has and takes the leader's."),
		words.Of("A leader never rewrites its own log."),
	}},
	{words.Of("Snapshots"), "§7", []string{
		words.Of("A node puts what it has applied into a snapshot and drops the log before it. A follower that needs what is gone gets the snapshot."),
	}},
	{words.Of("Members"), "§6, D §4", []string{
		words.Of("The configuration is an entry of the log, and counts from when it is written. It changes by one voter at a time: old and new majorities overlap."),
		words.Of("A new machine is a learner, without a vote, until it has caught up. A dead member is removed before its replacement is added."),
	}},
	{words.Of("Reads"), "§8, D §6.4", []string{
		words.Of("Linearizable: the leader makes sure of its majority with heartbeats sent after the read came, then answers. Never stale."),
		words.Of("Serializable: a node answers from its own state, which may be behind."),
	}},
	{words.Of("Clients"), "§8", []string{
		words.Of("ok: committed and applied. failed: it has not happened and will not. unknown: no answer came – it may have happened, or still happen."),
		words.Of("To try again safely takes a comparison or a mark that tells a second try from a second wish."),
	}},
}

// signs explain a part of the picture.
type signs struct {
	title string
	rows  [][2]string
}

var pictureSigns = []signs{
	{words.Of("Machines"), [][2]string{
		{words.Of("Ring"), words.Of("amber leads, blue follows, violet stands for election, grey is down")},
		{words.Of("Crown"), words.Of("the leader; dashed and pale: replaced, but it does not know yet")},
		{words.Of("Arc"), words.Of("the election timer running out; in its pale part the node may stand at any moment")},
		{words.Of("Pips"), words.Of("a candidate's votes: ✓ has it, ○ waits, ✗ refused")},
		{words.Of("Outline"), words.Of("who can talk with whom: green has a majority, red cannot commit")},
	}},
	{words.Of("Messages"), [][2]string{
		{words.Of("Block"), words.Of("log entries, in the colour of their term")},
		{words.Of("Dot"), words.Of("a heartbeat")},
		{words.Of("Slip"), words.Of("a vote: asked for, or given")},
		{words.Of("Circle ✓ ✗"), words.Of("an answer")},
		{words.Of("Cylinder"), words.Of("a snapshot")},
		{words.Of("Falls off"), words.Of("lost where it falls")},
	}},
	{words.Of("Log"), [][2]string{
		{words.Of("Colour"), words.Of("the term of the entry")},
		{words.Of("Solid"), words.Of("committed, as that node knows")},
		{words.Of("Hatched"), words.Of("not committed")},
		{words.Of("Struck"), words.Of("contradicts the newest leader's log, which will overwrite it")},
		{words.Of("Dot, arrow"), words.Of("match and next index, as the leader believes")},
	}},
}

var keySigns = [][2]string{
	{words.Of("1–9"), words.Of("select a machine")}, {words.Of("K"), words.Of("kill it")}, {words.Of("P"), words.Of("suspend it")}, {words.Of("R"), words.Of("restart or resume it")},
	{words.Of("X"), words.Of("scissors; or hold Shift and draw across links")}, {words.Of("H"), words.Of("heal all links")}, {words.Of("U"), words.Of("take the last fault back; also Ctrl-Z")}, {words.Of("Space"), words.Of("freeze or thaw time")},
	{words.Of("W"), words.Of("why? of what you point at or have selected, else of the room")},
	{words.Of("→"), words.Of("one step")}, {words.Of("←"), words.Of("look back: one event")}, {words.Of(", ."), words.Of("look at the fault before, at the next one; or at what is chosen in the recorder")},
	{words.Of("Home"), words.Of("look at the beginning")}, {words.Of("L"), words.Of("LIVE again")}, {words.Of("/"), words.Of("console")}, {words.Of("Ctrl-K"), words.Of("everything one can do")}, {words.Of("?"), words.Of("this card")}, {words.Of("Esc"), words.Of("back")},
}
