package desk

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/tale"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// meaning of a lamp: what it promises, where that is proved, and what is watched for it.
type meaning struct {
	promise, where, watched string
}

// meanings by property, the promises in the words of the paper's Figure 3.
var meanings = map[event.Property]meaning{
	event.ElectionSafety: {words.Of("At most one leader can be elected in a given term."), words.Of("Raft paper, §5.2"),
		words.Of("Every machine that becomes leader is compared with those that became leader of the same term before.")},
	event.LeaderAppendOnly: {words.Of("A leader never overwrites or deletes entries in its log; it only appends new ones."), words.Of("Raft paper, §5.3"),
		words.Of("Every entry that a leader writes, and every cut of its log, is compared with what it had.")},
	event.LogMatching: {words.Of("If two logs contain an entry with the same index and term, then the logs are identical in all entries up through that index."), words.Of("Raft paper, §5.3"),
		words.Of("Every entry that is written is compared with those of the same index and term on other machines, and so is the term of the entry before it.")},
	event.LeaderCompleteness: {words.Of("If an entry is committed in a given term, it is in the logs of the leaders of all higher terms."), words.Of("Raft paper, §5.4"),
		words.Of("Every leader that is elected must have what was committed before, and every commit must be in the logs of those who lead later terms.")},
	event.StateMachineSafety: {words.Of("If a server has applied an entry at a given index to its store, no other server will ever apply a different one for that index."), words.Of("Raft paper, §5.4.3"),
		words.Of("Every entry that is applied is compared with what others applied at that index, and so is the revision of the store after it.")},
	event.Linearizable: {words.Of("What clients saw could have happened one request after the other, each between its asking and its answer."), words.Of("Herlihy and Wing 1990; Raft paper, §8"),
		words.Of("An order of all requests on each key is searched that explains every answer. A request of unknown outcome may have happened at any time after it was asked, or never; reads that promise less than linearizable ones are left out.")},
}

// lampSight is one lamp as its panel shows it.
type lampSight struct {
	Moment
	lamp *view.Lamp
	meaning
}

// drawLamp draws "lamp log-matching".
func drawLamp(m Moment, fields []string) *content {
	if len(fields) != 1 {
		return nil
	}
	for i := range m.State.Safety {
		l := &m.State.Safety[i]
		about, known := meanings[l.Property]
		if !known || l.Property.String() != fields[0] {
			continue
		}
		s := lampSight{Moment: m, lamp: l, meaning: about}
		return &content{body: lampPanel(s), marks: s.marks()}
	}
	return nil
}

func (s lampSight) name() string {
	if name := tale.PropertyName(s.lamp.Property); name != "" {
		return s.Words.Say(name)
	}
	return s.lamp.Property.String()
}

// verdict is how it stands.
func (s lampSight) verdict() string {
	if s.lamp.Holds {
		return s.Words.Say("It holds: no fact up to this moment contradicts it.")
	}
	return s.Words.Say("It is broken: two facts contradict each other.")
}

// broken is why the lamp is out.
func (s lampSight) broken() tale.Answer {
	q, _ := tale.Ask(s.tale(), []string{"lamp", s.lamp.Property.String(), "out"})
	return tale.Why(s.tale(), q)
}

func (s lampSight) marks() string {
	if s.lamp.Holds {
		return "lamps"
	}
	return s.marksOf(s.broken())
}

// judged says how much was looked at, where that is told.
func (s lampSight) judged() string {
	if s.lamp.Judged == 0 && s.lamp.Unjudged == 0 {
		return ""
	}
	n := s.Words.Number(s.lamp.Judged)
	if s.lamp.Unjudged == 0 {
		return s.Words.Say("Requests that were judged: {0}.", n)
	}
	return s.Words.Say("Requests that were judged: {0}; that could not be: {1}. The last of those: {2}.", n, s.Words.Number(s.lamp.Unjudged), s.lamp.Why)
}
