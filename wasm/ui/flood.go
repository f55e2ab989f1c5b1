package ui

import "github.com/quorumlab/quorumlab/cluster/event"

// A log that follows its end under more entries than anybody can read is drawn at leisure: a page that moves all of its cells
// in every frame has no time left for what can be seen.
const (
	floodRate               = 30      // columns a second from which on it is a flood
	floodWatch              = 500_000 // wall time over which columns are counted
	leisure    event.Micros = 100_000 // wall time between two drawings in a flood
)

// flood counts how quickly the log moves.
type flood struct {
	since event.Micros // wall time at which counting began
	from  uint64       // the last column then
	on    bool
	drawn event.Micros // wall time of the last drawing
	seq   uint64       // of the last event that it shows
}

// watch counts up to a wall time at which the log's last column is this.
func (f *flood) watch(wall event.Micros, last uint64) {
	passed := wall - f.since
	if passed < floodWatch && last >= f.from {
		return
	}
	f.on = last > f.from && f.since != 0 && event.Micros(last-f.from)*1_000_000 > floodRate*passed
	f.since, f.from = wall, last
}

// drawnLog draws the log if there is news for it: at once, or in a flood at leisure.
func (m *Model) drawnLog() *Element {
	f := &m.kept().flood
	f.watch(m.clock.wall, m.logWindow().last)
	if passed := m.clock.wall - f.drawn; f.on && m.logLast == 0 && passed >= 0 && passed < leisure && m.cache.parts[inLog] != nil {
		return m.cache.parts[inLog]
	}
	if m.cache.made[inLog] != m.news[inLog]+1 {
		f.drawn = m.clock.wall
	}
	f.seq = m.State.Seq
	return m.drawn(inLog, logElement)
}

// Shown is the last event of which the last Scene shows everything; what came after it is not yet in the log.
func (m *Model) Shown() uint64 { return m.kept().flood.seq }
