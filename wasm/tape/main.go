//go:build js && wasm

// Command tape is the room's side of a page that plays a recording without a server. static/tape.js starts it in a worker
// and passes on the frames that it would exchange with a room's websocket.
package main

import (
	"bytes"
	"context"
	"strings"
	"syscall/js"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/words"
	"github.com/quorumlab/quorumlab/web/languages"
	"github.com/quorumlab/quorumlab/web/tape"
)

func main() {
	host := js.Global().Get("quorumlab")
	file := host.Get("recording")
	b := make([]byte, file.Length())
	js.CopyBytesToGo(b, file)
	j, info, err := journal.Read(bytes.NewReader(b))
	if j == nil {
		host.Call("fail", host.Get("unplayable").String()+" "+ended(err.Error()))
		return
	}
	p := &player{host: host, journal: j, room: info.Room, studio: tape.NewStudio(), flaw: err}
	p.studio.Recording = host.Get("address").String()
	host.Set("hear", js.FuncOf(p.hear))
	host.Call("ready")
	select {}
}

// ended is a sentence with its end.
func ended(sentence string) string {
	if strings.HasSuffix(sentence, "?") {
		return sentence
	}
	return sentence + "."
}

// player is one page's recorder, as a room's server has one for each viewer.
type player struct {
	host    js.Value
	journal *journal.Journal
	room    string
	studio  *tape.Studio
	flaw    error // what is wrong with the recording, of which the rest can be seen; nil: nothing
	words   *words.Language
	tape    *tape.Tape // nil until the page has said hello
}

// hear takes a frame of the page's.
func (p *player) hear(_ js.Value, args []js.Value) any {
	b := make([]byte, args[0].Length())
	js.CopyBytesToGo(b, args[0])
	f, err := event.DecodeFrame(b)
	if err != nil {
		p.host.Call("fail", "What the page sent cannot be read: "+err.Error()+". Load the page again.")
		return nil
	}
	if p.tape == nil {
		if f.Type == event.FrameHello {
			p.greet(&f)
		}
		return nil
	}
	// the page sends no other frames to a recording
	//exhaustive:ignore
	switch f.Type {
	case event.FrameWind:
		err = p.tape.Wind(f.Text)
	case event.FrameLook:
		err = p.tape.Look(f.Code, f.Text)
	case event.FrameOrder:
		p.post(&event.Frame{Type: event.FrameAnswer, Result: event.Result{ID: f.Command.ID, Kind: f.Command.Kind, Outcome: event.Failed,
			Error: p.words.Say("This is a recording: nothing can be done in it.")}})
	}
	if err != nil {
		p.post(&event.Frame{Type: event.FrameNotice, Code: "tape", Text: err.Error()})
	}
	return nil
}

// greet answers a page that says hello, and shows it the recording from then on.
func (p *player) greet(hello *event.Frame) {
	p.words = languages.Of(hello.Code)
	p.post(&event.Frame{Type: event.FrameWelcome, Version: event.WireVersion, Epoch: p.journal.Epoch(), Room: p.room})
	p.tape = tape.New(tape.Options{Journal: p.journal, Studio: p.studio, Words: p.words, Sealed: true})
	if p.flaw != nil {
		p.post(&event.Frame{Type: event.FrameNotice, Code: "tape", Text: p.flaw.Error()})
	}
	go p.show(p.tape)
}

// show posts what the recorder shows.
func (p *player) show(t *tape.Tape) {
	for {
		sheet, err := t.Next(context.Background())
		if err != nil {
			p.host.Call("fail", err.Error())
			return
		}
		p.send(sheet.Bytes)
	}
}

func (p *player) post(f *event.Frame) { p.send(event.AppendFrame(nil, f)) }

// send gives a frame to the page.
func (p *player) send(b []byte) {
	frame := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(frame, b)
	p.host.Call("post", frame)
}
