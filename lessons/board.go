package lessons

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/quorumlab/quorumlab/cluster/view"
)

var trackNames = map[Track]string{Consensus: "Consensus", Store: "Using the store", OnCall: "Running it at 3 AM", Play: "Free play"}

// Name is the track in words.
func (t Track) Name() string { return trackNames[t] }

// Panel is what a viewer sees of the lesson; the empty viewer is somebody who has not come yet.
func (c *Class) Panel(viewer string) Panel {
	c.mu.Lock()
	room := c.room
	c.mu.Unlock()
	if room == nil {
		return Panel{}
	}
	s := room.State()
	c.mu.Lock()
	defer c.mu.Unlock()
	p := Panel{Viewers: len(c.people.here), Trouble: c.trouble, Said: c.said}
	l := c.lesson
	if l == nil {
		return p
	}
	p.Lesson, p.Title, p.Track, p.Minutes, p.AnyOrder = l.ID, l.Title, l.Track.Name(), l.Minutes, l.AnyOrder
	p.Denied = strings.Join(l.Denied, " ")
	c.place(&p)
	c.who(&p, viewer)
	if c.run != nil {
		c.fill(&p, viewer, &s)
	}
	return p
}

// place says where in its track the lesson is. It needs mu.
func (c *Class) place(p *Panel) {
	n, at := 0, 0
	var next *Lesson
	for _, l := range c.library.Lessons() {
		if l.Track != c.lesson.Track {
			continue
		}
		if n++; l.ID == c.lesson.ID {
			at = n
		} else if at > 0 && next == nil {
			next = l
		}
	}
	if at > 0 && c.lesson.Track != Play {
		p.Number = fmt.Sprintf("Lesson %d of %d", at, n)
	}
	if first := c.library.first(); c.lesson.ID == FreePlay {
		next = first
	}
	if next != nil {
		p.Next, p.NextID = next.Title, next.ID
	}
}

// first is the lesson that a newcomer begins with, nil if there is none.
func (l *Library) first() *Lesson {
	for _, x := range l.Lessons() {
		if x.Track != Play {
			return x
		}
	}
	return nil
}

func (c *Class) who(p *Panel, viewer string) {
	w := &c.people
	if w.free {
		return
	}
	p.Held = !w.vacant(c.o.Now())
	p.Holder = p.Held && viewer != "" && w.holder == viewer
	for _, v := range w.asks {
		if v == viewer {
			p.Asked = true
		}
	}
	if p.Holder {
		p.Wants = len(w.asks)
	}
}

// fill shows the steps. It needs mu.
func (c *Class) fill(p *Panel, viewer string, s *view.State) {
	r := c.run
	latest := -1
	for i := range r.steps {
		a := &r.steps[i]
		p.Steps = append(p.Steps, c.panelStep(a, i, viewer, s))
		if a.done {
			p.Done++
			latest = i
		}
	}
	if latest >= 0 && !c.lesson.AnyOrder {
		p.Steps[latest].Latest = true
	}
	if p.Done == 0 {
		p.Intro = c.lesson.Intro.HTML(r.whole(s))
	}
	if r.now < len(r.steps) && !c.lesson.AnyOrder {
		p.Marks = strings.Join(r.steps[r.now].step.Highlight, " ")
	}
	if r.over {
		p.End = c.ending(viewer, s)
	}
}

func (c *Class) panelStep(a *attempt, i int, viewer string, s *view.State) PanelStep {
	st := PanelStep{Number: i + 1, Kind: a.step.Kind, Title: a.step.Title, State: StepOpen, Count: len(a.picks)}
	switch {
	case a.done:
		st.State = StepDone
	case i == c.run.now:
		st.State = StepNow
	}
	if a.open {
		st.Prose = a.prose
		_, st.Locked = a.picks[viewer]
		c.answers(&st, a, viewer)
	}
	if a.done {
		st.Why = a.why
		return st
	}
	st.Reveal = a.open && a.step.Kind.Asks() && len(a.picks) > 0 && (c.people.free || c.people.holder == viewer || c.people.vacant(c.o.Now()))
	for _, h := range a.order {
		st.Hints = append(st.Hints, a.hints[h])
	}
	st.More = a.open && a.ready && a.more()
	if a.step.Try != nil && a.open {
		st.Do, st.Label = a.step.Try.Words(c.run.facts(a, s)), a.step.Label
	}
	return st
}

func (c *Class) answers(st *PanelStep, a *attempt, viewer string) {
	pick, picked := a.picks[viewer]
	counts := make([]int, len(a.answers))
	for _, n := range a.picks {
		counts[n]++
	}
	for k := range a.answers {
		x := PanelAnswer{Number: k + 1, Text: a.answers[k], Picked: picked && pick == k}
		if a.revealed {
			x.Right, x.Count, x.Say = a.step.Answers[k].Right, counts[k], a.says[k]
		}
		st.Answers = append(st.Answers, x)
	}
}

// ending is the summary for one viewer. It needs mu.
func (c *Class) ending(viewer string, s *view.State) *Ending {
	r := c.run
	e := &Ending{Read: c.lesson.Read, Facts: r.told, Minutes: minutes(r.took)}
	f := r.whole(s)
	var keep []string
	for _, p := range c.lesson.Remember {
		e.Remember = append(e.Remember, p.HTML(f))
		keep = append(keep, p.Text(f))
	}
	for i := range r.steps {
		a := &r.steps[i]
		if n, picked := a.picks[viewer]; picked && a.revealed {
			e.Asked++
			if a.step.Answers[n].Right {
				e.Right++
			}
		}
	}
	e.Share = c.share(e, keep)
	return e
}

// share is the ending as plain text.
func (c *Class) share(e *Ending, keep []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "I have taken “%s” on a real Raft cluster in quorumlab (%d min", c.lesson.Title, e.Minutes)
	if e.Asked > 0 {
		fmt.Fprintf(&b, ", %d of %d predictions right", e.Right, e.Asked)
	}
	b.WriteString(").\n")
	for _, line := range c.run.share {
		b.WriteString("• " + line + "\n")
	}
	b.WriteString(strings.Join(keep, " "))
	return strings.TrimSpace(b.String())
}

func minutes(d time.Duration) int { return max(1, int(math.Round(d.Minutes()))) }

// Status says how a step of the open lesson goes.
type Status struct {
	Open, Done bool
	Unfolded   []int // numbers of the hints shown, from 1
}

// Status of all steps, for who plays a lesson without a page.
func (c *Class) Status() []Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.run == nil {
		return nil
	}
	all := make([]Status, len(c.run.steps))
	for i := range all {
		a := &c.run.steps[i]
		all[i] = Status{Open: a.open, Done: a.done}
		for _, h := range a.order {
			all[i].Unfolded = append(all[i].Unfolded, h+1)
		}
	}
	return all
}

// Facts are what step i, from 0, is judged by at this moment; nil if no lesson is open.
func (c *Class) Facts(i int) *Facts {
	s := c.room.State()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.run == nil || i < 0 || i >= len(c.run.steps) {
		return nil
	}
	f := *c.run.facts(&c.run.steps[i], &s)
	f.Events = append(f.Events[:0:0], f.Events...)
	return &f
}
