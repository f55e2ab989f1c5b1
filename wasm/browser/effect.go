//go:build js && wasm

package browser

import (
	"syscall/js"

	"github.com/quorumlab/quorumlab/wasm/ui"
)

// carryOut does what the model wants done outside.
func (a *app) carryOut(e ui.Effect) {
	switch e := e.(type) {
	case ui.Send:
		a.transmit(e.Frame)
	case ui.Reconnect:
		a.later(e.After)
	case ui.Focus:
		a.focus = e.ID
	case ui.SetField:
		if !a.setField(e) {
			a.unset = e
		}
	case ui.Copy:
		a.copy(e.Text)
	case ui.Show:
		a.host.Call("show", e.ID)
	case ui.Remember:
		a.remember(e.Name, e.Value)
	case ui.Reload:
		a.reload()
	}
}

// afterwards does what had to wait until the page shows the field to fill or what shall have the focus.
func (a *app) afterwards() {
	if a.unset.Field != "" {
		a.setField(a.unset)
		a.unset = ui.SetField{}
	}
	if a.focus == "" {
		return
	}
	if e := document.Call("getElementById", a.focus); e.Truthy() {
		e.Call("focus")
	}
	a.focus = ""
}

// setField writes into a form field, with the cursor behind the last character. It returns false if the field is not
// on the page.
func (a *app) setField(f ui.SetField) bool {
	e := a.home.Call("querySelector", `[data-field="`+f.Field+`"]`)
	if !e.Truthy() {
		return false
	}
	e.Set("value", f.Value)
	if t := e.Get("type"); t.Type() == js.TypeString && t.String() == "text" {
		e.Call("setSelectionRange", len(f.Value), len(f.Value)) // beyond the end counts as the end
		e.Set("scrollLeft", e.Get("scrollWidth"))
	}
	return true
}

// copy puts text on the clipboard, or has static/app.js select it where a page may not: one that came over plain http
// from another machine.
func (a *app) copy(text string) {
	var tell js.Func
	tell = js.FuncOf(func(_ js.Value, args []js.Value) any {
		tell.Release()
		a.tell(ui.Copied{OK: args[0].Bool()})
		return nil
	})
	a.host.Call("copy", text, tell)
}

// storePrefix keeps our settings apart from those of other pages of this address.
const storePrefix = "quorumlab."

// remember stores a setting. A browser that forbids it forgets it, no more.
func (a *app) remember(name, value string) {
	if s := storage(); s.Truthy() {
		attempt(func() { s.Call("setItem", storePrefix+name, value) })
	}
}

// recall tells the model what earlier visits stored.
func (a *app) recall() {
	s := storage()
	if !s.Truthy() {
		return
	}
	for i := range s.Get("length").Int() {
		key := s.Call("key", i)
		if key.Type() != js.TypeString {
			continue
		}
		name, n := key.String(), len(storePrefix)
		if len(name) > n && name[:n] == storePrefix && name[n:] != reloaded {
			a.update(ui.Recalled{Name: name[n:], Value: s.Call("getItem", key).String()})
		}
	}
}

// storage is the browser's store for this address, or undefined where it is forbidden.
func storage() (s js.Value) {
	attempt(func() { s = window.Get("localStorage") })
	return s
}

// reloaded is where the time of the last reload is kept.
const reloaded = "reloaded"

// reload loads the page anew because the room speaks another version of the wire; not more than once a minute,
// should the page come from somewhere that has not been renewed.
func (a *app) reload() {
	const patience = 60_000
	s, t := storage(), window.Get("Date").Call("now").Float()
	if s.Truthy() {
		last := window.Call("Number", s.Call("getItem", storePrefix+reloaded)).Float()
		if t-last < patience {
			a.later(patience * 1000)
			return
		}
		a.remember(reloaded, window.Call("String", t).String())
	}
	window.Get("location").Call("reload")
}

// attempt does what a browser's settings may forbid.
func attempt(do func()) {
	defer func() {
		if e := recover(); e != nil {
			if _, thrown := e.(js.Error); !thrown {
				panic(e)
			}
		}
	}()
	do()
}
