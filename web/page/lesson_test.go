package page

import (
	"html/template"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/quorumlab/quorumlab/lessons"
)

func prose(s string) template.HTML { return template.HTML("<p>" + s + "</p>\n") }

// course is a lesson of three steps: one done, a prediction, one to come.
func courseOf(change func(*lessons.Panel)) lessons.Panel {
	p := lessons.Panel{Lesson: "a07", Number: "Lesson 7 of 15", Track: "Consensus", Title: "Two leaders, one truth", Minutes: 9,
		Viewers: 1, Held: true, Holder: true, Done: 1, Next: "Did my write happen?", NextID: "a08", Marks: "n4 log", Denied: "wipe",
		Steps: []lessons.PanelStep{
			{Number: 1, Kind: lessons.Act, State: lessons.StepDone, Title: "Cut them off", Prose: prose("Draw a stroke."), Why: prose("Two of five."), Latest: true},
			{Number: 2, Kind: lessons.Predict, State: lessons.StepNow, Title: "Two crowns", Prose: prose("What will the client see?"),
				Answers: []lessons.PanelAnswer{{Number: 1, Text: prose("<code>OK</code>")}, {Number: 2, Text: prose("A timeout")}}},
			{Number: 3, Kind: lessons.Act, State: lessons.StepOpen, Title: "Heal"},
		}}
	change(&p)
	return p
}

func watching(p *lessons.Panel) { p.Viewers, p.Holder = 4, false }

func ended(p *lessons.Panel) {
	p.Done = 3
	for i := range p.Steps {
		p.Steps[i].State = lessons.StepDone
	}
	p.End = &lessons.Ending{Remember: []template.HTML{prose("One a term."), prose("No commit.")}, Facts: []template.HTML{prose("n2 led.")},
		Read: []lessons.Link{{Text: "§5.2", URL: "https://raft.github.io/raft.pdf"}}, Right: 1, Asked: 2, Minutes: 7, Share: "I did it.\nTwice."}
}

func playing(p *lessons.Panel) {
	*p = lessons.Panel{Lesson: "play", Title: "A cluster to play with", AnyOrder: true, Viewers: 2, Done: 1, Next: "One node isn't enough", NextID: "a01",
		Intro: prose("Real machines."),
		Steps: []lessons.PanelStep{
			{Number: 1, Kind: lessons.Act, State: lessons.StepOpen, Title: "Put a key", Prose: prose("A block."), Do: "put pizza 4", Label: "put pizza 4"},
			{Number: 2, Kind: lessons.Act, State: lessons.StepDone, Title: "Kill the leader", Prose: prose("Crown."), Why: prose("Elected."), Do: "kill n2", Label: "Kill it"},
			{Number: 3, Kind: lessons.Act, State: lessons.StepOpen, Title: "Bring it back", Prose: prose("Disk."), Do: "restart –", Label: "Restart it"},
		}}
}

