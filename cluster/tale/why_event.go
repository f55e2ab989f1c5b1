package tale

import (
	"github.com/quorumlab/quorumlab/cluster/event"
)

// OfEvent is the question that an event, which has just happened at the moment, makes one ask; false if it makes one wonder
// about nothing.
func OfEvent(m Moment, e *event.Event) (Question, bool) {
	s, names := asksAbout(e)
	q := ask(m, s, glance)
	if q == nil {
		return Question{}, false
	}
	for i := range askings {
		a := &askings[i]
		for _, name := range names {
			if a.about == s.sort && (a.name == name || name == "") && a.when(q) {
				return q.question(a), true
			}
		}
	}
	return Question{}, false
}

// asksAbout are the questions that an event may raise; "" is any about the subject.
func asksAbout(e *event.Event) (Subject, []string) {
	if names := nodeEvents(e); names != nil {
		return OfNode(e.Node), names
	}
	// the others are about machines, or nobody wonders about them
	//exhaustive:ignore
	switch e.Kind {
	case event.Dropped:
		return OfMessage(e.Msg), []string{"dropped"}
	case event.Asked, event.Answered:
		return OfOp(e.Op), []string{""}
	case event.LinkSet:
		return OfLink(e.Node, e.Peer), []string{""}
	case event.SafetyBroken:
		return Subject{sort: aboutLamp, property: e.Property.String()}, []string{"out"}
	case event.RateSet:
		return Room(), []string{"still"}
	}
	return Subject{}, nil
}

// nodeEvents are the questions that an event raises about its machine; nil if it raises none.
func nodeEvents(e *event.Event) []string {
	// the others are not about a machine alone
	//exhaustive:ignore
	switch e.Kind {
	case event.RoleChanged:
		switch e.Role {
		case event.Leader:
			return []string{"leads"}
		case event.Candidate:
			return []string{"candidate"}
		case event.Follower, event.RoleNone:
			return []string{"stepped-down", "not-elected"}
		}
	case event.VoteRefused:
		if e.OK {
			return []string{"refused-pre-vote"}
		}
		return []string{"refused-vote"}
	case event.Stopped:
		return []string{"refuses-start", "down"}
	case event.Suspended:
		return []string{"suspended"}
	case event.Truncated:
		return []string{"truncated"}
	case event.SnapshotInstalled:
		if e.Peer != 0 {
			return []string{"snapshot"}
		}
	case event.TermChanged:
		return []string{"term"}
	}
	return nil
}
