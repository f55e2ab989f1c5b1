package ui

import "github.com/quorumlab/quorumlab/cluster/event"

// verb is one command of the console. Its own words follow its name: slots in order, flags anywhere.
type verb struct {
	name    string
	also    string // a second name
	group   string // of the help
	kind    event.CommandKind
	local   bool // answered by the page from what it knows
	slots   []slot
	flags   []option
	free    bool                 // it reads its words itself; see said.read
	usage   string               // of the words that are no slots
	check   func(*said) *Mistake // what slots and flags cannot see one by one
	about   string
	example string
}

// slot is a word that a verb or a flag takes.
type slot struct {
	name     string
	optional bool
	offer    offer
	set      func(*event.Command, word) *Mistake
}

// option is --name, with a value unless it has no slot.
type option struct {
	name  string
	value *slot
	on    func(*event.Command)
	about string
}

// Groups of the help, in its order.
const (
	groupStore   = "Store"
	groupMachine = "Machines"
	groupNetwork = "Network"
	groupTime    = "Time"
	groupMember  = "Members"
	groupConsole = "Console"
)

var groups = [...]string{groupStore, groupMachine, groupNetwork, groupTime, groupMember, groupConsole}

// The slots that several verbs share.
var (
	slotKey     = slot{name: "KEY", offer: offerKeys, set: setKey}
	slotEnd     = slot{name: "RANGE_END", optional: true, offer: offerKeys, set: setEnd}
	slotNode    = slot{name: "NODE", offer: offerNodes, set: setNode}
	slotAnyNode = slot{name: "NODE", optional: true, offer: offerNodes, set: setNode}
	slotPeer    = slot{name: "NODE", offer: offerNodes, set: setPeer}
	slotAnyPeer = slot{name: "NODE", optional: true, offer: offerNodes, set: setPeer}
	slotMessage = slot{name: "MESSAGE", offer: offerMessages, set: setMessage}

	flagFrom    = option{name: "from", value: &slotNode, about: "ask this node; without it any, the leader first"}
	flagTimeout = option{name: "timeout", value: &slot{name: "TIME", set: setTimeout},
		about: "stop waiting after this much of the room's time; without it 5s"}
	flagPrefix  = option{name: "prefix", on: func(c *event.Command) { c.Prefix = true }, about: "all keys that begin with KEY"}
	flagFromKey = option{name: "from-key", on: fromKey, about: "all keys from KEY on"}
	flagOneWay  = option{name: "one-way", on: func(c *event.Command) { c.OneWay = true },
		about: "only from the first node to the second, not back"}
)

