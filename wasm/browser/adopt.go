//go:build js && wasm

package browser

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/wasm/ui"
)

// adopted is the tree of the server's picture, as static/app.js tells it: words with NUL between. An element is
// its tag, the number of its attributes, their names and values, the number of its children, and these, or "raw" and
// its HTML; a text is an empty tag and itself. Keys are not on the page: each element gets the one that stands in its place in
// the wanted scene, and Diff mends what was guessed wrong.
func adopted(told string, wanted *ui.Element) *ui.Element {
	r := reader{told}
	return r.element(wanted)
}

type reader struct{ told string }

func (r *reader) next() (word string) {
	for end := range len(r.told) {
		if r.told[end] == 0 {
			word, r.told = r.told[:end], r.told[end+1:]
			return word
		}
	}
	word, r.told = r.told, ""
	return word
}

func (r *reader) count() int { return r.number(r.next()) }

func (r *reader) number(word string) int {
	n, _ := event.ParseNumber(word)
	return int(min(n, uint64(len(r.told))))
}

func (r *reader) element(wanted *ui.Element) *ui.Element {
	e := &ui.Element{Tag: r.next()}
	if e.Tag == "" {
		e.Text = r.next()
		return e
	}
	if wanted != nil && wanted.Tag == e.Tag {
		e.Key = wanted.Key
	}
	for n := r.count(); n > 0; n-- {
		e.Attrs = append(e.Attrs, ui.Attr{Name: r.next(), Value: r.next()})
	}
	kids := r.next()
	if kids == "raw" {
		e.Raw = r.next()
		return e
	}
	for n, i := r.number(kids), 0; i < n; i++ {
		var kid *ui.Element
		if wanted != nil && i < len(wanted.Kids) {
			kid = wanted.Kids[i]
		}
		e.Kids = append(e.Kids, r.element(kid))
	}
	return e
}
