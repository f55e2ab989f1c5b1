package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// guideElement is the left column: the lesson, and what the room is.
func guideElement(m *Model) *Element {
	return classed("aside", "guide").set("id", "guide").set("aria-label", m.Say(switched(m.tape.Sealed, words.Of("The story, and the room"), words.Of("The lesson, and the room")))).keyed("guide").
		add(m.drawn(inLesson, lessonElement), m.storyElement(), roomElement(m))
}

// StoryPanel is the id of the element that holds the story of a recording as the room drew it.
const StoryPanel = "story"

// storyElement is what happened in a recording, where a living room has its lesson.
func (m *Model) storyElement() *Element {
	if !m.tape.Sealed {
		return nil
	}
	return classed("div", "story-box").keyed(StoryPanel).add(classed("div", "story").set("id", StoryPanel).raw(m.panelAt(StoryPanel).html))
}

// roomElement are the room's facts, and what can be set for the whole of it.
func roomElement(m *Model) *Element {
	f := facts{classed("dl", "facts")}
	leader := m.Say("none at the moment")
	if l := m.leader(); l != nil {
		leader = m.Say("{0} in term {1}", l.ID.String(), number(l.Term))
	}
	f.row(m.Say("Leader"), leader)
	if v := m.voters(); v > 0 {
		f.row(m.Say("A majority"), m.count(v, "is {1} of {0} voter", "is {1} of {0} voters", strconv.Itoa(v/2+1)))
	}
	f.row(m.Say("Committed"), m.Say("up to entry {0}", number(m.committed())))
	if m.State.Delay > 0 {
		f.row(m.Say("A link takes"), m.Say("{0} one way", spell(m.Language, m.State.Delay)))
	}
	e := classed("section", "roomfacts").set("aria-label", m.Say("The room")).add(tag("h2").say(m.Say("The room")), f.el)
	full := m.Limits.Nodes > 0 && len(m.State.Nodes) >= m.Limits.Nodes
	joins, asks := words.Of("It joins as a learner"), words.Of("Pre-vote off")
	if full {
		joins = words.Of("This room may not have more machines")
	}
	if m.State.PreVote {
		asks = words.Of("Pre-vote on")
	}
	row := classed("div", "row").add(
		tool("add", m.Say("Add a machine"), "run", "member add").set("id", "add").when(full, "disabled", "").set("title", m.Say(joins)),
		button("btn", "run", "pre-vote "+switched(m.State.PreVote, "off", "on")).set("id", "prevote").onOff(m.State.PreVote).
			set("title", m.Say("Whether candidates ask first if they could win")).say(m.Say(asks)))
	if m.Room != "" {
		row.add(classed("a", "btn").set("id", "draft").set("href", "/api/rooms/"+m.Room+"/draft").set("download", "lesson.md").
			set("title", m.Say("What was done in this room, as the beginning of a lesson file")).say(m.Say("Draft a lesson")))
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
	event.ElectionSafety:     {words.Of("Election safety"), words.Of("at most one leader a term")},
	event.LeaderAppendOnly:   {words.Of("Leader append-only"), words.Of("a leader never rewrites its own log")},
	event.LogMatching:        {words.Of("Log matching"), words.Of("same index and term: same entry, and all before it")},
	event.LeaderCompleteness: {words.Of("Leader completeness"), words.Of("what is committed is in every later leader's log")},
	event.StateMachineSafety: {words.Of("State machine safety"), words.Of("nobody applies another entry at the same index")},
	event.Linearizable:       {words.Of("Linearizable"), words.Of("what clients saw could have happened one after the other")},
}

// lampsElement are Raft's safety properties, checked on the events as they come (Raft paper, Figure 3).
func lampsElement(m *Model) *Element {
	list := tag("ul").set("aria-label", m.Say("Safety, checked on every event"))
	for p := event.ElectionSafety; int(p) < event.Properties; p++ {
		holds, why, verdict := true, m.Say(propertyWords[p].means), words.Of("holds")
		name := m.Say(propertyWords[p].name)
		for _, l := range m.State.Safety {
			if l.Property == p && l.Judged > 0 {
				name = m.Count(int(l.Judged), m.Number(l.Judged), "{1} · {0} request", "{1} · {0} requests", name)
			}
			if l.Property == p && !l.Holds {
				holds, why, verdict = false, m.Say("{0} (event {1} contradicts {2})", l.Text, number(l.Seq), number(l.Earlier)), words.Of("broken")
			}
		}
		li := tag("li").keyed(p.String()).set("data-property", p.String()).set("data-holds", switched(holds, "true", "false")).
			set("title", why).add(button("lamp", "look", "lamp "+p.String()).say(name), tag("b").say(m.Say(verdict)))
		if !holds {
			li.add(tag("p").say(why))
		}
		list.add(li)
	}
	return piece("section", "lamps").set("aria-label", m.Say("Safety")).add(list)
}
