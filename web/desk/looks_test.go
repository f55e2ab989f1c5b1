package desk

import (
	"flag"
	"fmt"
	"html"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/event"
	ill "github.com/quorumlab/quorumlab/cluster/fault"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/tale"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/web/languages"
)

var (
	seedFlag   = flag.Uint64("seed", rand.Uint64N(1_000_000), "of what TestEveryLook does and where it looks")
	stormsFlag = flag.Int("storms", 1, "recordings of chaos that TestEveryLook makes")
	placesFlag = flag.Int("places", 1, "moments of each recording that TestEveryLook looks at")
	looksFlag  = flag.Int("looks", 12, "things that it looks at in each moment, chosen at random; 0: all that there are")
)

// TestEveryLook draws what can be looked at, at moments of recordings of situations and of chaos: nothing panics, is empty, or says
// what no sentence may say.
func TestEveryLook(t *testing.T) {
	t.Logf("-seed %d", *seedFlag)
	files, err := filepath.Glob("../../cluster/journal/testdata/*.qlr")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			j, _, err := journal.Read(f)
			if err != nil {
				t.Fatal(err)
			}
			lookAround(t, j, rand.New(rand.NewPCG(*seedFlag, 1)))
		})
	}
	for i := range *stormsFlag {
		t.Run(fmt.Sprintf("storm %d", *seedFlag+uint64(i)), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(*seedFlag+uint64(i), 2))
			lookAround(t, storm(t, random, *seedFlag+uint64(i)), random)
		})
	}
}

