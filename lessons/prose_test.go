package lessons

import (
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// trio is a room of three that n2 leads in term 3; n3 is down.
func trio() *Facts {
	s := &view.State{}
	members := []event.Member{{ID: 1, Suffrage: event.Voter}, {ID: 2, Suffrage: event.Voter}, {ID: 3, Suffrage: event.Voter}}
	for id := event.NodeID(1); id <= 3; id++ {
		s.Apply(event.Event{Kind: event.MachineAdded, Node: id})
		s.Apply(event.Event{Kind: event.Started, Node: id, Term: 3})
		s.Apply(event.Event{Kind: event.MembersSet, Node: id, Members: members})
	}
	s.Apply(event.Event{Kind: event.RoleChanged, Node: 2, Role: event.Leader, Term: 3})
	s.Apply(event.Event{Kind: event.Appended, Node: 2, Index: 1, Term: 3, Entry: event.EntryCommand, Op: 1, Text: "x=<1>"})
	s.Apply(event.Event{Kind: event.Stopped, Node: 3, Reason: event.Killed})
	since := s.Clone()
	return &Facts{Now: s, Since: &since, Start: &since}
}

func TestProseIsMarkdownWithFacts(t *testing.T) {
	f := trio()
	for _, c := range []struct{ markdown, html, text string }{
		{"Hello *there* **you**.", "<p>Hello <em>there</em> <strong>you</strong>.</p>\n", "Hello there you."},
		{"One\ntwo  \nthree", "<p>One\ntwo<br>\nthree</p>\n", "One two three"},
		{"One.\n\nTwo.", "<p>One.</p>\n<p>Two.</p>\n", "One. Two."},
		{"- a\n- b", "<ul><li>a</li>\n<li>b</li>\n</ul>\n", "a b"},
		{"1. a\n2. b", "<ol><li>a</li>\n<li>b</li>\n</ol>\n", "a b"},
		{"> quoted", "<blockquote><p>quoted</p>\n</blockquote>\n", "quoted"},
		{"### Small", "<h3>Small</h3>\n", "Small"},
		{"a\n\n---\n\nb", "<p>a</p>\n<hr>\n<p>b</p>\n", "a b"},
		{`3 < 5 & "so" \* &copy; 'it'`, "<p>3 &lt; 5 &amp; &quot;so&quot; * © 'it'</p>\n", `3 < 5 & "so" * © 'it'`},
		{"[paper](https://raft.github.io/?a=1&b=2)", `<p><a href="https://raft.github.io/?a=1&amp;b=2" rel="noopener noreferrer" target="_blank">paper</a></p>` + "\n", "paper"},
		{"<https://raft.github.io>", `<p><a href="https://raft.github.io" rel="noopener noreferrer" target="_blank">https://raft.github.io</a></p>` + "\n", "https://raft.github.io"},
		{"`nextIndex <x>`", "<p><code>nextIndex &lt;x&gt;</code></p>\n", "nextIndex <x>"},
		{"    code & more\n", "<pre><code>code &amp; more</code></pre>\n", "code & more"},

		{"{{ leader.id }} leads in term {{ leader.term }}.", "<p>n2 leads in term 3.</p>\n", "n2 leads in term 3."},
		{"{{ nodes.map(n, n.id) }} are {{ nodes.size() }}", "<p>n1, n2, n3 are 3</p>\n", "n1, n2, n3 are 3"},
		{"{{ leader.drift }} {{ leader.up }} {{ 0.25 }}", "<p>1 true 0.25</p>\n", "1 true 0.25"},
		{"{{ node.n9.id }} and {{ nodes[7].id }}", "<p>– and –</p>\n", "– and –"},
		{"Label {{ leader.log[0].label }} `{{ leader.log[0].label }}`", "<p>Label x=&lt;1&gt; <code>x=&lt;1&gt;</code></p>\n", "Label x=<1> x=<1>"},
		{"**{{ leader.id }}**_{{ term }}_", "<p><strong>n2</strong><em>3</em></p>\n", "n23"},
		{"{{ \"a}}b\" + '}}' }}!", "<p>a}}b}}!</p>\n", "a}}b}}!"},
		{"{{ [1,\n2].size() }}", "<p>2</p>\n", "2"},

		{"Type `kill {{ leader.id }}`.", "<p>Type " + button("kill n2") + ".</p>\n", "Type kill n2."},
		{"Type `kill {{ node.n9.id }}`.", "<p>Type <code>kill –</code>.</p>\n", "Type kill –."},
		{"`partition {{ [\"n1\", \"n2\"] }} | n3`", "<p>" + button("partition n1 n2 | n3") + "</p>\n", "partition n1, n2 | n3"},
		{"`put x \"<b>\"`", "<p>" + `<button type="button" class="cmd" data-action="type" data-arg="put x &#34;&lt;b&gt;&#34;" title="Put it into the console"><code>put x &#34;&lt;b&gt;&#34;</code></button>` + "</p>\n", `put x "<b>"`},
		{"`wipe n1`", "<p><code>wipe n1</code></p>\n", "wipe n1"},
		{"```\nput x 1\nheal\n```", `<p class="cmds">` + button("put x 1") + "<br>\n" + button("heal") + "</p>\n", "put x 1 heal"},
		{"```\nput x 1\nthen wait\n```", "<pre><code>put x 1\nthen wait</code></pre>\n", "put x 1 then wait"},
	} {
		p, faults := newProse(c.markdown, setting{denied: []string{"wipe"}})
		if faults != nil {
			t.Errorf("%q: %v", c.markdown, faults)
			continue
		}
		if got := string(p.HTML(f)); got != c.html {
			t.Errorf("%q\n got %s\nwant %s", c.markdown, got, c.html)
		}
		if got := p.Text(f); got != c.text {
			t.Errorf("%q\n got the text %q\nwant %q", c.markdown, got, c.text)
		}
	}
}

// An answer is a button itself, so its text is bare and nothing in it can be clicked.
func TestAnswersAreBare(t *testing.T) {
	p, faults := newProse("It is `kill n1`, *surely*: {{ leader.id }}.", setting{bare: true, still: true})
	if faults != nil {
		t.Fatal(faults)
	}
	if got := string(p.HTML(trio())); got != "It is <code>kill n1</code>, <em>surely</em>: n2." {
		t.Error(got)
	}
}

func TestNoProseIsNothing(t *testing.T) {
	var p *Prose
	if p.HTML(trio()) != "" || p.Text(trio()) != "" {
		t.Error("prose that is not there says something")
	}
}

// attack are elements that no lesson may bring to a page.
var attack = []string{"<script", "<img", "<b>", "<iframe", "<svg", "<div"}

// FuzzProse reads any text with any insert: it is refused, or what comes out is no markup of its own.
func FuzzProse(f *testing.F) {
	f.Add("Hello **{{ leader.id }}** `kill {{ leader.id }}`", "x=<script>")
	f.Add("[a](javascript:alert(1)) <b>x</b> ![x](https://a/b)", "n1")
	f.Add("{{ leader.log[0].label }} `{{leader.log[0].label}}`\n\n```\nput x {{ leader.log[0].label }}\n```", "\"><img src=x onerror=y>")
	f.Add("{{ '}}' }}{{", "")
	f.Add("- a\n  - b\n\n> c\n\n\uE000", "\x00")
	f.Fuzz(func(t *testing.T, markdown, label string) {
		facts := trio()
		facts.Now.Nodes[1].Log.At(0).Label = label
		for _, in := range []setting{{}, {bare: true}, {bare: true, still: true}} {
			p, faults := newProse(markdown, in)
			lines := strings.Count(markdown, "\n") + 1
			for _, w := range faults {
				if w.line < 1 || w.line > lines || w.text == "" {
					t.Fatalf("%q has %d lines, and a fault in line %d: %q", markdown, lines, w.line, w.text)
				}
			}
			if (p == nil) == (faults == nil) {
				t.Fatalf("%q: %v and %v", markdown, p, faults)
			}
			page := strings.ToLower(string(p.HTML(facts)))
			for _, bad := range attack {
				if strings.Contains(page, bad) {
					t.Fatalf("%q came out as %s", markdown, page)
				}
			}
			if strings.Contains(page, `href="javascript`) || strings.Contains(p.Text(facts), "\n") {
				t.Fatalf("%q came out as %s", markdown, page)
			}
		}
	})
}
