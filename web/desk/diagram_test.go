package desk

import (
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/tale"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// everyStep is a path with a step of each kind and a message of each fate, whose request, entry and message are called so.
func everyStep(text string, nodes []event.NodeID) *tale.Path {
	e := event.Event{Seq: 1, Op: 1, Node: nodes[0], Peer: nodes[len(nodes)-1], Type: event.AppendEntries, N: 1, Index: 3, Term: 2, Text: text}
	p := &tale.Path{ID: 1, Asked: e, Nodes: nodes, Left: 2}
	for kind := tale.StepAsked; kind <= tale.StepAnswered; kind++ {
		for fate := tale.UnderWay; fate <= tale.GotLost; fate++ {
			end := e
			end.Seq++
			p.Steps = append(p.Steps, tale.Step{Kind: kind, Event: e, Fate: fate, End: end, Copy: fate == tale.AtGate})
			e.Seq, e.Reply, e.At = e.Seq+2, !e.Reply, e.At+event.Micros(e.Seq)
		}
	}
	return p
}

// mermaidLine is what a line of a sequence diagram may be, as Mermaid's own parser takes it: in a text every sign that means
// something to it is written as its number.
var mermaidLine = regexp.MustCompile(`^(sequenceDiagram|  actor client as client|  participant n[0-9]+|` +
	`  (client|n[0-9]+)(->>|-->>|-x|--x|-\))(client|n[0-9]+): @|  Note over (client|n[0-9]+): @)$`)

// mermaidWords are a text.
var mermaidWords = regexp.MustCompile(`: ([^#;<>%:$\x00-\x1f\x7f\x{85}\x{2028}\x{2029}]|#(35|36|37|58|59|lt|gt);)*$`)

// Whatever people type: the texts are Mermaid, and the picture is XML.
func FuzzDiagram(f *testing.F) {
	for _, text := range []string{"x=1", "end", "put 'a;b' '#1'", "%%{init}%%", "<br/>", "$$x$$ wrap:", "a\x00\x1f\u0085\u2028\ufffe", "\xff", "\u202eab", "a\nend\r\nparticipant z",
		"]]>", "&#0;", "--><!--", "日本語 🦊 \U000e0001", " ", ""} {
		f.Add(text, byte(3))
	}
	f.Fuzz(func(t *testing.T, text string, machines byte) {
		var nodes []event.NodeID
		for id := range event.NodeID(machines%9) + 1 {
			nodes = append(nodes, id+1)
		}
		m, p := Moment{State: &view.State{}}, everyStep(text, nodes)
		mermaid := m.mermaid(p)
		for line := range strings.Lines(mermaid) {
			line = strings.TrimSuffix(line, "\n")
			if !mermaidLine.MatchString(mermaidWords.ReplaceAllString(line, ": @")) {
				t.Fatalf("%q is no line of Mermaid", line)
			}
		}
		svg, err := url.PathUnescape(strings.TrimPrefix(m.file(m.diagramOf(p)), "data:image/svg+xml;charset=utf-8,"))
		if err != nil {
			t.Fatal(err)
		}
		wellFormed(t, svg)
	})
}

// In a picture that stands alone words can be read, and signs be seen, in both themes.
func TestPictureThatStandsAloneHasContrast(t *testing.T) {
	for ground, rules := range map[string]string{"#ffffff": diagramLight, "#0c1117": diagramDark} {
		judged := 0
		for _, rule := range regexp.MustCompile(`([^{}]+)\{([^{}]*)\}`).FindAllStringSubmatch(rules, -1) {
			least := 3.0 // signs
			if strings.Contains(rule[1], "text") || strings.Contains(rule[1], ".time") {
				least = 4.5
			}
			for _, drawn := range regexp.MustCompile(`(fill|stroke):(#[0-9a-f]{3,6})`).FindAllStringSubmatch(rule[2], -1) {
				colour := drawn[2]
				if len(colour) == len("#fff") {
					colour += colour[1:]
				}
				if colour == ground || rule[1] == ".lane" { // a halo or the inside of a sign; lanes only lead the eye
					continue
				}
				if judged++; apart(t, colour, ground) < least {
					t.Errorf("%s on %s has contrast %.2f in %s", colour, ground, apart(t, colour, ground), rule[0])
				}
			}
		}
		if judged < 10 {
			t.Errorf("only %d colours on %s were found", judged, ground)
		}
	}
}

// apart is the contrast of two colours as WCAG has it.
func apart(t *testing.T, a, b string) float64 {
	t.Helper()
	var light [2]float64
	for i, colour := range []string{a, b} {
		for at, part := range []float64{0.2126, 0.7152, 0.0722} {
			n, err := strconv.ParseUint(colour[1+2*at:3+2*at], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			c := float64(n) / 255
			if c <= 0.04045 {
				light[i] += part * c / 12.92
			} else {
				light[i] += part * math.Pow((c+0.055)/1.055, 2.4)
			}
		}
	}
	return (max(light[0], light[1]) + 0.05) / (min(light[0], light[1]) + 0.05)
}
