package ui

import (
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// A link with a delay of its own is dashed as a slow one only where that is more than what a link takes by default; its words stand there in any case.
func TestALinkIsSlowComparedWithTheOthers(t *testing.T) {
	s := healthy()
	s.tell(event.Event{Kind: event.RateSet, Factor: event.One, Took: 75 * ms})
	look := func(own event.Link, slow, pill bool) {
		t.Helper()
		s.tell(event.Event{Kind: event.LinkSet, Node: 3, Peer: 4, Link: own}, event.Event{Kind: event.LinkSet, Node: 4, Peer: 3, Link: own})
		g := s.m.linkElement(pairOf(3, 4))
		class, _ := g.Attr("class")
		has := false
		each(g, func(e *Element) {
			c, _ := e.Attr("class")
			has = has || c == "pill"
		})
		if strings.Contains(class, "slow") != slow || has != pill {
			t.Errorf("%+v: class %q, words at it %v", own, class, has)
		}
	}
	look(event.Link{}, false, false)
	look(event.Link{Delay: 5 * ms}, false, true)
	look(event.Link{Delay: 80 * ms}, true, true)
	look(event.Link{Jitter: ms}, true, true)
	look(event.Link{Slow: 2 * event.One}, true, true)
	look(event.Link{Cut: true}, false, false)
}