// every state that a panel can be in: what is in it, and what is not.
var panelStates = map[string]struct {
	change   func(*lessons.Panel)
	has, not []string
}{
	"nothing open":   {func(p *lessons.Panel) { *p = lessons.Panel{Viewers: 1} }, []string{"No lesson is open", `href="/lessons"`}, []string{"data-action"}},
	"being prepared": {func(p *lessons.Panel) { p.Steps = nil }, []string{"The room is being prepared", "Lesson 7 of 15 · Consensus · 9 min"}, []string{"lesson-bar", "restart"}},
	"in trouble":     {func(p *lessons.Panel) { p.Trouble = "n3 <did> not come up." }, []string{`role="alert">n3 &lt;did&gt; not come up.`}, nil},
	"intro":          {func(p *lessons.Panel) { p.Intro = prose("A cluster is …") }, []string{"A cluster is …"}, nil},
	"a question": {func(*lessons.Panel) {}, []string{"What do you predict?", `data-arg="answer 2" aria-pressed="false" aria-disabled="false"`, `aria-label="1 of 3 steps done"`,
		`id="reread-1" open data-open`, "Two of five.", `aria-current="step"`, `data-arg="restart"`, `data-arg="leave"`}, []string{"lesson-control", "have answered", "<p>A timeout"}},
	"locked in, others to come": {func(p *lessons.Panel) {
		p.Viewers = 4
		s := &p.Steps[1]
		s.Locked, s.Count, s.Reveal, s.Answers[1].Picked = true, 2, true, true
	}, []string{"Your prediction is locked in.", `aria-pressed="true" aria-disabled="true"`, "2 of 4 people have answered.", `data-arg="reveal"`, "You hold control.", "3 others watch"}, nil},
	"locked in, somebody else acts": {func(p *lessons.Panel) {
		watching(p)
		s := &p.Steps[1]
		s.Locked, s.Count, s.Answers[0].Picked = true, 1, true
	}, []string{"One of 4 people has answered. Whoever holds control shows what is right.", `data-arg="control ask"`, "Somebody else acts."}, []string{`data-arg="reveal"`, `data-arg="restart"`, `data-arg="leave"`}},
	"asked for control":    {func(p *lessons.Panel) { watching(p); p.Asked = true }, []string{"You have asked for control."}, []string{"control ask"}},
	"somebody asks for it": {func(p *lessons.Panel) { p.Viewers, p.Wants = 4, 2 }, []string{"2 people ask for control.", `data-arg="control give"`}, nil},
	"nobody asks for it":   {func(p *lessons.Panel) { p.Viewers = 2 }, []string{"One other watches and predicts along."}, []string{"control give"}},
	"control to be taken":  {func(p *lessons.Panel) { p.Viewers, p.Holder, p.Held = 4, false, false }, []string{`data-arg="control take"`}, nil},
	"revealed": {func(p *lessons.Panel) {
		p.Viewers = 6
		s := &p.Steps[1]
		s.State, s.Latest, p.Steps[0].Latest, s.Why = lessons.StepDone, true, false, prose("It has no majority.")
		s.Answers[0] = lessons.PanelAnswer{Number: 1, Text: prose("OK"), Picked: true, Count: 1, Say: prose("It never says so.")}
		s.Answers[1] = lessons.PanelAnswer{Number: 2, Text: prose("A timeout"), Right: true, Count: 3}
		p.Steps[2].State = lessons.StepNow
	}, []string{"Your answer · 1 of 4 chose it", "Right · 3 of 4 chose it", `width="75"`, "It never says so.", "It has no majority.", `id="reread-2" open data-open`},
		[]string{`data-arg="answer`, `id="reread-1" open`}},
	"revealed, alone": {func(p *lessons.Panel) {
		s := &p.Steps[1]
		s.State, s.Answers[1].Picked, s.Answers[1].Right, s.Answers[1].Count = lessons.StepDone, true, true, 1
	}, []string{"Right, and your answer"}, []string{"chose it", "<rect"}},
	"hints": {func(p *lessons.Panel) {
		p.Steps[1].State, p.Steps[2].State = lessons.StepDone, lessons.StepNow
		p.Steps[2].Hints, p.Steps[2].More = []template.HTML{prose("Press H."), prose("Look above.")}, true
	}, []string{"Hint 1", "Press H.", "Hint 2", "Another hint", `data-arg="hint"`, "when the cluster has done it"}, nil},
	"somebody else does it": {func(p *lessons.Panel) {
		watching(p)
		p.Steps[1].State, p.Steps[2].State, p.Steps[2].More = lessons.StepDone, lessons.StepNow, true
	}, []string{"Whoever holds control does this."}, []string{`data-arg="hint"`}},
	"an explanation":                        {func(p *lessons.Panel) { p.Steps[1].Kind, p.Steps[1].Answers = lessons.Explain, nil }, []string{`data-arg="next"`, "Go on"}, nil},
	"an explanation, somebody else goes on": {func(p *lessons.Panel) { watching(p); p.Steps[1].Kind, p.Steps[1].Answers = lessons.Explain, nil }, []string{"when whoever holds control does"}, []string{`data-arg="next"`}},
	"the end": {ended, []string{"What to remember", "One a term.", "No commit.", "What happened here", "n2 led.", "You were right in 1 of 2 predictions. It took 7 minutes.", "Read on",
		`href="https://raft.github.io/raft.pdf"`, `data-action="copy"`, `id="share">I did it.`, "Next lesson", "Did my write happen?", `data-arg="open a08"`, `data-arg="restart"`, `data-arg="leave"`}, []string{`aria-current="step"`}},
	"the end, somebody else goes on": {func(p *lessons.Panel) { ended(p); watching(p) }, []string{"What to remember"}, []string{"open a08", `data-arg="restart"`}},
	"free play": {playing, []string{"Take lesson 1", `data-arg="open a01"`, "All lessons", `data-action="run" data-arg="put pizza 4"`, `id="step-1" open data-open`, `data-arg="restart –" disabled>Restart it`, "(done)"},
		[]string{"lesson-control", `id="step-3" open`}},
	"free play, all of it tried": {func(p *lessons.Panel) {
		playing(p)
		for i := range p.Steps {
			p.Steps[i].State = lessons.StepDone
		}
		p.End = &lessons.Ending{Remember: []template.HTML{prose("Break it your own way.")}}
	}, []string{"Break it your own way.", `data-arg="restart"`}, nil},
}

