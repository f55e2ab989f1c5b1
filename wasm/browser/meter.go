//go:build js && wasm

package browser

import (
	"syscall/js"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// kept is how many of the last figures the meter keeps.
const kept = 2048

// meter counts what the page does, for tests; doc.go says what each figure means.
type meter struct {
	frames, skipped, patches int
	events, batches, bytes   int
	reconnects               int
	seq, drawnSeq            uint64
	scriptMs, drawnCommitMs  figures
	firstDrawnMs             float64  // on the page's own clock
	decodeMs                 float64  // since the last frame that was drawn
	commits                  []commit // that no frame has shown yet
}

// commit is one on the server.
type commit struct {
	seq  uint64
	wall event.Micros
}

// figures are the last ones, in a ring.
type figures struct {
	last []float64
	next int
}

func (f *figures) add(x float64) {
	if len(f.last) < kept {
		f.last = append(f.last, x)
		return
	}
	f.last[f.next] = x
	f.next = (f.next + 1) % kept
}

// values are the figures, oldest first.
func (f *figures) values() []any {
	all := make([]any, 0, len(f.last))
	for i := range f.last {
		all = append(all, f.last[(f.next+i)%len(f.last)])
	}
	return all
}

// open puts the measure function on the page.
func (m *meter) open(host js.Value) {
	host.Set("measure", js.FuncOf(func(js.Value, []js.Value) any { return m.told() }))
}

func (m *meter) told() map[string]any {
	return map[string]any{"frames": m.frames, "skipped": m.skipped, "patches": m.patches, "events": m.events,
		"batches": m.batches, "bytes": m.bytes, "reconnects": m.reconnects, "seq": float64(m.seq), "drawnSeq": float64(m.drawnSeq),
		"firstDrawnMs": m.firstDrawnMs,
		"scriptMs":     m.scriptMs.values(), "drawnCommitMs": m.drawnCommitMs.values()}
}

// received counts a frame of the websocket that took so many milliseconds to decode.
func (m *meter) received(bytes int, f *event.Frame, ms float64) {
	m.batches++
	m.decodeMs += ms
	m.bytes += bytes
	if f.Type != event.FrameEvents {
		return
	}
	m.events += len(f.Events)
	for i := range f.Events {
		if e := &f.Events[i]; e.Kind == event.Committed && len(m.commits) < kept {
			m.commits = append(m.commits, commit{f.Seq + uint64(i), e.Wall})
		}
	}
}

// looked counts an animation frame that took so many milliseconds of ours and ended at this wall time.
func (m *meter) looked(drawn bool, ms float64, at event.Micros) {
	if !drawn {
		m.skipped++
		return
	}
	if m.frames++; m.frames == 1 {
		m.firstDrawnMs = now()
	}
	m.scriptMs.add(ms + m.decodeMs)
	m.decodeMs = 0
	waiting := m.commits[:0]
	for _, c := range m.commits {
		if c.seq > m.drawnSeq {
			waiting = append(waiting, c)
			continue
		}
		m.drawnCommitMs.add(float64(at-c.wall) / 1000)
	}
	m.commits = waiting
}
