//go:build !js

package browser_test

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// A storm is more than a room of nine makes.
const (
	stormEvents = 2000 // a second
	stormBeats  = 60   // websocket messages a second
	stormFlying = 200  // messages under way at any time
)

// scriptBudget is how many milliseconds of script a frame may take in the median. It is far above what it takes on a
// machine that does nothing else.
const scriptBudget = 8.0

// storm makes the events of one beat after the other.
type storm struct {
	msg, index uint64
	flying     []event.Event // oldest first
}

func (s *storm) beat(v *visit) {
	var events []event.Event
	for len(events) < stormEvents/stormBeats {
		if len(s.flying) >= stormFlying {
			m := s.flying[0]
			s.flying = s.flying[1:]
			events = append(events, event.Event{Kind: event.Delivered, Msg: m.Msg, Node: m.Node, Peer: m.Peer})
		}
		events = append(events, s.sent(v.at))
		if s.msg%10 == 0 {
			events = append(events, s.work()...)
		}
	}
	v.happen(events...)
	v.at += 1_000_000 / stormBeats
}

// sent is the next message; every third carries an entry.
func (s *storm) sent(at event.Micros) event.Event {
	s.msg++
	from := event.NodeID(s.msg%5 + 1)
	m := event.Event{Kind: event.Sent, Msg: s.msg, Type: event.Heartbeat, Node: from, Peer: (from+event.NodeID(s.msg/5%4))%5 + 1,
		Term: 3, Until: at + stormFlying*2*1_000_000/stormEvents, Reply: s.msg%2 == 0, OK: true}
	if s.msg%3 == 0 {
		m.Type, m.N, m.From, m.Text, m.Index = event.AppendEntries, 1, 3, "put x", s.index
	}
	s.flying = append(s.flying, m)
	return m
}

// work is an entry that is stored, acknowledged and committed.
func (s *storm) work() []event.Event {
	if s.index == 0 {
		s.index = 12
	}
	s.index++
	return []event.Event{{Kind: event.Appended, Node: 2, Index: s.index, Term: 3, Entry: event.EntryCommand, Text: "put x", N: 40},
		{Kind: event.MatchSet, Node: 2, Peer: 3, Index: s.index, N: int64(s.index + 1)}, {Kind: event.Committed, Node: 2, Index: s.index}}
}

func TestPageKeepsUpWithAStorm(t *testing.T) {
	r, p := newRoom(t), newPage(t)
	v := p.enter(r)
	v.happen(event.Event{Kind: event.RateSet, Factor: event.One, Took: 75_000})
	s := &storm{}
	beat := time.NewTicker(time.Second / stormBeats)
	defer beat.Stop()
	for range stormBeats { // until all is warm and so much is under way as shall be
		<-beat.C
		s.beat(v)
	}
	const seconds = 5
	script, task := p.busy()
	before := eval[map[string]any](p, `({...quorumlab.measure(), at: performance.now()})`)
	for range seconds * stormBeats {
		<-beat.C
		s.beat(v)
	}
	after := eval[map[string]any](p, `({...quorumlab.measure(), at: performance.now()})`)
	scriptAfter, taskAfter := p.busy()
	took := func(name string) float64 { return after[name].(float64) - before[name].(float64) }
	frames := int(took("frames"))
	scripts, drawn := last(after["scriptMs"], frames), last(after["drawnCommitMs"], 1000)
	p50 := quantile(scripts, 0.5)
	t.Logf("processor time: %.2f ms of script a frame, main thread %.0f %% busy",
		(scriptAfter-script)*1000/float64(frames), (taskAfter-task)*1e5/took("at"))
	t.Logf("script p50 %.2f ms, p99 %.2f ms; %.1f frames/s; %.0f events/s; %.0f patches a frame; commit to drawn p50 %.1f ms, p99 %.1f ms; %.1f bytes an event",
		p50, quantile(scripts, 0.99), float64(frames)/took("at")*1000, took("events")/took("at")*1000, took("patches")/float64(frames),
		quantile(drawn, 0.5), quantile(drawn, 0.99), took("bytes")/took("events"))
	if p50 > scriptBudget {
		t.Errorf("a frame takes %.2f ms of script in the median, more than %v", p50, scriptBudget)
	}
	p.until("the page has folded the whole storm", "quorumlab.measure().seq === "+strconv.FormatUint(v.seq, 10))
	p.clean()
}

// busy is the processor time that the page's main thread has used up for scripts and altogether, in seconds. Unlike time
// by the clock it does not grow when others use the machine.
func (p *page) busy() (script, task float64) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		domain := performance.EnableParams{TimeDomain: performance.EnableTimeDomainThreadTicks}
		if _, err := cdp.Call(ctx, t, performance.Enable, domain); err != nil {
			return err
		}
		all, err := cdp.Call(ctx, t, performance.GetMetrics, cdp.Empty{})
		for _, m := range all.Metrics {
			switch m.Name {
			case "ScriptDuration":
				script = m.Value
			case "TaskDuration":
				task = m.Value
			}
		}
		return err
	}))
	return script, task
}

// last are the last n numbers of a list.
func last(list any, n int) []float64 {
	all := list.([]any)
	var numbers []float64
	for _, x := range all[max(0, len(all)-n):] {
		numbers = append(numbers, x.(float64))
	}
	return numbers
}

func quantile(numbers []float64, q float64) float64 {
	if len(numbers) == 0 {
		return 0
	}
	slices.Sort(numbers)
	return numbers[min(int(q*float64(len(numbers))), len(numbers)-1)]
}
