package ui

// Patch is one change to the page. Patches are applied in their order. Path leads from the root of the tree
// that was given to Diff to the node concerned: child indexes, texts counted (JavaScript: childNodes), as
// they are after all the patches before this one. It is shared between patches; do not change or keep it.
type Patch struct {
	Op      PatchOp
	Path    []int
	Name    string   // SetAttr, RemoveAttr
	Value   string   // SetAttr, SetText, SetHTML
	Index   int      // Insert, Remove, Move: which child of the node at Path
	From    int      // Move: where the child was; it is taken out first, then put in at Index
	Element *Element // Insert, Replace
	SVG     bool     // Insert, Replace: Element is to be made in the SVG namespace
}

// PatchOp is what a Patch does.
type PatchOp uint8

// The operations. After each the fields it reads beside Path.
const (
	SetAttr    PatchOp = iota + 1 // Name, Value
	RemoveAttr                    // Name
	SetText                       // Value; Path leads to a text node
	Insert                        // Index, Element, SVG: a new child
	Remove                        // Index: a child
	Move                          // From, Index: a child
	Replace                       // Element, SVG: instead of the node at Path itself
	SetHTML                       // Value: HTML instead of all children
)

// Apply makes on a copy of the tree what the browser makes on the page. It is the definition of the
// operations, for tests and for whoever writes another renderer.
func Apply(e *Element, patches []Patch) *Element {
	root := &Element{Kids: []*Element{e.clone()}}
	for _, p := range patches {
		parent, at := root, 0
		node := root.Kids[0]
		for _, i := range p.Path {
			parent, at, node = node, i, node.Kids[i]
		}
		switch p.Op {
		case SetAttr:
			node.put(p.Name, p.Value)
		case RemoveAttr:
			node.drop(p.Name)
		case SetText:
			node.Text = p.Value
		case Insert:
			node.insert(p.Index, p.Element.clone())
		case Remove:
			node.take(p.Index)
		case Move:
			node.insert(p.Index, node.take(p.From))
		case Replace:
			parent.Kids[at] = p.Element.clone()
		case SetHTML:
			node.Raw, node.Kids = p.Value, nil
		}
	}
	return root.Kids[0]
}

func (e *Element) clone() *Element {
	c := &Element{Tag: e.Tag, Key: e.Key, Text: e.Text, Raw: e.Raw, Attrs: append([]Attr(nil), e.Attrs...)}
	for _, k := range e.Kids {
		c.Kids = append(c.Kids, k.clone())
	}
	return c
}

func (e *Element) put(name, value string) {
	for i := range e.Attrs {
		if e.Attrs[i].Name == name {
			e.Attrs[i].Value = value
			return
		}
	}
	e.set(name, value)
}

func (e *Element) drop(name string) {
	for i := range e.Attrs {
		if e.Attrs[i].Name == name {
			e.Attrs = append(e.Attrs[:i], e.Attrs[i+1:]...)
			return
		}
	}
}

func (e *Element) insert(i int, kid *Element) {
	e.Kids = append(e.Kids, nil)
	copy(e.Kids[i+1:], e.Kids[i:])
	e.Kids[i] = kid
}

func (e *Element) take(i int) *Element {
	kid := e.Kids[i]
	e.Kids = append(e.Kids[:i], e.Kids[i+1:]...)
	return kid
}
