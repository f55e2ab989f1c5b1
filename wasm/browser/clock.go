//go:build js && wasm

package browser

import (
	"syscall/js"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/wasm/ui"
)

// still is how many animation frames in a row may find nothing to change before the page stops asking for
// them; the model may have plans for the next second (a slider's last value, a sentence to be read aloud).
const still = 75

// pulse is how often a page that stands still looks again, in milliseconds: waiting times in words go on.
const pulse = 1000

// clock asks for animation frames as long as something moves.
type clock struct {
	origin event.Micros // wall time at which the page's own time began
	asked  bool         // for the next animation frame
	idle   int          // frames in a row that changed nothing
	frame  js.Func
}

func (c *clock) open(a *app) {
	c.origin = event.Micros(window.Get("performance").Get("timeOrigin").Float() * 1000)
	c.frame = js.FuncOf(func(_ js.Value, args []js.Value) any {
		c.asked = false
		a.frame(args[0].Float())
		return nil
	})
	window.Call("setInterval", js.FuncOf(func(js.Value, []js.Value) any {
		c.ask()
		return nil
	}), pulse)
}

// wake has the page drawn and watched for a while.
func (c *clock) wake() {
	c.idle = 0
	c.ask()
}

func (c *clock) ask() {
	if !c.asked && c.frame.Truthy() {
		c.asked = true
		window.Call("requestAnimationFrame", c.frame)
	}
}

// wall is wall time at a time of the page's own clock, in milliseconds.
func (c *clock) wall(ms float64) event.Micros { return c.origin + event.Micros(ms*1000) }

// now is the page's own clock, in milliseconds.
func now() float64 { return window.Get("performance").Call("now").Float() }

// frame is one animation frame: fold what came, let time pass, draw what has changed, ask for another one
// while anything moves.
func (a *app) frame(ms float64) {
	begin := now()
	a.fold()
	a.update(ui.Ticked{Wall: a.clock.wall(ms)})
	drawn := a.draw()
	end := now()
	a.meter.looked(drawn, end-begin, a.clock.wall(end))
	if a.clock.idle++; drawn {
		a.clock.idle = 0
	}
	if a.clock.idle < still {
		a.clock.ask()
	}
}