func TestPanelsSayWhatIsSo(t *testing.T) {
	for name, c := range panelStates {
		panel := written(t, Lesson(courseOf(c.change)))
		for _, want := range c.has {
			if !strings.Contains(panel, want) {
				t.Errorf("%s: the panel does not have %q", name, want)
			}
		}
		for _, no := range c.not {
			if strings.Contains(panel, no) {
				t.Errorf("%s: the panel has %q", name, no)
			}
		}
	}
}

// TestPanelsAreWellMade holds every panel to what people with a keyboard or a screen reader need, and to what the page's
// policy allows.
func TestPanelsAreWellMade(t *testing.T) {
	for name, c := range panelStates {
		panel := written(t, Lesson(courseOf(c.change)))
		doc, err := html.Parse(strings.NewReader(panel))
		if err != nil {
			t.Fatal(err)
		}
		ids, titled, focus := map[string]bool{}, 0, 0
		for n := range doc.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			if id := attr(n, "id"); id != "" {
				if ids[id] {
					t.Errorf("%s: the id %q is there twice", name, id)
				}
				ids[id] = true
			}
			switch n.Data {
			case "button", "a", "summary":
				if strings.TrimSpace(plain(n)) == "" && attr(n, "aria-label") == "" {
					t.Errorf("%s: a %s has no name", name, n.Data)
				}
				if n.Data == "button" && (attr(n, "type") != "button" || attr(n, "id") == "") {
					t.Errorf("%s: the button %q has no type or no id: it would lose the focus", name, plain(n))
				}
			case "h2":
				titled++
			case "script", "style", "iframe":
				t.Errorf("%s: there is a %s", name, n.Data)
			}
			if has(n, "data-focus") {
				focus++
				if !has(n, "tabindex") {
					t.Errorf("%s: %q cannot take the focus", name, plain(n))
				}
			}
			if has(n, "style") {
				t.Errorf("%s: <%s> has a style", name, n.Data)
			}
			if of := attr(n, "aria-labelledby"); of != "" && !strings.Contains(panel, `id="`+of+`"`) {
				t.Errorf("%s: %q names nothing", name, of)
			}
		}
		if titled != 1 || focus != 1 {
			t.Errorf("%s: %d titles, %d places for the focus", name, titled, focus)
		}
		if !balanced(panel) {
			t.Errorf("%s: a parser reads it otherwise than it is written: %s", name, panel)
		}
	}
}

// balanced says whether a parser finds the same tags in the same order as they are written.
func balanced(panel string) bool {
	doc, err := html.ParseFragment(strings.NewReader(panel), &html.Node{Type: html.ElementNode, Data: "section", DataAtom: atom.Section})
	if err != nil {
		return false
	}
	var read []string
	for _, top := range doc {
		if top.Type == html.ElementNode {
			read = append(read, top.Data)
		}
		for n := range top.Descendants() {
			if n.Type == html.ElementNode {
				read = append(read, n.Data)
			}
		}
	}
	var wrote []string
	for tokens := html.NewTokenizer(strings.NewReader(panel)); ; {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			return slices.Equal(read, wrote)
		}
		if name, _ := tokens.TagName(); kind == html.StartTagToken || kind == html.SelfClosingTagToken {
			wrote = append(wrote, string(name))
		}
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func plain(n *html.Node) string {
	all := ""
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			all += d.Data
		}
	}
	return all
}

func TestAnswersStandInButtonsWithoutParagraphs(t *testing.T) {
	for from, want := range map[template.HTML]string{
		"<p>It is <code>OK</code>.</p>\n": "It is <code>OK</code>.",
		"plain":                           "plain",
		"<p>one</p>\n<p>two</p>\n":        "one<br>two",
	} {
		if got := inline(from); got != want {
			t.Errorf("%q became %q, not %q", from, got, want)
		}
	}
}

func TestTheFrameHasAllThatThePageNeeds(t *testing.T) {
	f := LessonFrame(courseOf(func(p *lessons.Panel) { p.Said = "Step 1 is done." }), nil)
	if f.ID != "a07" || f.Marks != "n4 log" || f.Denied != "wipe" || f.Said != "Step 1 is done." || f.Done != 1 || f.Steps != 3 || !strings.Contains(f.HTML, "Two crowns") {
		t.Errorf("the frame is %+v", f)
	}
}

// BenchmarkPanel is what one change of a lesson costs for each viewer.
func BenchmarkPanel(b *testing.B) {
	p := courseOf(panelStates["revealed"].change)
	b.ReportAllocs()
	for b.Loop() {
		LessonFrame(p, nil)
	}
}
