//go:build js && wasm

package browser

import (
	"syscall/js"
	"unicode/utf8"

	"github.com/quorumlab/quorumlab/wasm/ui"
)

// paper packs what changes on the page, so that a whole frame crosses to JavaScript in a call or two.
//
// A list of patches is little-endian int32s: for each its PatchOp; how many steps of the path before stay; how
// many steps follow, and these; then what it takes. A text is its length in UTF-16 units here, and itself in
// one long text behind the list. SetAttr: name, value. RemoveAttr: name. SetText: text. Insert: index, 1 for SVG,
// element. Remove: index. Move: from, to. Replace: 1 for SVG, element. SetHTML: HTML. An element is its tag, the number
// of its attributes, their names and values, the number of its children, and these, or −1 and HTML; a text is an empty
// tag and itself.
type paper struct {
	host    js.Value
	heap    js.Value // JavaScript's bytes that patches and packets are copied into
	room    int      // bytes of heap
	patches []ui.Patch
	code    []byte
	text    []byte
	path    []int // of the patch before
	packets []byte
	shown   []byte // the packets on the canvas
}

func (p *paper) open(host js.Value) {
	p.host = host
	host.Call("colours", colours())
}

// colours are the names of the packets' colours, with blanks between.
func colours() string {
	all := ""
	for _, name := range ui.PacketColours {
		all += name + " "
	}
	return all[:len(all)-1]
}

// draw brings the page to what the model's scene says, and says whether anything changed. Until the room has
// spoken, or cannot be reached, the server's first picture stays.
func (a *app) draw() bool {
	if a.scene == nil && a.model.Epoch == 0 && a.meter.reconnects == 0 {
		return false
	}
	scene := ui.Scene(&a.model)
	if a.scene == nil {
		a.scene = adopted(a.host.Call("adopt").String(), scene)
	}
	p := &a.paper
	p.patches = ui.AppendDiff(p.patches[:0], a.scene, scene)
	a.scene = scene
	a.meter.patches += len(p.patches)
	p.replay()
	p.packets = ui.Packets(&a.model, p.packets[:0])
	moved := p.show()
	a.meter.drawnSeq = a.model.Shown()
	a.afterwards()
	return len(p.patches) > 0 || moved
}

// replay has the patches made on the page.
func (p *paper) replay() {
	if len(p.patches) == 0 {
		return
	}
	p.code, p.text, p.path = p.code[:0], p.text[:0], nil
	for i := range p.patches {
		p.pack(&p.patches[i])
		p.patches[i] = ui.Patch{}
	}
	numbers, text := len(p.code)/4, len(p.text)
	p.code = append(p.code, p.text...)
	p.hand(p.code)
	p.host.Call("patch", numbers, text)
}

func (p *paper) pack(x *ui.Patch) {
	stay := 0
	for stay < len(p.path) && stay < len(x.Path) && p.path[stay] == x.Path[stay] {
		stay++
	}
	p.number(int(x.Op))
	p.number(stay)
	p.number(len(x.Path) - stay)
	for _, step := range x.Path[stay:] {
		p.number(step)
	}
	p.path = x.Path
	switch x.Op {
	case ui.SetAttr:
		p.say(x.Name)
		p.say(x.Value)
	case ui.RemoveAttr:
		p.say(x.Name)
	case ui.SetText, ui.SetHTML:
		p.say(x.Value)
	case ui.Insert:
		p.number(x.Index)
		p.begin(x)
	case ui.Remove:
		p.number(x.Index)
	case ui.Move:
		p.number(x.From)
		p.number(x.Index)
	case ui.Replace:
		p.begin(x)
	}
}

func (p *paper) number(n int) {
	p.code = append(p.code, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
}

// say adds a text. What is not UTF-8 becomes the replacement character here and not on the way, where its
// length could change.
func (p *paper) say(s string) {
	if !utf8.ValidString(s) {
		s = string([]rune(s)) // each byte that is none of a character becomes U+FFFD
	}
	p.number(units(s))
	p.text = append(p.text, s...)
}

// begin says in which namespace the patch's element is, and what it is.
func (p *paper) begin(x *ui.Patch) {
	svg := 0
	if x.SVG {
		svg = 1
	}
	p.number(svg)
	p.element(x.Element)
}

func (p *paper) element(e *ui.Element) {
	p.say(e.Tag)
	if e.Tag == "" {
		p.say(e.Text)
		return
	}
	p.number(len(e.Attrs))
	for _, a := range e.Attrs {
		p.say(a.Name)
		p.say(a.Value)
	}
	if e.Raw != "" {
		p.number(-1)
		p.say(e.Raw)
		return
	}
	p.number(len(e.Kids))
	for _, k := range e.Kids {
		p.element(k)
	}
}

// units is the length of a text in UTF-16: one for each character, two for those of four bytes.
func units(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		switch b := s[i]; {
		case b >= 0xF0:
			n += 2
		case b < 0x80 || b >= 0xC0:
			n++
		}
	}
	return n
}

// show has the packets drawn, unless they are where they are already.
func (p *paper) show() bool {
	if string(p.packets) == string(p.shown) {
		return false
	}
	p.hand(p.packets)
	p.host.Call("paint", len(p.packets))
	p.packets, p.shown = p.shown, p.packets
	return true
}

// hand copies bytes to where JavaScript reads them.
func (p *paper) hand(b []byte) {
	if len(b) > p.room {
		p.heap = p.host.Call("reserve", len(b))
		p.room = p.heap.Length()
	}
	js.CopyBytesToJS(p.heap, b)
}
