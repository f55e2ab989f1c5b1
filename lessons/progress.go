package lessons

import (
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// progressVersion is the layout of the progress file.
const progressVersion = 1

// progress is what is kept of a class between two lives of its room.
type progress struct {
	Version int             `json:"version"`
	Lesson  string          `json:"lesson"`
	Hash    string          `json:"hash"`
	Began   time.Time       `json:"began"`
	Took    time.Duration   `json:"took,omitempty"`
	Holder  string          `json:"holder,omitempty"`
	Start   []byte          `json:"start"` // a checkpoint frame
	Own     []uint64        `json:"own,omitempty"`
	Steps   []stepProgress  `json:"steps"`
	Over    bool            `json:"over,omitempty"`
	Told    []template.HTML `json:"told,omitempty"`
	Share   []string        `json:"share,omitempty"`
}

type stepProgress struct {
	Ready    bool                  `json:"ready,omitempty"` // it is judged: what the lesson does itself is done
	Done     bool                  `json:"done,omitempty"`
	Froze    bool                  `json:"froze,omitempty"`
	Since    []byte                `json:"since,omitempty"`
	Prose    template.HTML         `json:"prose,omitempty"`
	Answers  []template.HTML       `json:"answers,omitempty"`
	Says     []template.HTML       `json:"says,omitempty"`
	Why      template.HTML         `json:"why,omitempty"`
	Hints    map[int]template.HTML `json:"hints,omitempty"`
	Order    []int                 `json:"order,omitempty"`
	Picks    map[string]int        `json:"picks,omitempty"`
	Revealed bool                  `json:"revealed,omitempty"`
}

// keep writes the progress whenever it has changed.
func (c *Class) keep() {
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-c.unsaved:
		}
		if err := c.save(); err != nil {
			c.o.Warn(err)
		}
	}
}

// save writes the progress, whole or not at all.
func (c *Class) save() error {
	c.mu.Lock()
	p := c.snapshot()
	c.mu.Unlock()
	if p == nil || c.o.File == "" {
		return nil
	}
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.o.File+".new", b, 0o600); err != nil {
		return fmt.Errorf("the lesson's progress cannot be written: %w", err)
	}
	return os.Rename(c.o.File+".new", c.o.File)
}

// snapshot needs mu. It is nil while the room is staged: what was before is gone then, and what comes has not begun.
func (c *Class) snapshot() *progress {
	r := c.run
	if r == nil {
		return nil
	}
	p := &progress{Version: progressVersion, Lesson: c.lesson.ID, Hash: c.lesson.Hash, Began: r.began, Took: r.took,
		Holder: c.people.holder, Start: r.start.bytes(), Over: r.over, Told: r.told, Share: r.share}
	for op := range r.own {
		p.Own = append(p.Own, op)
	}
	for i := range r.steps {
		p.Steps = append(p.Steps, r.steps[i].snapshot(c.lesson.AnyOrder))
	}
	return p
}

func (a *attempt) snapshot(anyOrder bool) stepProgress {
	s := stepProgress{Ready: a.ready, Done: a.done, Froze: a.froze, Prose: a.prose, Answers: a.answers, Says: a.says, Why: a.why,
		Hints: make(map[int]template.HTML, len(a.hints)), Order: append([]int(nil), a.order...), Picks: make(map[string]int, len(a.picks)),
		Revealed: a.revealed}
	for k, v := range a.hints {
		s.Hints[k] = v
	}
	for k, v := range a.picks {
		s.Picks[k] = v
	}
	if a.ready && !a.done && !anyOrder {
		s.Since = a.since.bytes()
	}
	return s
}

// moment is a state that is kept, and its checkpoint frame once somebody asks for it.
type moment struct {
	state view.State
	frame []byte
}

func momentOf(s *view.State) *moment { return &moment{state: s.Clone()} }

func (m *moment) bytes() []byte {
	if m.frame == nil {
		s := &m.state
		m.frame = event.AppendFrame(nil, &event.Frame{Type: event.FrameCheckpoint, Seq: s.Seq, At: s.At, Wall: s.Wall, Events: view.Restate(s)})
	}
	return m.frame
}

// thaw reads what bytes gave.
func thaw(b []byte) (*moment, error) {
	f, err := event.DecodeFrame(b)
	if err != nil {
		return nil, err
	}
	m := &moment{frame: b}
	for _, e := range f.Events {
		m.state.Apply(e)
	}
	m.state.Seq, m.state.At, m.state.Wall = f.Seq, f.At, f.Wall
	return m, nil
}

// load reads the progress file; nil if there is none.
func (c *Class) load() (*progress, error) {
	if c.o.File == "" {
		return nil, nil
	}
	b, err := os.ReadFile(c.o.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the lesson's progress cannot be read: %w", err)
	}
	var p progress
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("%s is damaged (%w); the lesson begins anew", c.o.File, err)
	}
	if p.Version != progressVersion {
		return nil, fmt.Errorf("%s was written in layout %d, this program reads layout %d; the lesson begins anew", c.o.File, p.Version, progressVersion)
	}
	return &p, nil
}

// resume goes on where the progress left off. What was done stays done; the open step is judged from now on, compared
// with the room as it was when the step began. It returns false when the lesson is not there any more.
func (c *Class) resume(p *progress) bool {
	l := c.library.Lesson(p.Lesson)
	if l == nil {
		return false
	}
	if l.Hash != p.Hash || len(p.Steps) != len(l.Steps) {
		c.complain("The file of this lesson has changed, so it begins anew; restart it if the room is not as it says.")
		c.begin(l)
		return true
	}
	start, err := thaw(p.Start)
	if err != nil {
		c.o.Warn(fmt.Errorf("%s is damaged (%w); the lesson begins anew", c.o.File, err))
		c.begin(l)
		return true
	}
	s := c.room.State()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lesson = l
	c.people.begin(l)
	if !l.AnyOrder {
		c.people.holder, c.people.left = p.Holder, c.o.Now()
	}
	r := newRun(c, l, start)
	r.began, r.took, r.over, r.told, r.share = p.Began, p.Took, p.Over, p.Told, p.Share
	for _, op := range p.Own {
		r.own[op] = true
	}
	c.run = r
	for i := range p.Steps {
		r.steps[i].resume(&p.Steps[i])
	}
	c.openNext(&s)
	c.touch()
	return true
}

// resume takes a step's progress back.
func (a *attempt) resume(p *stepProgress) {
	a.open, a.done, a.froze = p.Done, p.Done, p.Froze
	a.prose, a.answers, a.says, a.why, a.revealed = p.Prose, p.Answers, p.Says, p.Why, p.Revealed
	for k, v := range p.Hints {
		if k < len(a.step.Hints) {
			a.hints[k] = v
		}
	}
	for _, k := range p.Order {
		if k < len(a.step.Hints) {
			a.order = append(a.order, k)
		}
	}
	for k, v := range p.Picks {
		if v >= 0 && v < len(a.step.Answers) {
			a.picks[k] = v
		}
	}
	if !p.Ready || p.Done || len(p.Since) == 0 {
		return
	}
	if since, err := thaw(p.Since); err == nil { // else the step begins now
		a.open, a.ready, a.dirty, a.since = true, true, true, since
	}
}
