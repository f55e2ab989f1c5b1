package ui

import (
	"cmp"
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
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
	buttons, hint := choicesElement(m, "menu-first", m.nodeChoices(n))
	e := menu(r.beside(p, r.radius+14), id).add(menuHead(id, m.nodeWords(n)), buttons)
	e.add(classed("form", "forms").add(formRow("Disk", "disk", milliseconds(n.Fsync), "ms more an fsync"),
		button("btn small", "set-disk", id).set("aria-label", "Set the disk's delay").say("Set")))
	e.add(classed("form", "forms").add(formRow("Clock", "drift", ratio(cmp.Or(n.Drift, event.One)), "× true speed"),
		button("btn small", "set-drift", id).set("aria-label", "Set the clock's speed").say("Set")))
	return e.add(hint)
}

// nodeWords say what a node is, and why it is not more.
func (m *Model) nodeWords(n *view.Node) string {
	switch {
	case n.Refused != "":
		return "Refuses to start: " + n.Refused
	case !n.Up:
		return "Down: " + downReason(n.Down) + "."
	case n.Suspended:
		return "Stands still as " + n.Role.String() + " of term " + number(n.Term) + ". It will not notice."
	case m.State.StaleLeader(n):
		return "Believes to lead term " + number(n.Term) + ", but has been replaced. It cannot commit anything."
	case n.Role == event.Leader:
		return "Leads term " + number(n.Term) + "."
	case n.Role == event.Candidate:
		return "Stands for election in term " + number(n.Term) + ": needs " + counted(m.State.VotesNeeded(n), "vote") + "."
	case n.Leader != 0:
		return "Follows " + n.Leader.String() + " in term " + number(n.Term) + "."
	}
	return "Knows of no leader in term " + number(n.Term) + "."
}

func downReason(r event.Reason) string {
	// the other reasons do not stop a node
	//exhaustive:ignore
	switch r {
	case event.Killed:
		return "killed"
	case event.KilledBeforeFsync:
		return "killed before a write was on its disk"
	case event.KilledAfterFsync:
		return "killed right after a write was on its disk"
	case event.RefusedToStart:
		return "refused to start"
	case event.LeftCluster:
		return "left the cluster"
	case event.RoomClosed:
		return "the room was closed"
	}
	return "not started"
}

// nodeChoices are the commands that make sense for a node as it is now.
func (m *Model) nodeChoices(n *view.Node) []choice {
	id := n.ID.String()
	if !n.Up {
		return append([]choice{
			{"restart " + id, "Restart", "Starts with what is on its disk. Key R.", false},
			{"corrupt " + id + " log", "Corrupt its log", "Flips one bit in its log. It should notice and refuse to start.", true},
			{"corrupt " + id + " store", "Corrupt its store", "Flips one bit in its key-value store.", true},
			{"wipe " + id, "Wipe its disk", "It forgets log, term and vote. A voter that comes back like this can lose committed writes.", true},
		}, m.memberChoices(n)...)
	}
	var all []choice
	if n.Suspended {
		all = append(all, choice{"resume " + id, "Resume", "It goes on as if nothing had been; what waited for it arrives. Key R.", false})
	} else {
		all = append(all, choice{"suspend " + id, "Suspend", "The machine stands still, its clock too. It will not notice. Key P.", false})
	}
	all = append(all,
		choice{"kill " + id, "Kill", "Ends the process at once, as kill −9 would. Its disk stays. Key K.", true},
		choice{"kill " + id + " --before-fsync", "Kill before fsync", "At its next write to the log, before it is on disk: the write is lost.", true},
		choice{"kill " + id + " --after-fsync", "Kill after fsync", "Right after its next write is on disk, before anybody hears of it.", true})
	if n.Role == event.Leader {
		all = append(all, choice{"step-down " + id, "Step down", "Hands leadership to whoever is best placed.", false})
	} else if m.suffrage(n.ID) == event.Voter && !n.Suspended {
		all = append(all, choice{"elect " + id, "Stand for election", "It asks for votes at once, in a new term.", false},
			choice{"transfer " + id, "Make it leader", "The leader brings it up to date and hands over.", false})
	}
	all = append(all,
		choice{"snapshot " + id, "Snapshot", "It writes its state to disk and drops the log before it.", false},
		choice{"wipe " + id, "Wipe its disk", "Stops it and empties its disk: log, term and vote are forgotten.", true})
	return append(all, m.memberChoices(n)...)
}

