package ui

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestPatchesTurnOldIntoNew is the property that everything on the page rests on.
func TestPatchesTurnOldIntoNew(t *testing.T) {
	for seed := range uint64(4000) {
		r := rand.New(rand.NewPCG(seed, 1))
		old, new := randomTree(r, 3), randomTree(r, 3)
		if seed%2 == 0 {
			new = mutated(r, old)
		}
		got := Apply(old, Diff(old, new))
		if a, b := html(sorted(got)), html(sorted(new)); a != b {
			t.Fatalf("seed %d:\n old  %s\n got  %s\n want %s", seed, html(old), a, b)
		}
	}
}

func TestTheSameTreeNeedsNoPatch(t *testing.T) {
	for seed := range uint64(200) {
		tree := randomTree(rand.New(rand.NewPCG(seed, 2)), 4)
		if p := Diff(tree, tree.clone()); len(p) != 0 {
			t.Fatalf("seed %d: %d patches between equal trees: %+v", seed, len(p), p)
		}
	}
}

func TestAWindowThatSlidesIsOneRemovalAndOneInsertion(t *testing.T) {
	row := func(from int) *Element {
		e := tag("tr")
		for i := from; i < from+20; i++ {
			e.add(tag("td").keyed(strconv.Itoa(i)).say(strconv.Itoa(i)))
		}
		return e
	}
	p := Diff(row(1), row(2))
	if len(p) != 2 || p[0].Op != Remove || p[0].Index != 0 || p[1].Op != Insert || p[1].Index != 19 {
		t.Fatalf("a window that slides by one took %+v", p)
	}
}

func TestFirstToLastIsOneMove(t *testing.T) {
	list := func(keys ...string) *Element {
		e := tag("ul")
		for _, k := range keys {
			e.add(tag("li").keyed(k))
		}
		return e
	}
	p := Diff(list("a", "b", "c", "d"), list("b", "c", "d", "a"))
	if len(p) != 1 || p[0].Op != Move || p[0].From != 0 || p[0].Index != 3 {
		t.Fatalf("first to last took %+v", p)
	}
}

func TestNamespaceOfWhatIsInserted(t *testing.T) {
	old := tag("div").add(tag("svg"))
	new := tag("div").add(tag("svg").add(tag("g"), tag("foreignObject").add(tag("p"))), tag("p"))
	svg := map[string]bool{}
	for _, p := range Diff(old, new) {
		svg[p.Element.Tag+strconv.Itoa(len(p.Path))] = p.SVG
	}
	if !svg["g1"] || !svg["foreignObject1"] || svg["p0"] {
		t.Fatalf("namespaces: %v", svg)
	}
	inner := Diff(tag("svg").add(tag("foreignObject")), tag("svg").add(tag("foreignObject").add(tag("p"))))
	if len(inner) != 1 || inner[0].SVG {
		t.Fatalf("inside foreignObject it is HTML again: %+v", inner)
	}
}

func TestHTMLOfTheServersIsSetAsAWhole(t *testing.T) {
	holder := func(html string) *Element { return classed("section", "lesson").raw(html) }
	grown := func() *Element {
		return classed("section", "lesson").set("data-raw", "").add(tag("p").say("x"), tag("b"))
	}
	for _, c := range []struct {
		what     string
		old, new *Element
		ops      []PatchOp
	}{
		{"the same", holder("<p>1</p>"), holder("<p>1</p>"), nil},
		{"other HTML", holder("<p>1</p>"), holder("<p>2</p>"), []PatchOp{SetHTML}},
		{"none any more", holder("<p>1</p>"), holder(""), []PatchOp{SetHTML}},
		{"HTML instead of children", grown(), holder("<p>1</p>"), []PatchOp{SetHTML}},
		{"children instead of HTML", holder("<p>1</p>"), grown(), []PatchOp{SetHTML, Insert, Insert}},
	} {
		patches := Diff(tag("div").add(tag("i"), c.old), tag("div").add(tag("i"), c.new))
		var ops []PatchOp
		for _, p := range patches {
			ops = append(ops, p.Op)
		}
		if !slices.Equal(ops, c.ops) {
			t.Errorf("%s took the patches %v, not %v", c.what, ops, c.ops)
		}
		if got := html(Apply(tag("div").add(tag("i"), c.old), patches)); got != html(tag("div").add(tag("i"), c.new)) {
			t.Errorf("%s gave %s", c.what, got)
		}
	}
	if got := html(holder(`<p class="a">&amp;</p>`)); got != `<section class="lesson" data-raw=""><p class="a">&amp;</p></section>` {
		t.Errorf("it is written %s", got)
	}
}

// sorted is a copy whose attributes are in the order of their names, which means nothing to a page.
func sorted(e *Element) *Element {
	c := e.clone()
	slices.SortFunc(c.Attrs, func(a, b Attr) int { return strings.Compare(a.Name, b.Name) })
	for i, k := range c.Kids {
		c.Kids[i] = sorted(k)
	}
	return c
}

func html(e *Element) string { return string(e.AppendHTML(nil)) }

func randomTree(r *rand.Rand, depth int) *Element {
	e := tag([]string{"g", "p", "b"}[r.IntN(3)])
	for _, name := range []string{"class", "id", "x"} {
		if r.IntN(2) == 0 {
			e.set(name, strconv.Itoa(r.IntN(3)))
		}
	}
	if depth == 0 {
		return e
	}
	used := map[string]bool{}
	for range r.IntN(6) {
		switch key := "k" + strconv.Itoa(r.IntN(6)); {
		case r.IntN(4) == 0:
			e.say(strconv.Itoa(r.IntN(9)))
		case r.IntN(2) == 0 && !used[key]:
			used[key] = true
			e.add(randomTree(r, depth-1).keyed(key))
		default:
			e.add(randomTree(r, depth-1))
		}
	}
	return e
}

// mutated is a tree a few edits away, sharing pointers with the old one where nothing changed.
func mutated(r *rand.Rand, e *Element) *Element {
	c := &Element{Tag: e.Tag, Key: e.Key, Text: e.Text, Attrs: append([]Attr(nil), e.Attrs...)}
	kids := append([]*Element(nil), e.Kids...)
	if len(kids) > 1 && r.IntN(3) == 0 {
		r.Shuffle(len(kids), func(i, j int) { kids[i], kids[j] = kids[j], kids[i] })
	}
	for _, k := range kids {
		switch r.IntN(5) {
		case 0:
			continue
		case 1:
			c.add(mutated(r, k))
		default:
			c.add(k)
		}
	}
	if len(c.Attrs) > 0 && r.IntN(2) == 0 {
		c.Attrs = c.Attrs[:len(c.Attrs)-1]
	}
	return c
}
