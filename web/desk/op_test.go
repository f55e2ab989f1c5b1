package desk

import (
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

func TestOpPanelDrawsThePath(t *testing.T) {
	l := openLab(t)
	leader := l.leader()
	asked := leader%3 + 1
	put := l.ok(event.Command{Kind: event.Put, Key: "x", Value: "1", Node: asked})
	l.run(500_000)
	p := l.draw("op "+number(put.Op), "put x 1", "Request 1, asked of "+asked.String(), "OK after ", ": revision 2.", "It is entry "+number(put.Index)+" of term "+number(put.Term),
		"forwards the request", "wrote entry "+number(put.Index), "entry "+number(put.Index)+": x=1", "has it", "knows that", "committed", "applied, revision 2", "ok, revision 2")
	if again := Draw(l.moment(), "op 1"); again.HTML != p.HTML {
		t.Error("op 1 is not the room's first request")
	}
	wellFormed(t, p.HTML[strings.Index(p.HTML, "<svg"):strings.Index(p.HTML, "</svg>")+len("</svg>")])
	file := attribute(t, p.HTML, `href="data:image/svg+xml;charset=utf-8,`)
	svg, err := url.PathUnescape(file)
	if err != nil || !strings.HasPrefix(svg, `<svg xmlns="http://www.w3.org/2000/svg"`) || !strings.Contains(svg, "<style>") {
		t.Errorf("%v: %.200s", err, svg)
	}
	wellFormed(t, svg)
	mermaid := attribute(t, p.HTML, `id="desk-mermaid" data-action="copy" data-arg="`)
	for _, want := range []string{"sequenceDiagram\n", "  client-&gt;&gt;" + asked.String() + ": put x 1\n", "  Note over " + leader.String() + ": committed\n",
		"  " + asked.String() + "--&gt;&gt;client: ok, revision 2\n"} {
		if !strings.Contains(mermaid, want) {
			t.Errorf("%q is not in %s", want, mermaid)
		}
	}
}

// What its client cannot know is not told as if it did.
func TestOutcomesAreNotBlurred(t *testing.T) {
	l := openLab(t)
	leader := l.leader()
	others := []event.NodeID{leader%3 + 1, (leader+1)%3 + 1}
	l.ok(event.Command{Kind: event.Partition, Groups: [][]event.NodeID{{leader}, others}})
	put := l.do(event.Command{Kind: event.Put, Key: "y", Value: "9", Node: leader})
	if put.Outcome != event.Unknown {
		t.Fatalf("%v: %s", put.Outcome, put.Error)
	}
	l.draw("op "+number(put.Op), "outcome unknown", "its client cannot tell", "neither committed nor overwritten")
	l.run(3_000_000)
	l.ok(event.Command{Kind: event.Heal})
	l.run(5_000_000)
	l.draw("op "+number(put.Op), "its client cannot tell", "it did not happen", "cut it off its log")
	get := l.do(event.Command{Kind: event.Get, Key: "y", Node: l.leader()})
	l.draw("op "+number(get.Op), "A read writes no entry")
	l.draw("ops", "put y 9", "unknown", "get y")
	l.draw("ops unknown", "put y 9", "1 request")
	l.draw("ops ok find y", "get y")
	l.draw("ops find nothing like it", "None fits")
	if html := Draw(l.moment(), "ops unknown").HTML; strings.Contains(html, "get y") {
		t.Error(plain(html))
	}
}

// A memory saves work and changes nothing, wherever those who share it look.
func TestMemoryChangesNothing(t *testing.T) {
	l, memory := openLab(t), NewMemory()
	put := l.ok(event.Command{Kind: event.Put, Key: "x", Value: "1"})
	var moments []Moment
	for range 40 {
		m := l.moment()
		m.Live = false // the questions of a living room's panel may be a second old
		moments = append(moments, m)
		l.run(10_000)
	}
	moments = append(moments, moments[0], moments[20])
	for i, m := range moments {
		for _, words := range []string{"op " + number(put.Op), "op 9", "node n1"} {
			plain := Draw(m, words)
			m.Memory = memory
			if with := Draw(m, words); with != plain {
				t.Fatalf("moment %d, %s:\n%s\nwithout memory\n%s", i, words, with.HTML, plain.HTML)
			}
			m.Memory = nil
		}
	}
}

// attribute is what stands in an attribute that begins so.
func attribute(t *testing.T, html, begins string) string {
	t.Helper()
	_, rest, there := strings.Cut(html, begins)
	value, _, closed := strings.Cut(rest, `"`)
	if !there || !closed {
		t.Fatalf("no %s in %s", begins, html)
	}
	return value
}

func wellFormed(t *testing.T, svg string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
	}
}

// What people type is no Mermaid: neither a comment, nor the end of a statement, nor a formula.
func TestMermaidTextIsText(t *testing.T) {
	got := mermaidText("put a;b #1 \"q\" %%{init}%% <br/>\n$$x$$ wrap: style:#f")
	for _, bad := range []string{"\n", "%%", "<", ">", "$", ":", " #1"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q is in %q", bad, got)
		}
	}
	if rest := strings.NewReplacer("#35;", "", "#36;", "", "#37;", "", "#58;", "", "#59;", "", "#lt;", "", "#gt;", "").Replace(got); strings.ContainsAny(rest, "#;") {
		t.Errorf("%q", got)
	}
}
