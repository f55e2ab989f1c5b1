package lessons

import (
	"strings"
	"testing"
)

// refusals break the entire lesson in one place each, and pin what is said about it.
var refusals = []struct {
	old, new string
	line     int
	want     string
}{
	// YAML and its keys
	{"check: nodes.exists(n, !n.up)", `check: "leader" == leader.role`, 45, "the step block is no YAML: value is not allowed in this context"},
	{"track: A", "track: A: B", 4, "the header is no YAML: mapping value is not allowed in this context"},
	{"track: A", "track: [A", 5, "the header is no YAML: ',' or ']' must be specified"},
	{"track: A", "track: A\nid: a02", 5, `the header is no YAML: mapping key "id" already defined`},
	{"track: A", "track: A\ntrak: B", 5, `the header knows no key "trak": did you mean "track"?`},
	{"track: A", "track: A\ncolour-of-the-sky: B", 5, `the header knows no key "colour-of-the-sky": it knows id, title, track, minutes, needs, nodes, rate, prevote, setup, allow, forbid, order, remember, read, misconception, authority, summary`},
	{"title: One is not enough", "title: [a, b]", 3, "title is no text: put it in quotes if it is meant to be one"},
	{"title: One is not enough", "title:", 3, "title is empty"},
	{"title: One is not enough\n", "", 1, "the header has no title"},
	{"title: One is not enough", "title: " + strings.Repeat("long ", 20), 3, "the title has more than 80 characters: shorten it"},
	{"kind: explain", "kind: explain\n? a\n: b", 63, "the step block has a key that is no plain word"},
	{"kind: explain", "explain", 61, "the step block is no list of keys and values, such as kind: …"},
	{"kind: explain", "kind: explain\n...\n---\nkind: act", 62, "the step block is more than one YAML document: leave out the line ---"},
	{"text: It stops.", "texd: It stops.", 34, `answers knows no key "texd": did you mean "text"?`},
	{"say: Click it.", "sai: Click it.", 48, `hints knows no key "sai": did you mean "say"?`},
	{"url: https", "urn: https", 18, `read knows no key "urn": did you mean "url"?`},
	{"do: [put y 2]", "doo: [put y 2]", 55, `wrong knows no key "doo": did you mean "do"?`},

	// the header
	{"id: a01", "id: A 1", 2, `the id is "A 1": give a short one of small letters and digits, such as a07`},
	{"track: A", "track: Z", 4, `the track is "Z": it is one of A (consensus), B (the store), C (on call), P (free play)`},
	{"minutes: 5", "minutes: 61", 5, `minutes is "61": give a whole number from 1 to 60`},
	{"minutes: 5", "minutes: soon", 5, `minutes is "soon": give a whole number from 1 to 60`},
	{"minutes: 5\n", "", 1, "the header says nothing about minutes: tell how many the lesson takes"},
	{"nodes: 3", "nodes: 10", 6, `nodes is "10": give a whole number from 1 to 9`},
	{"rate: workshop", "rate: 300", 7, "the rate is wrong: "},
	{"rate: workshop", "prevote: perhaps", 7, `prevote is "perhaps": say true or false`},
	{"rate: workshop", "order: random", 7, `the order is "random": leave it out, or say any`},
	{"forbid: [wipe, member-add]", "forbid: [wype]", 8, `forbid names "wype", which is no command: did you mean "wipe"?`},
	{"forbid: [wipe, member-add]", "forbid: [wipe]\nallow: [put]", 8, "it has both allow and forbid: one of them says all"},
	{"  - A majority decides.\n", "", 14, "remember has 1 sentences: a lesson has two of them"},
	{"  - A majority decides.", "  - A majority decides.\n  - And another.", 14, "remember has 3 sentences: a lesson has two of them"},
	{"misconception: One good machine will do.\n", "", 1, "the header has no misconception: say which belief the lesson corrects, and who says otherwise"},
	{"authority: Raft paper, §1\n", "", 1, "the header has no authority: say which belief the lesson corrects, and who says otherwise"},
	{"read:\n  - {text: The paper, url: https://raft.github.io/raft.pdf}\n", "", 1, "the header has no read: say where to read on"},
	{"https://raft", "http://raft", 18, `the link to "http://raft.github.io/raft.pdf" is refused: only https:// links are allowed`},
	{"https://raft.github.io/raft.pdf", "javascript:alert(1)", 18, `the link to "javascript:alert(1)" is refused: only https:// links are allowed`},
	{"rate: workshop", "needs: [a02]", 7, `it needs "a02", but there is no such lesson: did you mean "a01"?`},
	{"rate: workshop", "needs: a01", 7, "it needs itself: a01 needs a01"},

	// the structure
	{"## Why\n", "## Why\n\n## Why else\n", 59, `the step "Why" has no step block: add one, fenced with ` + "```step and ```" + `, with at least its kind`},
	{"Two of three", "```step\nkind: explain\n```\nTwo of three", 65, `the step "Why" has a second step block: one step, one block`},
	{"The store runs", "```step\nkind: explain\n```\nThe store runs", 22, "this step block belongs to no step: a step begins with a heading ## Title"},
	{"kind: explain\n```", "kind: explain", 61, "the step block that begins here is never closed: add a line ```"},
	{"## Why\n", "##\n", 59, "the heading has no title"},
	{"kind: explain", "kind: explayn", 62, `the kind of the step is "explayn": it is one of predict, act, observe, explain, transfer`},
	{"kind: explain", "check: commit > 1", 61, `the step block has no kind: it is one of predict, act, observe, explain, transfer`},
	{"Two of three", "# Big\n\nTwo of three", 65, "a heading of this size begins a step of its own: use ### inside a text"},

	// HTML and links
	{"Somebody pulls a plug.", "Somebody <b>pulls</b> a plug.", 26, "HTML has no place in a lesson: write Markdown, and put code between backticks"},
	{"Somebody pulls a plug.", "Somebody pulls\na <script>alert(1)</script> plug.", 27, "HTML has no place in a lesson: write Markdown, and put code between backticks"},
	{"Somebody pulls a plug.", "<div onclick=x()>\nhello\n</div>", 26, "HTML has no place in a lesson: write Markdown, and put code between backticks"},
	{"Somebody pulls a plug.", "![a plug](https://example.org/plug.png)", 26, "a lesson shows no pictures: the room is the picture"},
	{"Somebody pulls a plug.", "Read [this](http://example.org).", 26, `the link to "http://example.org" is refused: only https:// links are allowed`},
	{"Somebody pulls a plug.", "Read [this](javascript:alert(1)).", 26, `the link to "javascript:alert(1)" is refused: only https:// links are allowed`},
	{"Somebody pulls a plug.", "Read [this](/relative).", 26, `the link to "/relative" is refused: only https:// links are allowed`},
	{"Somebody pulls a plug.", "Write to <me@example.org>.", 26, `the link to "me@example.org" is refused: only https:// links are allowed`},
	{"Somebody pulls a plug.", "Read [this](https://example.org/{{leader.id}}).", 26, "a link cannot have an insert in its address"},
	{"text: It stops.", "text: It [stops](https://example.org).", 34, "text: an answer has no links: it is a button itself"},
	{"text: It stops.", "text: \"It stops.\\n\\nReally.\"", 34, "text: an answer is one paragraph"},
	{"text: It stops.", "text: It <i>stops</i>.", 34, "text: an answer is one paragraph, of words, code and emphasis only"},
	{"say: Click it.", "say: |\n      Click it.\n\n      <img src=x>", 51, "say: HTML has no place in a lesson: write Markdown, and put code between backticks"},
	{"Somebody pulls a plug.", "Somebody \uE003 pulls a plug.", 26, "it has characters for private use (U+E000 and on), which have no meaning"},

	// CEL
	{"!n.up)", "!n.upp)", 45, "check: undefined field 'upp' (at character 19)"},
	{"!n.up)", "!n.up", 45, "check: Syntax error: missing ')' at '<EOF>' (at character 22)"},
	{"!n.up)", "n.term)", 45, "check: expected type 'bool' but found 'int' (at character 18)"},
	{"nodes.exists(n, !n.up)", "nodez.exists(n, !n.up)", 45, "check: undeclared reference to 'nodez' (at character 1)"},
	{"nodes.exists(n, !n.up)", "commit + 1", 45, "check: it gives int instead of bool"},
	{"nodes.exists(n, !n.up)", "|\n  nodes.exists(n,\n    n.roll == \"leader\")", 47, "check: undefined field 'roll' (at character 4)"},
	{"nodes.exists(n, !n.up)", "'true'", 45, "check: nothing that happens can change it, so the step could not be reached or would be done at once"},
	{"nodes.exists(n, !n.up)", "1 + 1 == 3", 45, "check: nothing that happens can change it, so the step could not be reached or would be done at once"},
	{"nodes.exists(n, !n.up)", "since.commit > start.commit", 45, "check: nothing that happens can change it, so the step could not be reached or would be done at once"},
	{"nodes.exists(n, !n.up)", "events.size() > 0", 45, `check: it asks for events but names no kind of event in words, such as "truncated", so it would see none`},
	{"nodes.exists(n, !n.up)", `events.exists(e, e.kind == "truncatd")`, 45, `check: "truncatd" is no kind of event: did you mean "truncated"?`},
	{"nodes.exists(n, !n.up)", `events.exists(e, e.kind == "stopped" && e.reason in ["killed", "shot"])`, 45, `check: "shot" is no reason`},
	{"nodes.exists(n, !n.up)", `leader.role == "leadr"`, 45, `check: "leadr" is no role: did you mean "leader"?`},
	{"nodes.exists(n, !n.up)", `ops.exists(o, o.kind == "putt" && o.outcome == "fine")`, 45, `check: "putt" is no command: did you mean "put"?`},
	{"nodes.exists(n, !n.up)", `messages.exists(m, m.type == "append")`, 45, `check: "append" is no type of a message`},
	{"nodes.exists(n, !n.up)", `members.exists(m, m.suffrage != "votr")`, 45, `check: "votr" is no suffrage: did you mean "voter"?`},
	{"nodes.exists(n, !n.up)", `leader.id == "4"`, 45, `check: "4" is not a node: nodes are called n1, n2 and so on`},
	{"nodes.exists(n, !n.up)", `node.leader.up`, 45, `check: "leader" is not a node: nodes are called n1, n2 and so on`},
	{"nodes.exists(n, !n.up)", `node["3"].up`, 45, `check: "3" is not a node: nodes are called n1, n2 and so on`},
	{"nodes.exists(n, !n.up)", `leader == since.leader`, 45, "check: it compares whole things: compare a field of them, such as id"},
	{"nodes.exists(n, !n.up)", `nodes == since.nodes`, 45, "check: it compares whole things: compare a field of them, such as id"},
	{"nodes.exists(n, !n.up)", `dyn(nodes[0]).up == true`, 45, "check: nobody can tell before it runs what .up is of"},
	{"nodes.exists(n, !n.up)", `'lessons.Node{id: "n1"}.up || lit'`, 45, "check: it makes a lessons.Node of its own, but facts are only told"},
	{"nodes.exists(n, !n.up)", "nodes.exists(a, nodes.exists(b, nodes.exists(c, nodes.exists(d, nodes.exists(e, e.up)))))", 45, "check: it has 5 loops inside each other, and 4 are the most"},
	{"nodes.exists(n, !n.up)", "lit" + strings.Repeat(" && lit", 300), 45, "check: it has 2103 characters, and 2000 are the most"},
	{`o.kind == "put"`, `o.kind == "pot"`, 49, `when: "pot" is no command: did you mean "put"?`},
	{"kind: act", "kind: act\nfreeze: comit > 1", 45, "freeze: undeclared reference to 'comit' (at character 1)"},

	// nodes that cannot be there
	{"check: nodes.exists(n, !n.up)", "check: '!node.n4.up'", 45, "check names n4, but the lesson has 3 nodes and does without member-add"},
	{"when: ops.exists(o, o.kind == \"put\")", "when: leader.id == \"n4\"", 48, "hints names n4, but the lesson has 3 nodes and does without member-add"},
	{"  - kill {{ leader.id }} &", "  - partition n1 n2 | n3 n4", 52, `the line "partition n1 n2 | n3 n4" names n4, but the lesson has 3 nodes and does without member-add`},

	// inserts
	{"{{ nodes.size() }}", "{{ nodes.sise() }}", 22, "the insert {{ nodes.sise() }} is wrong: undeclared reference to 'sise' (at character 11)"},
	{"{{ nodes.size() }}", "{{ nodes }}", 22, "the insert {{ nodes }} is wrong: it gives list(lessons.Node) instead of string or int or double or bool or list(string)"},
	{"{{ nodes.size() }}", "{{ nodes.size()", 22, "an insert that begins with {{ is never closed: add }}"},
	{"{{ nodes.size() }}", strings.Repeat("{{commit}}", MaxInserts+1), 22, "it has more than 64 inserts"},

	// lines
	{"  - put x 1", "  - putt x 1", 10, `the line "putt x 1" of setup is wrong: the console does not take it: unknown command "putt": did you mean put?`},
	{"  - put x 1", "  - put x", 10, `the line "put x" of setup is wrong: the console does not take it: put needs a VALUE here`},
	{"  - put x 1", "  - history", 10, `the line "history" of setup is wrong: only the page answers it, it asks the room for nothing`},
	{"until commit >= 3", "until comit >= 3", 11, `the line "until comit >= 3" of setup is wrong: undeclared reference to 'comit' (at character 1)`},
	{"wait 300ms", "wait a while", 53, `the line "wait a while" of solve is wrong: "a while" is no time to wait: give one such as 2s or 300ms, at most 60s`},
	{"wait 300ms", "wait 2m", 53, `the line "wait 2m" of solve is wrong: "2m" is no time to wait: give one such as 2s or 300ms, at most 60s`},
	{"kill {{ leader.id }} &", "kill {{ leader.name }} &", 52, `the line "kill {{ leader.name }} &" of solve is wrong: the insert {{ leader.name }} is wrong: undefined field 'name' (at character 7)`},
	{"kill {{ leader.id }} &", "wipe n2", 52, `the line "wipe n2" cannot be given: the lesson does without wipe`},
	{"do: [put y 2]", "do: [wipe n2]", 55, `the line "wipe n2" cannot be given: the lesson does without wipe`},
	{"wait 300ms", "|\n    wait 1s\n    wait 2s", 54, `the line "wait 1s wait 2s" of solve is wrong: it is a list of its own: a line has only one line`},
	{"  - wait 300ms", strings.Repeat("  - wait 1ms\n", MaxLines), 51, "solve has 65 lines, and 64 are the most"},

	// bounds of texts and blocks
	{"Somebody pulls a plug.", strings.Repeat("a", MaxText), 25, "it has more than 8 KB, which nobody reads: shorten it"},
	{"kind: explain", "kind: explain #" + strings.Repeat("a", MaxBlock), 62, "the step block has more than 16 KB: shorten it"},

	// what fits a step
	{"    right: true\n", "", 30, `no answer of "What will happen?" is right: say right: true at one`},
	{"text: It stops.", "text: It stops.\n    right: true", 30, `every answer of "What will happen?" is right, so it is no question`},
	{"  - text: It stops.\n", "", 30, `the question "What will happen?" has 1 answers: give 2 to 4`},
	{"  - text: It stops.", strings.Repeat("  - text: It stops.\n", 4), 30, `the question "What will happen?" has 5 answers: give 2 to 4`},
	{"text: It stops.", "right: false", 34, "an answer has no text"},
	{"Somebody pulls a plug.", "", 24, `the question "What will happen?" has no text`},
	{"kind: predict", "kind: predict\ncheck: lit", 30, "a predict has no check: only act and observe do"},
	{"kind: explain", "kind: explain\nhints: [Look]", 63, "an explain has no hints: only act and observe do"},
	{"Two of three are a majority.", "", 59, `the step "Why" explains nothing: it has no text`},
	{"check: nodes.exists(n, !n.up)\n", "", 44, `the step "Kill the leader" has no check: nobody could tell when it is done`},
	{"kind: act", "kind: act\nanswers: [{text: Yes, right: true}, {text: No}]", 45, "an act has no answers: only predict and transfer do"},
	{"hints:\n  - say: Click it.\n    when: ops.exists(o, o.kind == \"put\")\n  - Press **K**.\n", "", 44, `the step "Kill the leader" has no hints: who is in trouble needs at least one`},
	{"    hint: 1", "    hint: 3", 56, `hint is "3": give a whole number from 0 to 2`},
	{"  - do: [put y 2]\n    hint: 1", "  - hint: 1", 55, "a wrong way has no lines: it needs do"},
	{"highlight: [n1, n1-n2, stage]", "highlight: [stge]", 46, `highlight names "stge": it knows n1 to n9, links such as n1-n2, and stage, log, console, lamps, lanes, rate`},
	{"kind: act", "kind: act\ntry: kill n1\nlabel: Kill it", 45, "try is for lessons with order: any; elsewhere the learner does it"},
	{"kind: act", "kind: act\nlabel: Kill it", 45, "a label without try: there is no button that it could stand on"},
	{"kind: act", "kind: act\nunwinnable: true", 45, `the step "Kill the leader" is unwinnable and has a solution: one of them is wrong`},
	{"rate: workshop", "order: any", 29, `a predict of "What will happen?" needs an order: with order: any there are only act and observe`},
	{"  - Press **K**.", strings.Repeat("  - Press **K**.\n", MaxHints), 47, "the step has 9 hints, and 8 are the most"},
	{"## Why", strings.Repeat("## Why\n\nBecause.\n\n```step\nkind: explain\n```\n\n", MaxSteps-2) + "## Why", 235, "this step is one too many: a lesson has at most 24"},
}

// TestEachFaultIsOneSentence: file, line and what to do about it.
func TestEachFaultIsOneSentence(t *testing.T) {
	for _, c := range refusals {
		if !strings.Contains(entire, c.old) {
			t.Fatalf("the lesson has no %q to break", c.old)
		}
		text := strings.Replace(entire, c.old, c.new, 1)
		_, problems := loaded(t, text)
		found := false
		for _, p := range problems {
			found = found || p.File == "x/a01.md" && p.Line == c.line && strings.HasPrefix(p.Text, c.want)
			if strings.ContainsAny(p.Text, "\n\r\t") {
				t.Errorf("%q is not one line", p.Text)
			}
		}
		if !found {
			t.Errorf("with %q instead of %q\n got %v\nwant x/a01.md:%d: %s", c.new, c.old, problems, c.line, c.want)
		}
	}
}
