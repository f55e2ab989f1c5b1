//go:build js && wasm

package browser

import (
	"syscall/js"

	"github.com/quorumlab/quorumlab/wasm/ui"
)

// pressed takes a key. Fields, buttons and links keep the keys that mean something to them.
func (a *app) pressed(e js.Value) {
	target := e.Get("target")
	if document.Call("querySelector", "dialog[open]").Truthy() {
		if e.Get("key").String() == "Enter" && target.Get("localName").String() == "input" && a.submit(target) {
			e.Call("preventDefault")
		}
		return // the dialog's own keys
	}
	if e.Get("isComposing").Bool() || e.Get("key").Type() != js.TypeString {
		return
	}
	p := ui.Pressed{Key: e.Get("key").String(), Shift: e.Get("shiftKey").Bool(), Ctrl: e.Get("ctrlKey").Bool(),
		Alt: e.Get("altKey").Bool(), Meta: e.Get("metaKey").Bool()}
	switch {
	case closest(target, "#"+ui.ConsoleField).Truthy():
		a.pressedInConsole(e, target, p)
	case closest(target, "input, textarea, select, [contenteditable]").Truthy():
		if p.Key == "Enter" && a.submit(target) {
			e.Call("preventDefault")
		}
	case p.Key == " " && closest(target, "#stage [data-node]").Truthy():
		e.Call("preventDefault")
		a.tell(p) // time stands still or goes on, also for whoever has just selected a node by its number
	case p.Key != "Enter" && p.Key != " " || p.Ctrl || p.Alt || p.Meta:
		if p.Key == "/" {
			e.Call("preventDefault") // Firefox would search, and the console would get the character
		}
		a.tell(p)
	case closest(target, "button, a[href], summary").Truthy():
		// the browser makes a click of it
	case a.act(target):
		e.Call("preventDefault")
	default:
		e.Call("preventDefault") // Space would scroll
		a.tell(p)
	}
}

// pressedInConsole keeps from the browser what the console does itself.
func (a *app) pressedInConsole(e, field js.Value, p ui.Pressed) {
	p.Console = true
	selected := field.Get("selectionStart").Int() != field.Get("selectionEnd").Int()
	switch {
	case p.Ctrl && p.Key == "c" && selected, p.Meta, p.Alt:
		return // the browser copies, or does what it does
	case p.Key == "Tab" && (p.Shift || !a.model.TabCompletes()):
		return // moves on
	case p.Key == "Enter", p.Key == "ArrowUp", p.Key == "ArrowDown", p.Key == "Tab", p.Key == "Escape", p.Ctrl && p.Key == "l":
		e.Call("preventDefault")
	}
	a.tell(p)
}

// submit does what the form around a field does: the first action after the field.
func (a *app) submit(field js.Value) bool {
	form := closest(field, "form")
	if !form.Truthy() {
		return false
	}
	button := form.Call("querySelector", "[data-action][type=submit], [data-action]")
	return button.Truthy() && a.act(button)
}
