package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// guideElement is the left column: the lesson, and what the room is.
func guideElement(m *Model) *Element {
	return classed("aside", "guide").set("id", "guide").set("aria-label", "The lesson, and the room").keyed("guide").
		add(m.drawn(inLesson, lessonElement), roomElement(m))
}

// roomElement are the room's facts, and what can be set for the whole of it.
func roomElement(m *Model) *Element {
	f := facts{classed("dl", "facts")}
	if l := m.leader(); l != nil {
		f.row("Leader", l.ID.String()+" in term "+number(l.Term))
	} else {
		f.row("Leader", "none at the moment")
	}
	if v := m.voters(); v > 0 {
		f.row("A majority", "is "+strconv.Itoa(v/2+1)+" of "+counted(v, "voter"))
	}
	f.row("Committed", "up to entry "+number(m.committed()))
	if m.State.Delay > 0 {
		f.row("A link takes", spell(m.State.Delay)+" one way")
	}
	e := classed("section", "roomfacts").set("aria-label", "The room").add(tag("h2").say("The room"), f.el)
	full := m.Limits.Nodes > 0 && len(m.State.Nodes) >= m.Limits.Nodes
	row := classed("div", "row").add(
		tool("add", "Add a machine", "run", "member add").set("id", "add").when(full, "disabled", "").
			set("title", switched(full, "This room may not have more machines", "It joins as a learner")),
		button("btn", "run", "pre-vote "+switched(m.State.PreVote, "off", "on")).set("id", "prevote").onOff(m.State.PreVote).
			set("title", "Whether candidates ask first if they could win").say("Pre-vote "+switched(m.State.PreVote, "on", "off")))
	if m.Room != "" {
		row.add(classed("a", "btn").set("id", "draft").set("href", "/api/rooms/"+m.Room+"/draft").set("download", "lesson.md").
			set("title", "What was done in this room, as the beginning of a lesson file").say("Draft a lesson"))
	}
	return e.add(row, endpointsElement(m))
}

// committed is the highest commit index that any node knows of.
func (m *Model) committed() uint64 {
	most := uint64(0)
	for i := range m.State.Nodes {
		most = max(most, m.State.Nodes[i].Commit)
	}
	return most
}

var propertyWords = [...]struct{ name, means string }{
	event.PropertyNone:       {"", ""},
	event.ElectionSafety:     {"Election safety", "at most one leader a term"},
	event.LeaderAppendOnly:   {"Leader append-only", "a leader never rewrites its own log"},
	event.LogMatching:        {"Log matching", "same index and term: same entry, and all before it"},
	event.LeaderCompleteness: {"Leader completeness", "what is committed is in every later leader's log"},
	event.StateMachineSafety: {"State machine safety", "nobody applies another entry at the same index"},
}

// lampsElement are Raft's safety properties, checked on the events as they come (Raft paper, Figure 3).
func lampsElement(m *Model) *Element {
	list := tag("ul").set("aria-label", "Safety, checked on every event")
	for p := event.ElectionSafety; int(p) < event.Properties; p++ {
		holds, why := true, propertyWords[p].means
		for _, l := range m.State.Safety {
			if l.Property == p && !l.Holds {
				holds, why = false, l.Text+" (event "+number(l.Seq)+" contradicts "+number(l.Earlier)+")"
			}
		}
		li := tag("li").keyed(p.String()).set("data-property", p.String()).set("data-holds", switched(holds, "true", "false")).
			set("title", why).add(tag("span").say(propertyWords[p].name), tag("b").say(switched(holds, "holds", "broken")))
		if !holds {
			li.add(tag("p").say(why))
		}
		list.add(li)
	}
	return classed("section", "lamps").keyed("lamps").set("aria-label", "Safety").add(list)
}
