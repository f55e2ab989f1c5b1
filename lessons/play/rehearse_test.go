package play

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/lessons"
)

// sheet is a lesson file in pieces, so that a test can write one of them badly.
type sheet struct {
	header string // beyond what every lesson has
	steps  []string
}

const (
	question = "## How many?\nHow many?\n```step\nkind: predict\nanswers:\n  - text: One\n    right: true\n  - text: Two\n```\n"
	end      = "## The end\nThat is all.\n```step\nkind: explain\n```\n"
)

// act is a step that is to be done; more is further YAML.
func act(check, solve, more string) string {
	return fmt.Sprintf("## Do it\nDo it.\n```step\nkind: act\ncheck: >-\n  %s\nsolve:\n  - %s\nhints:\n  - A hint.\n%s```\n", check, solve, more)
}

const putDone = `ops.exists(o, o.kind == "put" && o.outcome == "ok")`

// read loads the lesson t01 that the sheet holds.
func (s sheet) read(t *testing.T) (*lessons.Library, *lessons.Lesson) {
	t.Helper()
	text := "---\nid: t01\ntitle: A test\ntrack: P\nminutes: 1\nnodes: 3\n" + s.header + "---\nAn intro.\n\n" + strings.Join(s.steps, "\n")
	lib, err := lessons.Load(lessons.Source{Name: "tests", FS: fstest.MapFS{"t01.md": {Data: []byte(text)}}})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return lib, lib.Lesson("t01")
}

// lineOf is the line of the file in which the step stands that holds the words.
func (s sheet) lineOf(l *lessons.Lesson, words string) string {
	for i, text := range s.steps {
		if strings.Contains(text, words) {
			return fmt.Sprintf("%s:%d: ", l.File, l.Steps[i].Line)
		}
	}
	return "no step has the words " + words
}

