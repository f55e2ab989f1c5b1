package tale_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/tale"
	"github.com/quorumlab/quorumlab/cluster/view"
)

const (
	ms     event.Micros = 1_000
	second              = 1_000 * ms
)

// lab is a real room that moves only when the test says so.
type lab struct {
	*testing.T
	*cluster.Room
}

// openLab opens a room of n nodes that n1 leads.
func openLab(t *testing.T, n int) *lab {
	t.Helper()
	r, err := cluster.Open(cluster.Options{Dir: t.TempDir(), Nodes: n, Manual: true, NoSync: true, Rate: event.One, Seed: 1,
		Warn: func(err error) { t.Error(err) }, Fatal: func(err error) { t.Error(err); panic(err) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	l := &lab{t, r}
	l.lead(1)
	return l
}

// lead has a node lead, and everybody know it.
func (l *lab) lead(id event.NodeID) {
	l.Helper()
	for range 20 {
		if s := l.State(); s.Leader() == nil || s.Leader().ID != id {
			l.do(event.Command{Kind: event.Transfer, Node: id})
		}
		if l.Await(3*second, func(s *view.State) bool { return settled(s, id) }) {
			return
		}
	}
	l.Fatalf("%v does not lead", id)
}

// settled says that id leads, everybody follows it and has and knows everything.
func settled(s *view.State, id event.NodeID) bool {
	l := s.Leader()
	if l == nil || l.ID != id || l.Entry(l.Last) == nil || l.Entry(l.Last).Term != l.Term {
		return false
	}
	for i := range s.Nodes {
		if n := &s.Nodes[i]; n.Up && (n.Leader != id || n.Commit != l.Last || n.Last != l.Last || n.Applied != l.Last) {
			return false
		}
	}
	return true
}

// do moves time until the command is answered.
func (l *lab) do(c event.Command) event.Result {
	l.Helper()
	return l.end(l.Begin(c))
}

func (l *lab) end(answer <-chan event.Result) event.Result {
	l.Helper()
	for range 100_000 {
		select {
		case r := <-answer:
			return r
		default:
		}
		if l.frozen() {
			return <-answer
		}
		l.Advance(ms)
	}
	l.Fatal("no answer within 100 virtual seconds")
	return event.Result{}
}

func (l *lab) frozen() (still bool) {
	l.Journal().With(func(s *view.State) { still = s.Rate == 0 })
	return still
}

// ok is do for what must succeed.
func (l *lab) ok(c event.Command) event.Result {
	l.Helper()
	r := l.do(c)
	if r.Outcome != event.OK {
		l.Fatalf("%s: %v, %s", cluster.Words(c), r.Outcome, r.Error)
	}
	return r
}

// until lets time go on until something is so.
func (l *lab) until(what string, so func(*view.State) bool) {
	l.Helper()
	if !l.Await(60*second, so) {
		l.Fatalf("after a virtual minute still not: %s", what)
	}
}

// answer asks a question now.
func (l *lab) answer(words string) tale.Answer {
	l.Helper()
	s := l.State()
	m := tale.Moment{Journal: l.Journal(), State: &s}
	q, ok := tale.Ask(m, strings.Fields(words))
	if !ok {
		l.Errorf("“why %s” cannot be asked", words)
		return tale.Answer{}
	}
	return tale.Why(m, q)
}

// why asks a question and compares the sentence. In want … stands for anything; after | come words that some fact must have.
func (l *lab) why(words, want string) {
	l.Helper()
	a := l.answer(words)
	l.Logf("why %s\n  %s\n  %s\n%s", words, a.Question.Text, a.Sentence, facts(a))
	sentence, fact, _ := strings.Cut(want, "|")
	if !matches(sentence, a.Sentence) {
		l.Errorf("why %s\n%s\nwanted\n%s", words, a.Sentence, sentence)
	}
	if fact != "" && !strings.Contains(facts(a), fact) {
		l.Errorf("why %s: no fact says %q:\n%s", words, fact, facts(a))
	}
	if len(a.Facts) == 0 {
		l.Errorf("why %s: the answer rests on nothing", words)
	}
	l.sound(a)
}

// unasked says that a question does not arise.
func (l *lab) unasked(words string) {
	l.Helper()
	if a := l.answer(words); !strings.HasPrefix(a.Sentence, "This question does not arise") {
		l.Errorf("%s: %s", a.Question.Text, a.Sentence)
	}
}

// sound says whether an answer names things that are there, and leaves no place in its sentences open.
func (l *lab) sound(a tale.Answer) {
	l.Helper()
	s := l.State()
	for _, f := range a.Facts {
		if f.Seq > s.Seq {
			l.Errorf("%s: a fact of the future: %+v", a.Question.Words(), f)
		}
		for _, n := range regexp.MustCompile(`\bn\d+\b`).FindAllString(f.Mark, -1) {
			if id, err := event.ParseNodeID(n); err != nil || s.Node(id) == nil {
				l.Errorf("%s: there is no %s: %+v", a.Question.Words(), n, f)
			}
		}
	}
	text := a.Question.Text + "\n" + a.Sentence
	for _, f := range a.Facts {
		text += "\n" + f.Words
	}
	if regexp.MustCompile(`\{\d\}|  |\.\.|: \.`).MatchString(text) {
		l.Errorf("%s: %s", a.Question.Words(), text)
	}
}

func facts(a tale.Answer) string {
	var b strings.Builder
	for _, f := range a.Facts {
		b.WriteString("    [" + f.Mark + "] " + f.Words + "\n")
	}
	return b.String()
}

func matches(pattern, text string) bool {
	parts := strings.Split(strings.TrimSpace(pattern), "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(text)
}

func put(key, value string) event.Command {
	return event.Command{Kind: event.Put, Key: key, Value: value}
}

func on(id event.NodeID, c event.Command) event.Command {
	c.Node = id
	return c
}

func order(k event.CommandKind, id event.NodeID) event.Command {
	return event.Command{Kind: k, Node: id}
}

func pair(k event.CommandKind, a, b event.NodeID, oneWay bool) event.Command {
	return event.Command{Kind: k, Node: a, Peer: b, OneWay: oneWay}
}

func split(groups ...[]event.NodeID) event.Command {
	return event.Command{Kind: event.Partition, Groups: groups}
}

type ids = []event.NodeID
