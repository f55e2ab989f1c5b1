// Package ui is the front end without a browser: Update(Model, Msg) (Model, []Effect) and Scene(Model).
// It is plain Go, tested with plain go test; wasm/browser carries Effects out and patches the page.
package ui

// Element is one node of the page as Scene wants it. The server writes it as HTML, the browser patches
// the page by the difference of two of them.
type Element struct {
	Tag   string // "" is a text node
	Key   string // identity among its siblings; "" goes by position
	Attrs []Attr // in writing order
	Text  string // of a text node
	Kids  []*Element
}

// Attr is one attribute.
type Attr struct{ Name, Value string }