func part(t *testing.T, lib *lessons.Library, l *lessons.Lesson, name string) Part {
	t.Helper()
	for _, p := range Parts(lib, l) {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("%s has no rehearsal %s", l.ID, name)
	return Part{}
}

func TestAGoodLessonPassesEveryRehearsal(t *testing.T) {
	lib, l := sheet{"setup:\n  - put x 1\n", []string{question, act(putDone, "put x 2", "wrong:\n  - do: [get x, get x, get x, get x]\n    hint: 1\n"), end}}.read(t)
	for _, p := range Parts(lib, l) {
		if p.Name == "hour" {
			continue // TestLessons has hours enough
		}
		if _, err := p.Play(t.TempDir()); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
	if took, errs := Idle(lib, []*lessons.Lesson{l}, IdleMost, t.TempDir()); errs[l.ID] != nil || took != IdleMost {
		t.Error(took, errs)
	}
}

func TestAStepThatTimeDoesIsFoundByIdling(t *testing.T) {
	s := sheet{"", []string{question, act(`now > 20000`, "wait 30s", ""), end}}
	lib, l := s.read(t)
	_, errs := Idle(lib, []*lessons.Lesson{l, l}, IdleMost, t.TempDir())
	err := errs[l.ID]
	if err == nil || !strings.Contains(err.Error(), s.lineOf(l, "now >")) || !strings.Contains(err.Error(), "although nobody did anything") {
		t.Error(err)
	}
}

// Everything that may be wrong with what a lesson file records is found, and told with file, line and a picture.
func TestWhatIsWrongWithALessonIsFound(t *testing.T) {
	late := `now > 20000`
	for name, c := range map[string]struct {
		sheet sheet
		part  string
		about string // words of the step that is blamed; "": a line
		says  []string
	}{
		"holds in the prepared room": {sheet{"setup:\n  - put x 1\n", []string{question, act("revision > 1", "put x 2", ""), end}}, "solved", "revision >",
			[]string{"done before anything was done for it", "“revision > 1” holds already", "leads term"}},
		"the solution does not solve it": {sheet{"", []string{act(putDone, "get x", ""), end}}, "solved", putDone,
			[]string{"is not done by its solution", putDone, "“get x” ok", "n1 ", "leads term"}},
		"there is no solution": {sheet{"", []string{strings.Replace(act(putDone, "", ""), "solve:\n  - \n", "", 1), end}}, "solved", putDone,
			[]string{"has no solution"}},
		"a wrong way does it": {sheet{"", []string{act(putDone, "put x 1", "wrong:\n  - do: [put y 1]\n"), end}}, "wrong-1.1", putDone,
			[]string{"is done, but not by what should do it", "“put y 1”"}},
		"the hint does not unfold": {sheet{"", []string{act(putDone, "put x 1", "wrong:\n  - do: [get x]\n    hint: 1\n"), end}}, "wrong-1.1", putDone,
			[]string{"should have unfolded hint 1"}},
		"time does it": {sheet{"", []string{question, act(putDone, "put x 1", ""), act(late, "put x 2", ""), end}}, "idle", late,
			[]string{"although nobody did anything"}},
		"what is waited for never comes": {sheet{"", []string{act(putDone, `until term > 90`, ""), end}}, "solved", "",
			[]string{"t01.md:", "until term > 90", "did not come true within 60 virtual seconds", "leads term"}},
		"a wait in a frozen room": {sheet{"", []string{act(putDone, "freeze\n  - wait 2s", ""), end}}, "solved", "",
			[]string{"t01.md:", "the room is frozen"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lib, l := c.sheet.read(t)
			_, err := part(t, lib, l, c.part).Play(t.TempDir())
			if err == nil {
				t.Fatal("nothing was found")
			}
			if c.about != "" && !strings.Contains(err.Error(), c.sheet.lineOf(l, c.about)) {
				t.Errorf("not about %q: %v", c.sheet.lineOf(l, c.about), err)
			}
			for _, words := range c.says {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("it does not say %q: %v", words, err)
				}
			}
		})
	}
}

func TestAStepBehindAnUnwinnableOneCannotBeReached(t *testing.T) {
	lib, l := sheet{"", []string{strings.Replace(act("!lit", "", ""), "solve:\n  - \n", "unwinnable: true\n", 1), end}}.read(t)
	if _, err := part(t, lib, l, "solved").Play(t.TempDir()); err == nil || !strings.Contains(err.Error(), "cannot be reached") {
		t.Error(err)
	}
}

// A set-up that does not work leaves a sentence, and a room in which one can play.
func TestAFailedStagingLeavesARoomThatWorks(t *testing.T) {
	_, bad := sheet{"setup:\n  - put x 1\n  - restart n2\n", []string{end}}.read(t)
	s := openStage(t, cluster.Options{Nodes: 1}, nil)
	err := s.Stage(bad)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%s:%d: restart n2: n2 runs", bad.File, bad.Setup[1].Number)) {
		t.Fatal(err)
	}
	state := s.State()
	if len(state.Nodes) != 3 || state.Leader() == nil || len(state.Ops) != 0 {
		t.Errorf("%d nodes, %d commands", len(state.Nodes), len(state.Ops))
	}
	if r := s.Do(t.Context(), event.Command{Kind: event.Put, Key: "x", Value: "1"}); r.Outcome != event.OK {
		t.Error(r.Error)
	}
}

// A new room that cannot be prepared is not left half prepared.
func TestAFailedOpeningLeavesNothing(t *testing.T) {
	_, bad := sheet{"setup:\n  - restart n2\n", []string{end}}.read(t)
	dir := t.TempDir()
	if s, err := Open(cluster.Options{Dir: dir, NoSync: true}, bad); err == nil {
		t.Error("opened", errors.Join(s.Close()))
	}
	_, good := sheet{"setup:\n  - put x 1\n  - wait 2s\n  - until node.n3.revision == 2\n", []string{end}}.read(t)
	s := openStage(t, cluster.Options{Dir: dir}, good)
	if state := s.State(); state.Node(3).Revision != 2 || state.At < 2*second {
		t.Errorf("at %d: %+v", state.At, state.Node(3))
	}
}
