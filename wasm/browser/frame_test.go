//go:build !js

package browser_test

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/wasm/ui"
)

// BenchmarkFrame is what a page does in Go for one animation frame in a storm, without the browser: about a third of
// the time that it takes as WebAssembly.
func BenchmarkFrame(b *testing.B) {
	m := ui.New(ui.Seed{Width: 1440, Height: 900})
	tell := func(msg ui.Msg) { m, _ = ui.Update(m, msg) }
	picture := pictured()
	tell(ui.Arrived{Frame: event.Frame{Type: event.FrameWelcome, Version: event.WireVersion, Epoch: epoch}})
	tell(ui.Arrived{Frame: event.Frame{Type: event.FrameCheckpoint, Epoch: epoch, Seq: 1000, At: 60_000_000, Events: picture}})
	v := &visit{seq: 1000, at: 60_000_000}
	var frame event.Frame
	v.deliver = func(f event.Frame) { frame = f }
	v.happen(event.Event{Kind: event.RateSet, Factor: event.One, Took: 75_000})
	tell(ui.Arrived{Frame: frame})
	s := &storm{}
	scene, packets, patches := ui.Scene(&m), []byte(nil), []ui.Patch(nil)
	b.ReportAllocs()
	changes, at := 0, event.Micros(0)
	for b.Loop() {
		s.beat(v)
		at += 1_000_000 / stormBeats
		tell(ui.Arrived{Frame: frame})
		tell(ui.Ticked{Wall: at})
		next := ui.Scene(&m)
		patches = ui.AppendDiff(patches[:0], scene, next)
		scene = next
		packets = ui.Packets(&m, packets[:0])
		changes += len(patches)
	}
	b.ReportMetric(float64(changes)/float64(b.N), "patches/op")
}
