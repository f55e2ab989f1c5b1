//go:build js && wasm

package browser

import (
	"strconv"
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

// told appends the figures, oldest first, in µs.
func (f *figures) told(b []byte) []byte {
	b = append(b, ';')
	for i := range f.last {
		b = strconv.AppendInt(append(b, ' '), int64(f.last[(f.next+i)%len(f.last)]*1000), 10)
	}
	return b
}

// open puts the measure function on the page.
func (m *meter) open(host js.Value) {
	host.Set("figures", js.FuncOf(func(js.Value, []js.Value) any { return m.told() }))
}

// told are the figures in whole numbers, times in µs, with blanks between them and semicolons between the lists: app.js names them.
func (m *meter) told() string {
	var b []byte
	for _, n := range [...]int{m.frames, m.skipped, m.patches, m.events, m.batches, m.bytes, m.reconnects, int(m.seq), int(m.drawnSeq), int(m.firstDrawnMs * 1000)} {
		b = strconv.AppendInt(append(b, ' '), int64(n), 10)
	}
	return string(m.drawnCommitMs.told(m.scriptMs.told(b)))
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
