// Package ui is the front end without a browser: Update(Model, Msg) (Model, []Effect) and Scene(Model).
// It is plain Go, tested with plain go test; wasm/browser carries Effects out and patches the page.
package ui

// Element is one node of the page as Scene wants it. The server writes it as HTML, the browser patches
// the page by the difference of two of them. An Element that Scene has returned is never changed again,
// so that Diff may skip what is the same pointer on both sides.
//
// Siblings are never two texts in a row and a text is never empty (add and say see to it): a page that was
// parsed from AppendHTML has the same tree, node for node.
type Element struct {
	Tag   string // "" is a text node
	Key   string // identity among its siblings; "" goes by position
	Attrs []Attr // in writing order
	Text  string // of a text node
	Kids  []*Element

	// Raw is HTML that stands for the children, of which there are none then: it comes from the server, which vouches for
	// it, and is looked into by nobody here. The element has the attribute data-raw, so that the page knows it again.
	Raw string
}

// Attr is one attribute.
type Attr struct{ Name, Value string }

// tag begins an element: tag("g").set("class", "node").add(kids...).
func tag(name string) *Element { return &Element{Tag: name} }

// classed begins an element with a class.
func classed(name, class string) *Element { return tag(name).set("class", class) }

// piece begins an element with a class, by which it is known among its siblings, too.
func piece(name, class string) *Element { return classed(name, class).keyed(class) }

// text is a text node.
func text(s string) *Element { return &Element{Text: s} }

// set adds an attribute. Names are written once per element.
func (e *Element) set(name, value string) *Element {
	if e.Attrs == nil {
		e.Attrs = make([]Attr, 0, 6)
	}
	e.Attrs = append(e.Attrs, Attr{name, value})
	return e
}

// with adds attributes: "role=button|tabindex=0". Many at once take less of the program than one by one.
func (e *Element) with(attributes string) *Element {
	for one, rest := "", attributes; rest != ""; {
		one, rest, _ = halves(rest, '|')
		name, value, _ := halves(one, '=')
		e.set(name, value)
	}
	return e
}

// when adds an attribute if the condition holds.
func (e *Element) when(yes bool, name, value string) *Element {
	if yes {
		e.set(name, value)
	}
	return e
}

// raw gives the element HTML of the server's instead of children.
func (e *Element) raw(html string) *Element {
	e.Raw = html
	return e.set("data-raw", "")
}

// keyed gives the element an identity among its siblings, so that it is moved rather than rewritten.
func (e *Element) keyed(key string) *Element {
	e.Key = key
	return e
}

// add appends children; nil ones are left out.
func (e *Element) add(kids ...*Element) *Element {
	for _, k := range kids {
		switch {
		case k == nil:
		case k.Tag == "":
			e.say(k.Text)
		default:
			e.Kids = append(e.Kids, k)
		}
	}
	return e
}

// say appends text; it joins a text just before it.
func (e *Element) say(s string) *Element {
	if s == "" {
		return e
	}
	if n := len(e.Kids); n > 0 && e.Kids[n-1].Tag == "" {
		e.Kids[n-1] = text(e.Kids[n-1].Text + s)
		return e
	}
	e.Kids = append(e.Kids, text(s))
	return e
}

// Attr returns the value of an attribute.
func (e *Element) Attr(name string) (value string, found bool) {
	for _, a := range e.Attrs {
		if a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}
