package lobby

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// numbers are the lobby's metrics.
type numbers struct {
	http.Handler
	created, deleted, restarts prometheus.Counter
	spawn                      prometheus.Histogram
}

func newNumbers(l *Lobby) *numbers {
	n := &numbers{
		created:  prometheus.NewCounter(prometheus.CounterOpts{Name: "quorumlab_rooms_created_total", Help: "Rooms made."}),
		deleted:  prometheus.NewCounter(prometheus.CounterOpts{Name: "quorumlab_rooms_deleted_total", Help: "Rooms deleted, by people or because nobody used them."}),
		restarts: prometheus.NewCounter(prometheus.CounterOpts{Name: "quorumlab_room_restarts_total", Help: "Rooms started again because their process ended unasked."}),
		spawn: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "quorumlab_room_start_seconds", Help: "From starting a room's process until it serves.",
			Buckets: []float64{.05, .1, .2, .4, .8, 1.6, 3.2, 6.4}}),
	}
	registry := prometheus.NewRegistry()
	gauge := func(name, help string, value func(counts) int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value(l.count())) })
	}
	registry.MustRegister(n.created, n.deleted, n.restarts, n.spawn,
		gauge("quorumlab_rooms", "Rooms there are.", func(c counts) int { return c.rooms }),
		gauge("quorumlab_rooms_asleep", "Rooms without a process.", func(c counts) int { return c.asleep }),
		gauge("quorumlab_rooms_broken", "Rooms that do not start.", func(c counts) int { return c.broken }),
		gauge("quorumlab_visits", "Requests and websockets in rooms.", func(c counts) int { return c.visits }),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	n.Handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return n
}

type counts struct{ rooms, asleep, broken, visits int }

func (l *Lobby) count() (c counts) {
	for _, r := range l.all() {
		r.mu.Lock()
		c.rooms++
		c.visits += r.visits
		// only these two are counted
		//exhaustive:ignore
		switch r.phase {
		case asleep:
			c.asleep++
		case broken:
			c.broken++
		}
		r.mu.Unlock()
	}
	return c
}
