package check

import (
	"context"
	"sync"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Bounds of a Court.
const (
	MaxFacts  = 8192            // facts that wait to be judged; of more none is taken until nothing is under way
	TellEvery = time.Second / 2 // how often it tells how much was judged
)

// Court has a Judge look at the facts of a living room on a goroutine of its own. Offer never blocks and holds at most
// MaxFacts: where the judge does not keep up, it begins anew later, and says so.
type Court struct {
	facts chan event.Event // of kind KindNone: facts are missing before, with OK such as may still change something
	tell  func(event.Event)

	mu     sync.Mutex
	under  int  // requests that wait for their answer, as offered
	missed bool // facts are
	gone   bool // among them of requests that may still change something

	stop context.CancelFunc
	over sync.WaitGroup
}

// NewCourt begins. What it finds, and how much it has judged, it tells on its own goroutine.
func NewCourt(tell func(event.Event)) *Court {
	ctx, stop := context.WithCancel(context.Background())
	c := &Court{facts: make(chan event.Event, MaxFacts), tell: tell, stop: stop}
	c.over.Go(func() { c.sit(ctx) })
	return c
}

// Offer takes a fact, if it is one to be judged. It is called in the order of facts.
func (c *Court) Offer(e event.Event) {
	if e.Kind != event.Asked && e.Kind != event.Answered || !e.Command.Store() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.Kind == event.Asked {
		c.under++
	} else {
		c.under--
	}
	if c.missed {
		c.gone = c.gone || e.Outcome == event.Unknown
		c.resume()
		return
	}
	select {
	case c.facts <- short(e):
	default:
		c.missed, c.gone = true, e.Outcome == event.Unknown
	}
}

// short is what a judge reads of a fact.
func short(e event.Event) event.Event {
	return event.Event{Seq: e.Seq, At: e.At, Kind: e.Kind, Node: e.Node, Op: e.Op, Command: e.Command, OK: e.OK, Outcome: e.Outcome, Key: e.Key}
}

// resume lets facts be judged again once none of those that are missing is under way. It needs mu.
func (c *Court) resume() {
	if c.under > 0 {
		return
	}
	select {
	case c.facts <- event.Event{OK: c.gone}:
		c.missed, c.gone = false, false
	default: // still full
	}
}

// Close ends it; what waits is not judged.
func (c *Court) Close() {
	c.stop()
	c.over.Wait()
}

func (c *Court) sit(ctx context.Context) {
	judge, tick := NewJudge(), time.NewTicker(TellEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if told, news := judge.Told(); news {
				c.tell(told)
			}
		case e := <-c.facts:
			if e.Kind == event.KindNone {
				judge.Forget(e.OK)
			}
			for _, broken := range judge.Fold(e) {
				c.tell(broken)
			}
		}
	}
}
