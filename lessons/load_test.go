package lessons

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
)

// entire is a lesson with everything in it; tests break it in one place each.
const entire = `---
id: a01
title: One is not enough
track: A
minutes: 5
nodes: 3
rate: workshop
forbid: [wipe, member-add]
setup:
  - put x 1
  - until commit >= 3
misconception: One good machine will do.
authority: Raft paper, §1
remember:
  - Copies keep it alive.
  - A majority decides.
read:
  - {text: The paper, url: https://raft.github.io/raft.pdf}
summary:
  - "{{ ops.size() }} commands."
---
The store runs on {{ nodes.size() }} machines.

## What will happen?

Somebody pulls a plug.

` + "```step" + `
kind: predict
answers:
  - text: It goes on.
    right: true
    say: It does.
  - text: It stops.
` + "```" + `

It goes on.

## Kill the leader

Type ` + "`kill {{ leader.id }}`" + `.

` + "```step" + `
kind: act
check: nodes.exists(n, !n.up)
highlight: [n1, n1-n2, stage]
hints:
  - say: Click it.
    when: ops.exists(o, o.kind == "put")
  - Press **K**.
solve:
  - kill {{ leader.id }} &
  - wait 300ms
wrong:
  - do: [put y 2]
    hint: 1
` + "```" + `

## Why

` + "```step" + `
kind: explain
` + "```" + `

Two of three are a majority.
`

// loaded is a library of one file.
func loaded(t *testing.T, text string) (*Lesson, Problems) {
	t.Helper()
	l, err := Load(Source{FS: fstest.MapFS{"a01.md": {Data: []byte(text)}}, Name: "x"})
	if err != nil {
		var problems Problems
		if !errors.As(err, &problems) || len(problems) == 0 {
			t.Fatalf("the error is no list of problems: %v", err)
		}
		return nil, problems
	}
	return l.Lessons()[0], nil
}

// TestEmbeddedLessonsLoad is what the program does when it starts.
func TestEmbeddedLessonsLoad(t *testing.T) {
	if _, err := Load(Embedded()); err != nil {
		t.Fatal(err)
	}
}

func TestEntireLessonLoads(t *testing.T) {
	l, problems := loaded(t, entire)
	if problems != nil {
		t.Fatal(problems)
	}
	if l.ID != "a01" || l.Track != Consensus || l.Minutes != 5 || l.Nodes != 3 || l.Rate != 250_000 || !l.PreVote || l.AnyOrder || l.File != "x/a01.md" ||
		len(l.Setup) != 2 || len(l.Remember) != 2 || len(l.Read) != 1 || len(l.Summary) != 1 || len(l.Denied) != 2 || l.Denied[0] != "wipe" || l.Hash == "" {
		t.Errorf("the header is read as %+v", l)
	}
	if len(l.Steps) != 3 {
		t.Fatalf("%d steps", len(l.Steps))
	}
	ask, act, why := l.Steps[0], l.Steps[1], l.Steps[2]
	if ask.Kind != Predict || ask.Line != 24 || ask.Title != "What will happen?" || len(ask.Answers) != 2 || !ask.Answers[0].Right || ask.Answers[1].Right || ask.Why == nil {
		t.Errorf("the question is read as %+v", ask)
	}
	if act.Kind != Act || act.Check == nil || act.Why != nil || len(act.Highlight) != 3 || len(act.Hints) != 2 || act.Hints[0].When == nil || act.Hints[1].When != nil ||
		len(act.Solve) != 2 || !act.Solve[0].Async() || act.Solve[1].Wait() != 300_000 || len(act.Wrong) != 1 || act.Wrong[0].Hint != 1 {
		t.Errorf("the task is read as %+v", act)
	}
	if why.Kind != Explain || why.Why == nil || why.Prose != nil {
		t.Errorf("the explanation is read as %+v", why)
	}
}

// Windows' line ends and its mark at the beginning of a file change nothing.
func TestLinesMayEndAsOnWindows(t *testing.T) {
	l, problems := loaded(t, "\uFEFF"+strings.ReplaceAll(entire, "\n", "\r\n"))
	if problems != nil || len(l.Steps) != 3 || l.Steps[1].Line != 39 {
		t.Errorf("%v, %+v", problems, l)
	}
}

func TestAllowDeniesTheRest(t *testing.T) {
	l, problems := loaded(t, strings.Replace(entire, "forbid: [wipe, member-add]", "allow: [kill, put, member add]", 1))
	if problems != nil {
		t.Fatal(problems)
	}
	denied := strings.Join(l.Denied, " ")
	for _, verb := range []string{"get", "wipe", "restart", "member-remove"} {
		if !strings.Contains(denied, verb) {
			t.Errorf("%s is not denied: %s", verb, denied)
		}
	}
	for _, verb := range []string{"kill", "put", "member-add", "freeze", "thaw", "step", "rate", "none"} {
		if strings.Contains(" "+denied+" ", " "+verb+" ") {
			t.Errorf("%s is denied: %s", verb, denied)
		}
	}
}

func TestManyProblemsAreToldTogether(t *testing.T) {
	text := strings.NewReplacer("track: A", "track: Z", "nodes: 3", "nodes: 30", "!n.up", "!n.upp").Replace(entire)
	_, problems := loaded(t, text)
	if len(problems) != 3 || problems[0].Line != 4 || problems[1].Line != 6 || problems[2].Line != 45 {
		t.Errorf("%v", problems)
	}
	if n := strings.Count(problems.Error(), "\n"); n != 2 {
		t.Errorf("%d lines in\n%v", n+1, problems)
	}
}

func TestUnreadableFilesAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		text []byte
		want string
	}{
		"empty":     {nil, "x/a01.md:1: the file does not begin with a header: a line ---, keys such as id and title, and another line ---"},
		"no header": {[]byte("# Hello\n"), "x/a01.md:1: the file does not begin with a header: a line ---, keys such as id and title, and another line ---"},
		"open":      {[]byte("---\nid: a01\n"), "x/a01.md:1: the file does not begin with a header: a line ---, keys such as id and title, and another line ---"},
		"NUL":       {[]byte("---\nid: a\x00\n---\n"), "x/a01.md:2: there is a NUL byte here: a lesson is plain text"},
		"latin-1":   {[]byte("---\nid: a01\ntitle: Gr\xfc\xdfe\n---\n"), "x/a01.md:3: there is something here that is not UTF-8: save the file as UTF-8"},
		"too big":   {bytes.Repeat([]byte("a\n"), MaxFile), "x/a01.md: the file has more than 64 KB, which no lesson needs: split it"},
		"just big":  {bytes.Repeat([]byte("a"), MaxFile+1), "x/a01.md: the file has more than 64 KB, which no lesson needs: split it"},
	} {
		if _, problems := loaded(t, string(c.text)); problems.Error() != c.want {
			t.Errorf("%s: got %v\nwant %s", name, problems, c.want)
		}
	}
	more := strings.Repeat("\n## Why\n\nBecause.\n\n```step\nkind: explain\n```\n"+strings.Repeat("a", 3000)+"\n", MaxSteps-3)
	largest := entire + more[:len(more)-3000]
	largest += strings.Repeat("\n", MaxFile-len(largest))
	if _, problems := loaded(t, largest); problems != nil {
		t.Errorf("the largest file is refused: %v", problems)
	}
}
