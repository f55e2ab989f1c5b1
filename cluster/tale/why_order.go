package tale

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
)

var orderAskings = []asking{
	{"order-waits", aboutOp, words.Of("Why does {0} wait?"), func(q *inquiry) bool { return !q.op.Kind.Client() && q.op.Outcome == event.Pending }, (*inquiry).whyOrderWaits},
	{"order-failed", aboutOp, words.Of("Why was {0} not done?"), func(q *inquiry) bool { return !q.op.Kind.Client() && q.op.Outcome == event.Failed }, (*inquiry).whyOrderFailed},
}

func (q *inquiry) whyOrderWaits() {
	n, who := q.s.Node(q.op.Node), q.op.Node.String()
	q.happened(q.asked(), who, q.Say("Ordered {0} ago.", q.span(q.s.At-q.op.Asked)))
	switch {
	case changesMembers(q.op.Kind):
		q.whyChangeWaits()
	case q.s.Rate == 0:
		q.say(q.Say("The room's time stands still: what a machine must do itself waits until time goes on."))
	case n != nil && n.Suspended:
		q.say(q.Say("{0} stands still and cannot do it.", who))
		q.see(who, q.Say("{0} is suspended.", who))
	case q.op.Kind == event.Transfer || q.op.Kind == event.StepDown:
		q.whyTransferWaits()
	default:
		q.say(q.Say("{0} is at it.", who))
	}
}

// whyTransferWaits: who shall lead is brought up to date first, then told to stand for election, then elected.
func (q *inquiry) whyTransferWaits() {
	told := q.last(of(event.Sent).behind(q.begin(q.op)).that(func(e *event.Event) bool { return e.Type == event.TimeoutNow && !e.Reply }))
	if told == nil {
		q.say(q.Say("A leader hands over only to a follower that has all of its log, and brings it up to date first (dissertation §3.10); meanwhile it takes no requests."))
		if l := q.s.Leader(); l != nil {
			for _, p := range l.Peers {
				if p.Match == 0 {
					continue // it has not answered yet
				}
				q.see(p.ID.String(), q.Say("{0} has entries up to {1} of {2}.", p.ID.String(), number(p.Match), number(l.Last)))
			}
		}
		return
	}
	q.say(q.Say("{0} told {1} to stand for election at once; it still has to win.", told.Node.String(), told.Peer.String()))
	q.happened(told, linkMark(told.Node, told.Peer), q.Say("{0} sent TimeoutNow.", told.Node.String()))
}

func (q *inquiry) whyOrderFailed() {
	q.say(q.Say("It was not done and will not be: {0}.", ended(q.op.Error)))
	q.sayGround()
	q.happened(q.answered(), q.op.Node.String(), q.Say("Refused after {0}.", q.span(q.op.Answered-q.op.Asked)))
	if q.s.Leader() == nil && (changesMembers(q.op.Kind) || q.op.Kind == event.Transfer || q.op.Kind == event.StepDown) {
		q.whyNoLeader()
	}
}
