package desk

import (
	"slices"
	"strconv"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/tale"
)

func init() {
	drawers["why"], drawers["lamp"] = drawWhy, drawLamp
}

// drawWhy draws "why op 17", "why n3 not-leader", "why no-leader".
func drawWhy(m Moment, words []string) *content {
	m = m.registered()
	question, ok := tale.Ask(m.tale(), words)
	if !ok {
		if s, rest, known := tale.ParseSubject(words); known && len(rest) == 0 {
			return m.nothingToAsk(s)
		}
		return nil
	}
	a := tale.Why(m.tale(), question)
	return &content{body: whyPanel(m, a), marks: m.marksOf(a), more: m.behind && a.Short}
}

// nothingToAsk says that of something that is there nothing can be asked just now.
func (m Moment) nothingToAsk(s tale.Subject) *content {
	if !tale.Known(m.tale(), s) {
		return nil
	}
	if s == tale.Room() {
		return &content{body: whyNothing(m, m.Words.Say("Nothing in the room waits, and it has a leader. Point at a machine, a link, an entry, a message or a request and press W, or select it, to ask about that."))}
	}
	return &content{body: whyNothing(m, m.Words.Say("There is nothing to ask about this at the moment: it does not wait, and nothing of it was refused or lost."))}
}

// tale is the moment as questions are asked of it.
func (m Moment) tale() tale.Moment {
	return tale.Moment{Journal: m.Journal, Register: m.register, State: m.State, Words: m.Words}
}

// others are the questions about the same thing, but for the one that is answered.
func (m Moment) others(a tale.Answer) []tale.Question {
	list := tale.Questions(m.tale(), a.Question.Subject)
	return slices.DeleteFunc(list, func(q tale.Question) bool { return q.Name == a.Question.Name })
}

// calm are questions about what is as it should be. They can be asked; the others are answered at once.
var calm = map[string]bool{"leads": true, "not-leader": true, "lease": true, "term": true, "stepped-down": true, "refused-vote": true, "refused-pre-vote": true,
	"learner": true, "moved": true, "committed": true, "compacted": true, "slow": true, "forwarded": true, "enough": true}

// answered is the most telling question about something, answered, if something waits, was refused or was lost.
func (m Moment) answered(list []tale.Question) *tale.Answer {
	if len(list) == 0 || calm[list[0].Name] {
		return nil
	}
	a := tale.Why(m.tale(), list[0])
	return &a
}

// questions about something that its words name: "n3", "op 17"; none for "" but those about the room.
func (m Moment) questions(subject string) []tale.Question { return m.wonders(subject).list }

// wonders are the questions about something, and the first one's answer if it may not wait.
func (m Moment) wonders(subject string) wondered {
	s, rest, ok := tale.ParseSubject(strings.Fields(subject))
	if !ok || len(rest) > 0 {
		return wondered{}
	}
	return m.wondered(subject, func() wondered {
		list := tale.Questions(m.tale(), s)
		if subject == "" {
			return wondered{list: list}
		}
		return wondered{list: list, first: m.answered(list)}
	})
}

// marksOf names what a question is about and what its answer rests on, as the page highlights it.
func (m Moment) marksOf(a tale.Answer) string {
	var marks []string
	add := func(all ...string) {
		for _, mark := range all {
			if mark != "" && !slices.Contains(marks, mark) {
				marks = append(marks, mark)
			}
		}
	}
	places := []string{a.Question.Subject.String()}
	if strings.HasPrefix(places[0], "lamp ") {
		places[0] = "lamps"
	}
	for _, f := range a.Facts {
		places = append(places, f.Mark)
	}
	for _, place := range places {
		switch fields := strings.Fields(place); {
		case len(fields) == 3: // entry n3 12
			add(strings.Join(fields, "-"), fields[1], "log")
		case len(fields) == 2: // op 17, message 55
			add(strings.Join(fields, "-"))
			add(m.placesOf(fields)...)
		default:
			add(fields...)
		}
	}
	return strings.Join(marks, " ")
}

// placesOf are the machines or the link on which one sees a command or a message.
func (m Moment) placesOf(fields []string) []string {
	id, _ := event.ParseNumber(fields[1])
	if fields[0] == "op" {
		return m.placesOfOp(id)
	}
	if msg := m.State.Message(id); msg != nil {
		return []string{min(msg.From, msg.To).String() + "-" + max(msg.From, msg.To).String()}
	}
	return nil
}

// placesOfOp are the machine that was asked, the time on the recording that the command took, and its entries in the logs.
func (m Moment) placesOfOp(id uint64) (marks []string) {
	op := m.State.Op(id)
	if op == nil {
		return nil
	}
	if op.Node != 0 {
		marks = append(marks, op.Node.String())
	}
	marks = append(marks, "asked-"+number(uint64(op.Asked))+"-"+number(uint64(op.Answered)))
	for i := range m.State.Nodes {
		n := &m.State.Nodes[i]
		if e := n.Log.OfOp(id); e != nil {
			marks = append(marks, entryMark(n.ID, e.Index))
		}
	}
	return marks
}

// entryMark highlights an entry in the log of a machine.
func entryMark(id event.NodeID, index uint64) string {
	return "entry-" + id.String() + "-" + number(index)
}

// look is what shows the place of a fact in more detail; "" where nothing does.
func look(mark string) string {
	switch fields := strings.Fields(mark); {
	case len(fields) >= 2:
		return mark
	case len(fields) == 1 && strings.Contains(mark, "-"):
		a, b, _ := strings.Cut(mark, "-")
		return "link " + a + " " + b
	case len(fields) == 1 && mark[0] == 'n':
		return "node " + mark
	}
	return ""
}

// shownMark is the place of a fact as people read it.
func shownMark(m Moment, mark string) string {
	switch fields := strings.Fields(mark); {
	case len(fields) == 3:
		return m.Words.Say("{0}, entry {1}", fields[1], fields[2])
	case len(fields) == 2 && fields[0] == "op":
		return m.Words.Say("request")
	case len(fields) == 2:
		return m.Words.Say("message")
	case mark == "log":
		return m.Words.Say("log")
	case mark == "lamps":
		return m.Words.Say("safety")
	}
	return strings.Replace(mark, "-", "–", 1)
}

func itoa(i int) string { return strconv.Itoa(i) }