var verbs = []verb{
	{name: "put", group: groupStore, kind: event.Put,
		slots: []slot{slotKey, {name: "VALUE", set: setValue}}, flags: []option{flagFrom, flagTimeout}, check: keyNamed,
		about: "stores a value", example: "put pizza 4 --from n3"},
	{name: "get", group: groupStore, kind: event.Get,
		slots: []slot{slotKey, slotEnd}, check: oneRange,
		flags: []option{flagPrefix, flagFromKey,
			{name: "rev", value: &slot{name: "REVISION", set: setRev}, about: "as the store was at this revision"},
			{name: "limit", value: &slot{name: "COUNT", set: setLimit}, about: "at most so many keys"},
			{name: "serializable", on: func(c *event.Command) { c.Serializable = true },
				about: "the node's own state, which may be behind; the same as --consistency s"},
			{name: "consistency", value: &slot{name: "l|s", offer: offerConsistency, set: setConsistency},
				about: "l: linearizable, never stale (the usual); s: serializable"},
			flagFrom, flagTimeout},
		about: "reads keys; linearizable unless told otherwise", example: "get pizza --from n4 --serializable"},
	{name: "del", group: groupStore, kind: event.Del,
		slots: []slot{slotKey, slotEnd}, flags: []option{flagPrefix, flagFromKey, flagFrom, flagTimeout}, check: oneRange,
		about: "deletes keys", example: "del svc/ --prefix"},
	{name: "txn", group: groupStore, kind: event.TxnDo, flags: []option{flagFrom, flagTimeout},
		free: true, usage: "[COMPARE …] -- [REQUEST ; …] [-- [REQUEST ; …]]",
		about:   "does the first requests if every comparison holds, otherwise the second. A comparison is value(KEY), version(KEY), create(KEY), mod(KEY) or lease(KEY), then = != < or >, then what to compare with; a request is a put, get or del",
		example: `txn 'value("x") = "1"' -- put x 2 ; put y 1 -- get x`},

	{name: "kill", group: groupMachine, kind: event.Kill, slots: []slot{slotNode},
		flags: []option{
			{name: "before-fsync", on: func(c *event.Command) { c.At = event.BeforeFsync },
				about: "at its next write to the log, before it is on disk"},
			{name: "after-fsync", on: func(c *event.Command) { c.At = event.AfterFsync },
				about: "right after its next write to the log is on disk"}},
		about: "stops the process as kill -9 would", example: "kill n2 --before-fsync"},
	{name: "restart", group: groupMachine, kind: event.Restart, slots: []slot{slotNode},
		about: "starts it with what is on its disk", example: "restart n2"},
	{name: "suspend", group: groupMachine, kind: event.Suspend, slots: []slot{slotNode},
		about: "the machine stands still, its clock too", example: "suspend n2"},
	{name: "resume", group: groupMachine, kind: event.Resume, slots: []slot{slotNode},
		about: "the machine goes on as if nothing had been", example: "resume n2"},
	{name: "wipe", group: groupMachine, kind: event.Wipe, slots: []slot{slotNode},
		about: "empties its disk; stops it if it runs", example: "wipe n2"},
	{name: "drift", group: groupMachine, kind: event.Drift,
		slots: []slot{slotNode, {name: "FACTOR", set: setDrift}},
		about: "makes its clock run at FACTOR times the true speed", example: "drift n2 1.5"},
	{name: "disk", group: groupMachine, kind: event.Disk, slots: []slot{slotNode, {name: "TIME", set: setDisk}},
		about: "makes every fsync take this much longer; 0s mends it", example: "disk n2 300ms"},
	{name: "corrupt", group: groupMachine, kind: event.Corrupt,
		slots: []slot{slotNode, {name: "log|stable|store", optional: true, offer: offerFiles, set: setFile}},
		flags: []option{{name: "offset", value: &slot{name: "BYTE", set: setOffset}, about: "flip the lowest bit of this byte"}},
		about: "flips a bit in a file of a stopped node", example: "corrupt n2 log"},
	{name: "elect", also: "election", group: groupMachine, kind: event.Elect, slots: []slot{slotNode},
		about: "makes it stand for election at once", example: "elect n3"},
	{name: "transfer", also: "move-leader", group: groupMachine, kind: event.Transfer, slots: []slot{slotNode},
		about: "asks the leader to hand over to this node", example: "transfer n3"},
	{name: "step-down", group: groupMachine, kind: event.StepDown, slots: []slot{slotAnyNode},
		about: "asks the leader to hand over to whoever is best", example: "step-down"},
	{name: "snapshot", group: groupMachine, kind: event.Snapshot, slots: []slot{slotNode},
		about: "takes a snapshot and drops the log before it", example: "snapshot n2"},

	{name: "cut", group: groupNetwork, kind: event.Cut, slots: []slot{slotNode, slotPeer}, flags: []option{flagOneWay}, check: twoNodes,
		about: "nothing passes between the two", example: "cut n1 n2 --one-way"},
	{name: "mend", group: groupNetwork, kind: event.Mend, slots: []slot{slotNode, slotPeer}, flags: []option{flagOneWay}, check: twoNodes,
		about: "the link is as new", example: "mend n1 n2"},
	{name: "link", group: groupNetwork, kind: event.SetLink, slots: []slot{slotNode, slotPeer}, check: twoNodes,
		flags: []option{
			{name: "delay", value: &slot{name: "TIME", set: setDelay}, about: "one way; without it the room's own"},
			{name: "jitter", value: &slot{name: "TIME", set: setJitter}, about: "added at random, up to this"},
			{name: "loss", value: &slot{name: "SHARE", set: setLoss}, about: "of messages that vanish: 0.1 or 10%"},
			{name: "duplicate", value: &slot{name: "SHARE", set: setDuplicate}, about: "of messages that arrive twice"},
			{name: "slow", value: &slot{name: "FACTOR", set: setSlow}, about: "multiplies the delay"},
			flagOneWay},
		about: "sets how a link behaves; what is not named is as new", example: "link n1 n2 --delay 50ms --loss 10%"},
	{name: "partition", group: groupNetwork, kind: event.Partition, free: true, usage: "NODE … | NODE …",
		about: "only nodes of one group hear each other; a node in no group is alone", example: "partition n1 n2 | n3 n4 n5"},
	{name: "heal", group: groupNetwork, kind: event.Heal, about: "all links are as new", example: "heal"},
	{name: "hold", group: groupNetwork, kind: event.Hold, slots: []slot{slotAnyNode, slotAnyPeer}, flags: []option{flagOneWay}, check: bothOrNone,
		about: "messages wait at the gates of this link, or of all", example: "hold n1 n2"},
	{name: "release", group: groupNetwork, kind: event.Release, slots: []slot{slotAnyNode, slotAnyPeer}, flags: []option{flagOneWay}, check: bothOrNone,
		about: "opens the gates; what waited goes on", example: "release"},
	{name: "deliver", group: groupNetwork, kind: event.Deliver, slots: []slot{slotMessage},
		about: "a held message goes on at once", example: "deliver 117"},
	{name: "drop", group: groupNetwork, kind: event.Drop, slots: []slot{slotMessage},
		about: "a held message is lost", example: "drop 117"},
	{name: "duplicate", group: groupNetwork, kind: event.Duplicate, slots: []slot{slotMessage},
		about: "a copy waits behind it", example: "duplicate 117"},
	{name: "reorder", group: groupNetwork, kind: event.Reorder,
		slots: []slot{slotMessage, {name: "MESSAGE", optional: true, offer: offerMessages, set: setWith}},
		about: "two held messages change places; with one, it goes behind all others", example: "reorder 117 118"},

	{name: "rate", group: groupTime, kind: event.Rate, slots: []slot{{name: "FACTOR|real|workshop|slow", offer: offerRates, set: setRate}},
		about: "the room's seconds in one of ours, 0.01 to 20; real is 1, workshop 0.25, slow 0.025", example: "rate workshop"},
	{name: "freeze", group: groupTime, kind: event.Freeze, about: "time stands still: nothing arrives, no timer fires", example: "freeze"},
	{name: "thaw", group: groupTime, kind: event.Thaw, about: "time goes on", example: "thaw"},
	{name: "step", group: groupTime, kind: event.Step, about: "on to the next message or timer, then frozen again", example: "step"},

	{name: "member add", group: groupMember, kind: event.MemberAdd, slots: []slot{slotAnyNode},
		about: "a new machine, or the one named, joins as a learner", example: "member add"},
	{name: "member promote", group: groupMember, kind: event.MemberPromote, slots: []slot{slotNode},
		about: "the learner becomes a voter", example: "member promote n6"},
	{name: "member demote", group: groupMember, kind: event.MemberDemote, slots: []slot{slotNode},
		about: "the voter becomes a learner", example: "member demote n2"},
	{name: "member remove", group: groupMember, kind: event.MemberRemove, slots: []slot{slotNode},
		about: "it leaves the cluster", example: "member remove n2"},
	{name: "pre-vote", also: "prevote", group: groupMember, kind: event.PreVote,
		slots: []slot{{name: "on|off", offer: offerSwitch, set: setSwitch}},
		about: "whether candidates ask first if they could win", example: "pre-vote off"},

	{name: "history", group: groupConsole, local: true, about: "the lines typed so far", example: "history"},
	{name: "clear", group: groupConsole, local: true, about: "empties this panel", example: "clear"},
	{name: "help", group: groupConsole, local: true,
		free: true, usage: "[COMMAND]", about: "explains one command, or lists them all", example: "help txn"},
}

// find is the verb that the words begin with, and how many of them are its name.
func find(words []word) (*verb, int) {
	for n := min(2, len(words)); n > 0; n-- {
		name := words[0].text
		if n == 2 {
			name += " " + words[1].text
		}
		for i := range verbs {
			if v := &verbs[i]; v.name == name || v.also == name {
				return v, n
			}
		}
	}
	return nil, 0
}

// wording is how the verb is typed.
func (v *verb) wording() string {
	text := v.name
	for _, s := range v.slots {
		text += " " + s.wording()
	}
	if v.usage != "" {
		text += " " + v.usage
	}
	for _, f := range v.flags {
		text += " [" + f.wording() + "]"
	}
	return text
}

func (s slot) wording() string {
	if s.optional {
		return "[" + s.name + "]"
	}
	return s.name
}

func (f option) wording() string {
	if f.value != nil {
		return "--" + f.name + " " + f.value.name
	}
	return "--" + f.name
}

// flag is the verb's flag of this name.
func (v *verb) flag(name string) *option {
	for i := range v.flags {
		if v.flags[i].name == name {
			return &v.flags[i]
		}
	}
	return nil
}
