//go:build js && wasm

package browser

import (
	"syscall/js"

	"github.com/quorumlab/quorumlab/wasm/ui"
)

// dragStarts is how far the pointer moves before it drags, in CSS pixels.
const dragStarts = 6

// pointerDown begins a stroke with the scissors, or a drag of the log or of the recording.
func (a *app) pointerDown(e js.Value) {
	h := &a.hand
	h.dragged, h.x = false, e.Get("clientX").Float()
	if e.Get("button").Int() != 0 || !e.Get("isPrimary").Bool() {
		return
	}
	target := e.Get("target")
	svg := closest(target, "svg#stage")
	if svg.Truthy() && (e.Get("shiftKey").Bool() || closest(svg, "[data-cutting]").Truthy()) {
		h.stroking = svg
		e.Call("preventDefault") // a finger would scroll, a mouse select
		a.stroke(e, true, false)
		return
	}
	if h.scrubber = closest(target, "[data-scrub]"); h.scrubber.Truthy() {
		a.scrub(e)
		return
	}
	h.scroller, h.left = closest(target, "[data-scroll]"), 0
}

func (a *app) pointerMoved(e js.Value) {
	h := &a.hand
	switch {
	case h.stroking.Truthy():
		h.dragged = true
		a.stroke(e, false, false)
	case h.scrubber.Truthy():
		a.scrub(e)
	case h.scroller.Truthy():
		x := e.Get("clientX").Float()
		if moved := h.x - x; h.dragged || moved > dragStarts || moved < -dragStarts {
			h.dragged, h.x = true, x
			a.scroll(h.scroller, moved)
		}
	}
}

func (a *app) pointerUp(e js.Value) {
	h := &a.hand
	if h.stroking.Truthy() {
		a.stroke(e, false, true)
	}
	h.stroking, h.scroller, h.scrubber = js.Undefined(), js.Undefined(), js.Undefined()
}

// scrub tells which part of the recording the pointer is at. data-scrub is how much of the drawing the recording takes.
func (a *app) scrub(e js.Value) {
	box := a.hand.scrubber.Call("getBoundingClientRect")
	whole := box.Get("width").Float() * window.Call("parseFloat", attribute(a.hand.scrubber, "data-scrub")).Float() / 100
	part := (e.Get("clientX").Float() - box.Get("left").Float()) / whole
	if !(part > 0) {
		part = 0
	}
	a.tell(ui.Acted{Action: "scrub", Arg: window.Call("String", float64(int(part*1e4))/1e4).String()})
}

// stroke tells where the pointer is on the stage, in units of its picture.
func (a *app) stroke(e js.Value, first, done bool) {
	at := a.host.Call("place", a.hand.stroking, e.Get("clientX"), e.Get("clientY"))
	a.tell(ui.Stroked{X: at.Index(0).Float(), Y: at.Index(1).Float(), First: first, Done: done})
}

// wheeled scrolls the log sideways: with a wheel that goes sideways, or with Shift held.
func (a *app) wheeled(e js.Value) {
	log := closest(e.Get("target"), "[data-scroll]")
	if !log.Truthy() || e.Get("ctrlKey").Bool() {
		return
	}
	by := e.Get("deltaX").Float()
	if by == 0 && e.Get("shiftKey").Bool() {
		by = e.Get("deltaY").Float()
	}
	if by == 0 {
		return
	}
	e.Call("preventDefault") // the browser would go back a page
	const lines, pixelsALine = 1, 16
	if e.Get("deltaMode").Int() == lines {
		by *= pixelsALine
	}
	a.scroll(log, by)
}

// scroll moves the log by whole columns and keeps the rest for the next time.
func (a *app) scroll(log js.Value, pixels float64) {
	column := window.Call("parseFloat", attribute(log, "data-scroll")).Float()
	if !(column > 1) {
		column = 48
	}
	a.hand.left += pixels
	if columns := int(a.hand.left / column); columns != 0 {
		a.hand.left -= float64(columns) * column
		a.tell(ui.Scrolled{Columns: columns})
	}
}
