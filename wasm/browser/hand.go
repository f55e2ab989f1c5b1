//go:build js && wasm

package browser

import (
	"syscall/js"

	"github.com/quorumlab/quorumlab/wasm/ui"
)

// hand is what a person is doing to the page just now.
type hand struct {
	hovered  string
	stroking js.Value // the svg that a stroke is drawn across; undefined: none
	scroller js.Value // the element with data-scroll that is being dragged
	scrubber js.Value // the recording that is being dragged along
	left     float64  // pixels of that drag, or of the wheel, that are less than a column
	x        float64  // where the drag was last
	dragged  bool     // the pointer moved since it went down: what follows is no click
}

// listen hears everything that a person does, at the page's root.
func (a *app) listen() {
	active := map[string]any{"passive": false}
	on(document, "click", nil, a.clicked)
	on(document, "submit", nil, func(e js.Value) { e.Call("preventDefault") })
	on(document, "input", nil, a.typed)
	on(document, "keydown", nil, a.pressed)
	on(document, "pointerover", nil, func(e js.Value) { a.hover(e.Get("target")) })
	on(document, "focusin", nil, func(e js.Value) { a.hover(e.Get("target")) })
	on(document, "focusout", nil, func(js.Value) { a.hover(js.Null()) })
	on(document.Get("documentElement"), "pointerleave", nil, func(js.Value) { a.hover(js.Null()) })
	on(document, "pointerdown", active, a.pointerDown)
	on(document, "pointermove", active, a.pointerMoved)
	on(document, "pointerup", active, a.pointerUp)
	on(document, "pointercancel", active, a.pointerUp)
	on(document, "wheel", active, a.wheeled)
	on(document, "visibilitychange", nil, func(js.Value) { a.clock.wake() })
	on(window, "resize", nil, func(js.Value) {
		a.tell(ui.Resized{Width: window.Get("innerWidth").Int(), Height: window.Get("innerHeight").Int()})
	})
	if attribute(a.home, recording) == "" {
		on(window, "online", nil, func(js.Value) { a.connect() })
		on(window, "offline", nil, func(js.Value) { a.lost(ui.LostOffline) })
	}
	on(window, "hashchange", nil, func(js.Value) { a.tell(ui.Acted{Action: "moment", Arg: hash()}) })
	on(document, "close", true, func(js.Value) { a.tell(ui.Acted{Action: "shut"}) }) // of a dialog; it does not bubble
	a.listenToMotion()
}

// listenToMotion tells whether the person wants less motion, now and when that changes.
func (a *app) listenToMotion() {
	query := window.Call("matchMedia", "(prefers-reduced-motion: reduce)")
	say := func() {
		value := "full"
		if query.Get("matches").Bool() {
			value = "reduce"
		}
		a.update(ui.Changed{Field: "motion", Value: value})
	}
	say()
	on(query, "change", nil, func(js.Value) {
		say()
		a.clock.wake()
	})
}

// closest is the element at or above target that a selector fits, or null.
func closest(target js.Value, selector string) js.Value {
	if !target.Truthy() || target.Get("closest").Type() != js.TypeFunction {
		return js.Null()
	}
	return target.Call("closest", selector)
}

// act tells of the action that the target stands for, if there is one that may be used.
func (a *app) act(target js.Value) bool {
	e := closest(target, "[data-action]")
	if !e.Truthy() || e.Call("hasAttribute", "disabled").Bool() || attribute(e, "aria-disabled") == "true" {
		return false
	}
	a.tell(ui.Acted{Action: attribute(e, "data-action"), Arg: attribute(e, "data-arg")})
	return true
}

func (a *app) clicked(e js.Value) {
	if a.hand.dragged {
		a.hand.dragged = false
		return
	}
	if a.act(e.Get("target")) {
		e.Call("preventDefault")
	}
}

// typed tells what stands in a field now. A box that is ticked is "on", an empty one "off".
func (a *app) typed(e js.Value) {
	field := closest(e.Get("target"), "[data-field]")
	if !field.Truthy() {
		return
	}
	value := field.Get("value").String()
	if kind := field.Get("type"); kind.Type() == js.TypeString && kind.String() == "checkbox" {
		value = "off"
		if field.Get("checked").Bool() {
			value = "on"
		}
	}
	a.tell(ui.Changed{Field: attribute(field, "data-field"), Value: value})
}

// hover tells of what the pointer or the focus is on.
func (a *app) hover(target js.Value) {
	what := ""
	if e := closest(target, "[data-hover]"); e.Truthy() {
		what = attribute(e, "data-hover")
	}
	if what != a.hand.hovered {
		a.hand.hovered = what
		a.tell(ui.Hovered{What: what})
	}
}