// storm is the recording of a room in which all goes wrong that can: what chaos does, and what it leaves alone. It sleeps twice.
func storm(t *testing.T, random *rand.Rand, seed uint64) *journal.Journal {
	o := cluster.Options{Dir: t.TempDir(), Nodes: []int{3, 5, 4, 1, 7}[seed%5], Manual: true, NoSync: true, Rate: event.One, Seed: seed, NoPreVote: seed%3 == 0, Keep: 64 << 20,
		Warn: func(err error) { t.Log(err) }, Fatal: func(err error) { panic(err) }}
	faults := ill.NewChooser(seed, event.One)
	var j *journal.Journal
	for life := range 3 {
		r, err := cluster.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		for range 30 {
			s := r.State()
			if len(s.Nodes) == 0 {
				break // the last one has left
			}
			if random.IntN(3) == 0 {
				r.Begin(faults.Next(&s))
			}
			if random.IntN(6) == 0 {
				r.Begin(mischief(random, &s))
			}
			r.Begin(request(random, &s))
			r.Advance(event.Micros(random.IntN(400_000)))
		}
		j = r.Journal()
		if life < 2 {
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		t.Cleanup(func() { _ = r.Close() }) // what is held up then has no answer any more
	}
	return j
}

// mischief is what chaos does not do.
func mischief(random *rand.Rand, s *view.State) event.Command {
	id := s.Nodes[random.IntN(len(s.Nodes))].ID
	kinds := []event.CommandKind{event.MemberAdd, event.MemberPromote, event.MemberDemote, event.MemberRemove, event.Wipe, event.Corrupt, event.Snapshot, event.Heal,
		event.Restart, event.Resume, event.Release, event.Undo, event.Drop, event.Deliver, event.Duplicate, event.Reorder, event.PreVote, event.Mend}
	c := event.Command{Kind: kinds[random.IntN(len(kinds))], Node: id, Timeout: 2_000_000}
	// Only these are about something else.
	//exhaustive:ignore
	switch c.Kind {
	case event.MemberAdd:
		c.Node = 0
	case event.Corrupt:
		c.File = []string{"", "wal", "stable", "snapshot"}[random.IntN(4)]
	case event.Drop, event.Deliver, event.Duplicate, event.Reorder:
		c.Node = 0
		if n := len(s.Messages); n > 0 {
			c.Message = s.Messages[random.IntN(n)].ID
		}
	case event.PreVote:
		c.Node, c.On = 0, random.IntN(2) == 0
	case event.Heal, event.Undo, event.Release:
		c.Node = 0
	case event.Mend:
		c.Peer = s.Nodes[random.IntN(len(s.Nodes))].ID
	}
	return c
}

// request is a client's.
func request(random *rand.Rand, s *view.State) event.Command {
	c := event.Command{Kind: []event.CommandKind{event.Put, event.Put, event.Put, event.Get, event.Del}[random.IntN(5)], Node: s.Nodes[random.IntN(len(s.Nodes))].ID,
		Key: string(rune('a' + random.IntN(4))), Timeout: event.Micros(1_000 + random.IntN(3_000_000))}
	if c.Kind == event.Put {
		c.Value = fmt.Sprint(random.IntN(100))
	}
	c.Serializable = c.Kind == event.Get && random.IntN(2) == 0
	return c
}

// lookAround draws at moments of a recording: at its ends, and where something has just happened.
func lookAround(t *testing.T, j *journal.Journal, random *rand.Rand) {
	reach := j.Reach()
	seqs := []uint64{reach.First - 1, reach.Head}
	for range *placesFlag {
		seqs = append(seqs, reach.First+random.Uint64N(reach.Head-reach.First+1))
		kinds := []event.Kind{event.RoleChanged, event.Stopped, event.Suspended, event.Answered, event.Truncated, event.MembersSet, event.Held, event.Dropped, event.Woke, event.SnapshotInstalled}
		if at, err := j.After(seqs[len(seqs)-1], journal.Search{Kinds: journal.KindsOf(kinds[random.IntN(len(kinds))])}); err == nil && at != 0 {
			seqs = append(seqs, at)
		}
	}
	memory := NewMemory()
	for i, seq := range seqs {
		state, err := j.StateAt(seq)
		if err != nil {
			t.Fatal(err)
		}
		m := Moment{Journal: j, State: &state, Words: languages.Of(languages.All[i%len(languages.All)].Tag), Live: random.IntN(4) == 0, Recording: "/rooms/x.qlr"}
		if random.IntN(2) == 0 {
			m.Memory = memory
		}
		all := looks(m, random)
		random.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
		if *looksFlag > 0 {
			all = all[:min(len(all), *looksFlag)]
		}
		for _, look := range all {
			inspect(t, m, look)
		}
	}
}

// looks are what one can look at in a moment.
func looks(m Moment, random *rand.Rand) (all []string) {
	all = []string{"ops", "timeline 390", "timeline 1040", "palette", "marks", "share https://example.org/x", "chaos", "why"}
	if m.Journal.Reach().Closed {
		all = append(all, "story") // of what has ended
	}
	subjects := []tale.Subject{tale.Room()}
	about := func(s tale.Subject, look string) {
		subjects, all = append(subjects, s), append(all, look)
	}
	s := m.State
	some := func(n int) int { return max(0, n-1-random.IntN(8)) }
	for i := range s.Nodes {
		n := &s.Nodes[i]
		about(tale.OfNode(n.ID), "node "+n.ID.String())
		all = append(all, "node "+n.ID.String()+" find a")
		for k := range i {
			about(tale.OfLink(n.ID, s.Nodes[k].ID), "link "+n.ID.String()+" "+s.Nodes[k].ID.String())
		}
		for _, index := range []uint64{1, n.Commit, n.Commit + 1, n.Last, n.Last + 1, 1 + random.Uint64N(n.Last+1)} {
			if index > 0 {
				about(tale.OfEntry(n.ID, index), fmt.Sprint("entry ", n.ID, " ", index))
			}
		}
	}
	for i := some(len(s.Messages)); i < len(s.Messages); i++ {
		about(tale.OfMessage(s.Messages[i].ID), fmt.Sprint("message ", s.Messages[i].ID))
	}
	for i := some(len(s.Ops)); i < len(s.Ops); i++ {
		about(tale.OfOp(s.Ops[i].ID), fmt.Sprint("op ", s.Ops[i].ID))
	}
	for _, l := range s.Safety {
		all = append(all, "lamp "+l.Property.String())
	}
	for seq := s.Seq - min(s.Seq, 12); seq <= s.Seq; seq++ {
		if list, err := m.Journal.Events(max(seq, 1), 1); err == nil && len(list) == 1 && list[0].Seq <= s.Seq {
			all = append(all, fmt.Sprint("event ", list[0].Seq))
			if list[0].Msg != 0 {
				about(tale.OfMessage(list[0].Msg), fmt.Sprint("message ", list[0].Msg))
			}
		}
	}
	for _, subject := range subjects {
		for _, q := range tale.Questions(m.tale(), subject) {
			all = append(all, "why "+q.Words())
		}
	}
	return all
}

// What no text may have: places left open, what Go prints of what is not there, machines that cannot be, times before their beginning,
// doubled or lost marks.
var unsaid = regexp.MustCompile(`\{\d\}|%!|<nil>|\bn0\b|\bNaN\b|\bInf\b|[^\d]-\d+(\.\d+)? ?(s|ms|µs|min|h)\b|\b0 (of|von) 0\b|\.\.|[^ ] [.,;]|: \.|\(\)|\( |,,|!\.|\?\.|none none|pending: pending`)

var (
	blanks = regexp.MustCompile(`\S  +\S`)
	tag    = regexp.MustCompile(`<[^>]*>`)
	answer = regexp.MustCompile(`(?s)<p class="(?:what|why-answer|whys-first|nothing)[^"]*"[^>]*>(.*?)</p>`)
	quoted = regexp.MustCompile(`(?s)<(code|pre|textarea)\b.*?</(code|pre|textarea)>`)
)

// inspect draws something and reads it.
func inspect(t *testing.T, m Moment, look string) {
	t.Helper()
	where := fmt.Sprintf("%q at %d of %d", look, m.State.Seq, m.Journal.Reach().Head)
	defer func() {
		if cause := recover(); cause != nil {
			t.Errorf("%s: %v\n%s", where, cause, debug.Stack())
		}
	}()
	p := draw(m, look)
	for _, part := range tag.Split(quoted.ReplaceAllString(p.HTML, ""), -1) {
		part = html.UnescapeString(part)
		if found := unsaid.FindString(part); found != "" {
			t.Errorf("%s: %q in: %s", where, found, part)
		}
		if blanks.MatchString(strings.ReplaceAll(part, "\n", " ")) && !strings.Contains(part, "\n") {
			t.Errorf("%s: two blanks in: %s", where, part)
		}
	}
	if text := plain(p.HTML); len(text) < 3 {
		t.Errorf("%s: nothing is said: %s", where, p.HTML)
	} else if strings.Contains(text, "There is nothing to see of") && !strings.HasPrefix(look, "why") && !strings.HasPrefix(look, "message") && !strings.HasPrefix(look, "entry") {
		t.Errorf("%s: %s", where, text)
	}
	sentences := answer.FindAllStringSubmatch(p.HTML, -1)
	if words, why := strings.CutPrefix(look, "why"); why {
		if q, ok := tale.Ask(m.tale(), strings.Fields(words)); ok {
			for _, f := range tale.Why(m.tale(), q).Facts {
				sentences = append(sentences, []string{"", html.EscapeString(f.Words)})
			}
		}
	}
	for _, a := range sentences {
		if text := plain(a[1]); text == "" || !strings.ContainsAny(text[len(text)-1:], ".!?:)") && !strings.HasSuffix(text, "…") {
			t.Errorf("%s: no sentence: %q", where, text)
		}
	}
}