func (m *Model) memberChoices(n *view.Node) []choice {
	id := n.ID.String()
	remove := choice{"member remove " + id, "Remove", "It leaves the cluster for good; the others count without it.", true}
	switch m.suffrage(n.ID) {
	case event.Voter:
		return []choice{{"member demote " + id, "Make it a learner", "It is still replicated to, but has no vote any more.", false}, remove}
	case event.Learner:
		return []choice{{"member promote " + id, "Make it a voter", "It counts for majorities from then on.", false}, remove}
	case event.NoMember:
	}
	return []choice{{"member add " + id, "Add as a learner", "It is replicated to, without a vote.", false}}
}

func (m *Model) linkMenu(p pair) *Element {
	r := m.ringNow()
	from, to, _ := r.leg(p.a, p.b)
	out, in := m.link(p.a, p.b), m.link(p.b, p.a)
	buttons, hint := choicesElement(m, "link-first", linkChoices(p, out, in))
	name := p.a.String() + " – " + p.b.String()
	e := menu("linkmenu "+r.beside(along(from, to, 0.5), 24), "Link "+name).add(menuHead(name, linkWords(p, out, in)), buttons)
	return e.add(classed("form", "forms wide").add(
		formRow("Delay", "delay", milliseconds(out.Delay), "ms"),
		formRow("Jitter", "jitter", milliseconds(out.Jitter), "ms"),
		formRow("Lost", "loss", percent(out.Loss), "%"),
		formRow("Twice", "duplicate", percent(out.Duplicate), "%"),
		formRow("Slower", "slow", ratio(max(out.Slow, event.One)), "×"),
		button("btn small", "set-link", p.String()).say("Set both ways")), hint)
}

func linkWords(p pair, out, in event.Link) string {
	if out == in {
		return "Both ways: " + manner(out) + "."
	}
	return "To " + p.b.String() + ": " + manner(out) + ". To " + p.a.String() + ": " + manner(in) + "."
}

func linkChoices(p pair, out, in event.Link) []choice {
	a, b := p.a.String(), p.b.String()
	var all []choice
	if !out.Cut || !in.Cut {
		all = append(all, choice{"cut " + a + " " + b, "Cut", "Nothing passes any more, in either direction.", true})
	}
	if !out.Cut {
		all = append(all, choice{"cut " + a + " " + b + " --one-way", "Cut " + a + " → " + b, "Requests get lost, the other direction still works: half a connection.", true})
	}
	if !in.Cut {
		all = append(all, choice{"cut " + b + " " + a + " --one-way", "Cut " + b + " → " + a, "Only this direction goes dead.", true})
	}
	if out != (event.Link{}) || in != (event.Link{}) {
		all = append(all, choice{"mend " + a + " " + b, "Mend", "The link is as new, both ways.", false})
	}
	if out.Hold || in.Hold {
		all = append(all, choice{"release " + a + " " + b, "Open its gates", "What waited goes on.", false})
	} else {
		all = append(all, choice{"hold " + a + " " + b, "Hold its messages", "They wait at the gate until you let them go, one by one if you like.", false})
	}
	return all
}

func (m *Model) messageMenu(msg *view.Message) *Element {
	r := m.ringNow()
	from, to, _ := r.leg(msg.From, msg.To)
	id := strconv.FormatUint(msg.ID, 10)
	buttons, hint := choicesElement(m, "message-first", []choice{
		{"deliver " + id, "Deliver", "It goes on at once.", false},
		{"drop " + id, "Drop", "It is lost. Nobody is told.", true},
		{"duplicate " + id, "Duplicate", "A copy waits behind it.", false},
		{"reorder " + id, "Put behind the others", "It goes to the end of its queue.", false},
	})
	what := named(msg)
	return menu("message "+r.beside(along(from, to, gateAt), 24), "Held message").add(
		menuHead(msg.From.String()+" → "+msg.To.String(), upper(what)+messageWords(msg)), buttons, hint)
}

// messageWords are what a message says beyond its name (Raft paper, Figure 2).
func messageWords(msg *view.Message) string {
	s := ""
	if msg.Type != event.RequestVote && msg.Type != event.RequestPreVote {
		s = " · term " + number(msg.Term)
	}
	if msg.Type == event.AppendEntries && !msg.Reply {
		s += " · after entry " + number(msg.Index) + " of term " + number(msg.LogTerm) + " · leader's commit " + number(msg.Commit)
	}
	if (msg.Type == event.RequestVote || msg.Type == event.RequestPreVote) && !msg.Reply {
		s += " · its last entry is " + number(msg.Index) + " of term " + number(msg.LogTerm)
	}
	return s + "."
}

// upper begins a sentence with a capital letter.
func upper(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
