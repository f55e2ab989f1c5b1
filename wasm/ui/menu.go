package ui

import (
	"cmp"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// menuElement is the menu of what is selected.
func menuElement(m *Model) *Element {
	switch p := m.picked; {
	case !p.open:
		return nil
	case p.node != 0:
		if n := m.State.Node(p.node); n != nil {
			return m.nodeMenu(n)
		}
	case p.link != pair{}:
		return m.linkMenu(p.link)
	case p.message != 0:
		if msg := m.State.Message(p.message); msg != nil && msg.Held {
			return m.messageMenu(msg)
		}
	}
	return nil
}

func menu(class, name string) *Element {
	return classed("div", "menu "+class).keyed("menu").set("role", "dialog").set("aria-label", name)
}

func (m *Model) nodeMenu(n *view.Node) *Element {
	r := m.ringNow()
	p, _ := r.place(n.ID)
	id := n.ID.String()
	buttons, hint := choicesElement(m, "menu-first", m.nodeChoices(n), id)
	e := menu(r.beside(p, r.radius+14), id).add(m.menuHead(id, id, m.nodeWords(n)), buttons)
	e.add(classed("form", "forms").add(formRow(m.Say("Disk"), "disk", milliseconds(n.Fsync), m.Say("ms more an fsync")),
		button("btn small", "set-disk", id).set("aria-label", m.Say("Set the disk's delay")).say(m.Say("Set"))))
	e.add(classed("form", "forms").add(formRow(m.Say("Clock"), "drift", ratio(cmp.Or(n.Drift, event.One)), m.Say("× true speed")),
		button("btn small", "set-drift", id).set("aria-label", m.Say("Set the clock's speed")).say(m.Say("Set"))))
	return e.add(hint)
}

// nodeWords say what a node is, and why it is not more.
func (m *Model) nodeWords(n *view.Node) string {
	term := number(n.Term)
	switch {
	case n.Refused != "":
		return m.Say("Refuses to start: {0}", n.Refused)
	case !n.Up:
		return m.Say("Down: it does not run.")
	case n.Suspended:
		return m.Say("Stands still as {0} of term {1}. It will not notice.", m.Say(roleNames[n.Role]), term)
	case m.State.StaleLeader(n):
		return m.Say("Believes to lead term {0}, but has been replaced. It cannot commit anything.", term)
	case n.Role == event.Leader:
		return m.Say("Leads term {0}.", term)
	case n.Role == event.Candidate:
		return m.count(m.State.VotesNeeded(n), "Stands for election in term {1}: needs {0} vote.", "Stands for election in term {1}: needs {0} votes.", term)
	case n.Leader != 0:
		return m.Say("Follows {0} in term {1}.", n.Leader.String(), term)
	}
	return m.Say("Knows of no leader in term {0}.", term)
}

// roleNames are what people call the roles.
var roleNames = [...]string{event.RoleNone: words.Of("none"), event.Follower: words.Of("follower"), event.Candidate: words.Of("candidate"), event.Leader: words.Of("leader")}

// The choices of the menus. {0} is what the menu is about, or the link's first node; {1} is its second.
var (
	toRestart  = choice{"restart {0}", words.Of("Restart"), words.Of("Starts with what is on its disk. Key R."), false}
	toBreakLog = choice{"corrupt {0} log", words.Of("Corrupt its log"), words.Of("Flips one bit in its log. It should notice and refuse to start."), true}
	toBreakKV  = choice{"corrupt {0} store", words.Of("Corrupt its store"), words.Of("Flips one bit in its key-value store."), true}
	toForget   = choice{"wipe {0}", words.Of("Wipe its disk"), words.Of("It forgets log, term and vote. A voter that comes back like this can lose committed writes."), true}
	toWipe     = choice{"wipe {0}", words.Of("Wipe its disk"), words.Of("Stops it and empties its disk: log, term and vote are forgotten."), true}
	toResume   = choice{"resume {0}", words.Of("Resume"), words.Of("It goes on as if nothing had been; what waited for it arrives. Key R."), false}
	toSuspend  = choice{"suspend {0}", words.Of("Suspend"), words.Of("The machine stands still, its clock too. It will not notice. Key P."), false}
	toKill     = choice{"kill {0}", words.Of("Kill"), words.Of("Ends the process at once, as kill −9 would. Its disk stays. Key K."), true}
	toKillSoon = choice{"kill {0} --before-fsync", words.Of("Kill before fsync"), words.Of("At its next write to the log, before it is on disk: the write is lost."), true}
	toKillLate = choice{"kill {0} --after-fsync", words.Of("Kill after fsync"), words.Of("Right after its next write is on disk, before anybody hears of it."), true}
	toStepDown = choice{"step-down {0}", words.Of("Step down"), words.Of("Hands leadership to whoever is best placed."), false}
	toElect    = choice{"elect {0}", words.Of("Stand for election"), words.Of("It asks for votes at once, in a new term."), false}
	toTransfer = choice{"transfer {0}", words.Of("Make it leader"), words.Of("The leader brings it up to date and hands over."), false}
	toSnapshot = choice{"snapshot {0}", words.Of("Snapshot"), words.Of("It writes its state to disk and drops the log before it."), false}

	toRemove  = choice{"member remove {0}", words.Of("Remove"), words.Of("It leaves the cluster for good; the others count without it."), true}
	toDemote  = choice{"member demote {0}", words.Of("Make it a learner"), words.Of("It is still replicated to, but has no vote any more."), false}
	toPromote = choice{"member promote {0}", words.Of("Make it a voter"), words.Of("It counts for majorities from then on."), false}
	toAdd     = choice{"member add {0}", words.Of("Add as a learner"), words.Of("It is replicated to, without a vote."), false}

	toCut      = choice{"cut {0} {1}", words.Of("Cut"), words.Of("Nothing passes any more, in either direction."), true}
	toCutOut   = choice{"cut {0} {1} --one-way", words.Of("Cut {0} → {1}"), words.Of("Requests get lost, the other direction still works: half a connection."), true}
	toCutIn    = choice{"cut {1} {0} --one-way", words.Of("Cut {1} → {0}"), words.Of("Only this direction goes dead."), true}
	toMend     = choice{"mend {0} {1}", words.Of("Mend"), words.Of("The link is as new, both ways."), false}
	toRelease  = choice{"release {0} {1}", words.Of("Open its gates"), words.Of("What waited goes on."), false}
	toHold     = choice{"hold {0} {1}", words.Of("Hold its messages"), words.Of("They wait at the gate until you let them go, one by one if you like."), false}
	toDeliver  = choice{"deliver {0}", words.Of("Deliver"), words.Of("It goes on at once."), false}
	toDrop     = choice{"drop {0}", words.Of("Drop"), words.Of("It is lost. Nobody is told."), true}
	toDouble   = choice{"duplicate {0}", words.Of("Duplicate"), words.Of("A copy waits behind it."), false}
	toPostpone = choice{"reorder {0}", words.Of("Put behind the others"), words.Of("It goes to the end of its queue."), false}
)

// nodeChoices are the commands that make sense for a node as it is now.
func (m *Model) nodeChoices(n *view.Node) []*choice {
	if !n.Up {
		return append([]*choice{&toRestart, &toBreakLog, &toBreakKV, &toForget}, m.memberChoices(n)...)
	}
	still := &toSuspend
	if n.Suspended {
		still = &toResume
	}
	all := []*choice{still, &toKill, &toKillSoon, &toKillLate}
	if n.Role == event.Leader {
		all = append(all, &toStepDown)
	} else if m.suffrage(n.ID) == event.Voter && !n.Suspended {
		all = append(all, &toElect, &toTransfer)
	}
	all = append(all, &toSnapshot, &toWipe)
	return append(all, m.memberChoices(n)...)
}

func (m *Model) memberChoices(n *view.Node) []*choice {
	switch m.suffrage(n.ID) {
	case event.Voter:
		return []*choice{&toDemote, &toRemove}
	case event.Learner:
		return []*choice{&toPromote, &toRemove}
	case event.NoMember:
	}
	return []*choice{&toAdd}
}

func (m *Model) linkMenu(p pair) *Element {
	r := m.ringNow()
	from, to, _ := r.leg(p.a, p.b)
	out, in := m.link(p.a, p.b), m.link(p.b, p.a)
	buttons, hint := choicesElement(m, "link-first", linkChoices(out, in), p.a.String(), p.b.String())
	name := p.a.String() + " – " + p.b.String()
	e := menu("linkmenu "+r.beside(along(from, to, 0.5), 24), m.Say("Link {0}", name)).add(m.menuHead(name, p.String(), m.linkWords(p, out, in)), buttons)
	return e.add(classed("form", "forms wide").add(
		formRow(m.Say("Delay"), "delay", milliseconds(out.Delay), "ms"),
		formRow(m.Say("Jitter"), "jitter", milliseconds(out.Jitter), "ms"),
		formRow(m.Say("Lost"), "loss", percent(out.Loss), "%"),
		formRow(m.Say("Twice"), "duplicate", percent(out.Duplicate), "%"),
		formRow(m.Say("Slower"), "slow", ratio(max(out.Slow, event.One)), "×"),
		button("btn small", "set-link", p.String()).say(m.Say("Set both ways"))), hint)
}

func (m *Model) linkWords(p pair, out, in event.Link) string {
	there := manner(m.Language, out)
	if out == in {
		return m.Say("Both ways: {0}.", there)
	}
	return m.Say("To {0}: {1}. To {2}: {3}.", p.b.String(), there, p.a.String(), manner(m.Language, in))
}

func linkChoices(out, in event.Link) (all []*choice) {
	add := func(yes bool, c *choice) {
		if yes {
			all = append(all, c)
		}
	}
	holds := out.Hold || in.Hold
	add(!out.Cut || !in.Cut, &toCut)
	add(!out.Cut, &toCutOut)
	add(!in.Cut, &toCutIn)
	add(out != (event.Link{}) || in != (event.Link{}), &toMend)
	add(holds, &toRelease)
	add(!holds, &toHold)
	return all
}

func (m *Model) messageMenu(msg *view.Message) *Element {
	r := m.ringNow()
	from, to, _ := r.leg(msg.From, msg.To)
	buttons, hint := choicesElement(m, "message-first", []*choice{&toDeliver, &toDrop, &toDouble, &toPostpone}, number(msg.ID))
	return menu("message "+r.beside(along(from, to, gateAt), 24), m.Say("Held message")).add(
		m.menuHead(msg.From.String()+" → "+msg.To.String(), "message "+number(msg.ID), upper(named(m.Language, msg))+messageWords(m.Language, msg)), buttons, hint)
}

// messageWords are what a message says beyond its name (Raft paper, Figure 2).
func messageWords(l *words.Language, msg *view.Message) string {
	text := words.Of(" · term {0}.")
	if msg.Type == event.AppendEntries && !msg.Reply {
		text = words.Of(" · term {0} · after entry {1} of term {2} · leader's commit {3}.")
	}
	if msg.Type == event.RequestVote || msg.Type == event.RequestPreVote {
		if text = "."; !msg.Reply {
			text = words.Of(" · its last entry is {1} of term {2}.")
		}
	}
	return l.Say(text, number(msg.Term), number(msg.Index), number(msg.LogTerm), number(msg.Commit))
}

// upper begins a sentence with a capital letter; a node's name stays as it is.
func upper(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' || len(s) > 1 && s[1] >= '0' && s[1] <= '9' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
