package ui

import "github.com/quorumlab/quorumlab/cluster/event"

// Msg is something that happened to the page: it is what Update folds.
type Msg interface{ isMsg() }

// The messages.
type (
	// Arrived is a frame from the server.
	Arrived struct{ Frame event.Frame }
	// Connected says that the websocket is open.
	Connected struct{}
	// Disconnected says that it closed or never opened. Reason is one of the Lost words, a sentence, or "".
	Disconnected struct{ Reason string }
	// Recalled is a setting that an earlier Remember stored; it comes once for each, before anything else.
	Recalled struct{ Name, Value string }
	// Ticked comes once per animation frame, before Scene.
	Ticked struct {
		Wall event.Micros // the browser's wall clock
	}
	// Acted is a click, tap or Enter on an element with data-action; Arg is its data-arg.
	Acted struct{ Action, Arg string }
	// Changed is an input event of a form field with data-field.
	Changed struct{ Field, Value string }
	// Pressed is a key press outside of text fields, or any in the console's field.
	Pressed struct {
		Key                    string // as KeyboardEvent.key
		Shift, Ctrl, Alt, Meta bool
		Console                bool // in the console's input field
	}
	// Stroked is a pointer drag on the stage in its viewBox coordinates; Done with the last one.
	Stroked struct {
		X, Y  float64
		First bool
		Done  bool
	}
	// Hovered is the pointer or the keyboard focus reaching an element with data-hover, or "" when it leaves.
	Hovered struct{ What string }
	// Resized gives the window's size in CSS pixels.
	Resized struct{ Width, Height int }
	// Copied says whether the browser let a text be copied; if not, it is selected.
	Copied struct{ OK bool }
	// Scrolled is the log grid's horizontal wheel or drag, in columns; positive is towards the end.
	Scrolled struct{ Columns int }
)

func (Arrived) isMsg()      {}
func (Connected) isMsg()    {}
func (Disconnected) isMsg() {}
func (Recalled) isMsg()     {}
func (Ticked) isMsg()       {}
func (Acted) isMsg()        {}
func (Changed) isMsg()      {}
func (Pressed) isMsg()      {}
func (Stroked) isMsg()      {}
func (Hovered) isMsg()      {}
func (Resized) isMsg()      {}
func (Copied) isMsg()       {}
func (Scrolled) isMsg()     {}

// Reasons of Disconnected that the page has words of its own for.
const (
	LostGone    = "gone"    // the room does not exist any more: nothing to reconnect to
	LostCrashed = "crashed" // the room's process ended and is being started again from its disk
	LostOffline = "offline" // the browser itself has no network
)

// Effect is something that Update wants done outside.
type Effect interface{ isEffect() }

// The effects.
type (
	// Send puts a frame on the websocket.
	Send struct{ Frame event.Frame }
	// Reconnect opens the websocket again after a while.
	Reconnect struct{ After event.Micros }
	// Focus moves the keyboard focus to the element with this id, after the page has been patched.
	Focus struct{ ID string }
	// SetField sets the value of the form field with this data-field (and the cursor to its end).
	SetField struct{ Field, Value string }
	// Copy puts text on the clipboard; Copied tells whether that went well.
	Copy struct{ Text string }
	// Show opens the dialog that the document has in the template with this id.
	Show struct{ ID string }
	// Remember stores a setting in the browser (theme and the like).
	Remember struct{ Name, Value string }
	// Reload loads the page anew (another wire version).
	Reload struct{}
)

// only is a list of one effect.
func only(e Effect) []Effect { return []Effect{e} }

func focus(id string) Effect { return Focus{id} }

func setField(field, value string) Effect { return SetField{field, value} }

// tell puts a frame on the websocket that says no more than this.
func tell(what event.FrameType, id uint64, code, text string) Effect {
	return Send{event.Frame{Type: what, Seq: id, Code: code, Text: text}}
}

func (Send) isEffect()      {}
func (Reconnect) isEffect() {}
func (Focus) isEffect()     {}
func (SetField) isEffect()  {}
func (Copy) isEffect()      {}
func (Show) isEffect()      {}
func (Remember) isEffect()  {}
func (Reload) isEffect()    {}
