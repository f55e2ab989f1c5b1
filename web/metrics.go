package web

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// numbers are the room's metrics: a registry of its own, and behind it the process's (Go's and etcd's).
type numbers struct {
	http.Handler
	commands *prometheus.CounterVec // by kind and outcome
	refused  *prometheus.CounterVec // before the room was asked, by reason
	slow     prometheus.Counter
	bad      prometheus.Counter
}

func newNumbers(s *Server) *numbers {
	n := &numbers{
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "quorumlab_commands_total", Help: "Commands that the room answered."}, []string{"kind", "outcome"}),
		refused:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "quorumlab_commands_refused_total", Help: "Commands refused before the room was asked: rate, pending, invalid or lesson."}, []string{"reason"}),
		slow:     prometheus.NewCounter(prometheus.CounterOpts{Name: "quorumlab_viewers_slow_total", Help: "Viewers disconnected because they did not keep up."}),
		bad:      prometheus.NewCounter(prometheus.CounterOpts{Name: "quorumlab_frames_bad_total", Help: "Websocket frames that were malformed, too long or out of order."}),
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(n.commands, n.refused, n.slow, n.bad,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "quorumlab_viewers", Help: "Websockets and event streams that watch the room."}, func() float64 { return float64(s.audience.size()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "quorumlab_commands_pending", Help: "Commands that wait for the room's answer."}, func() float64 { return float64(len(s.pending)) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "quorumlab_history_bytes", Help: "Memory of the facts that are kept."}, func() float64 { return float64(s.cluster.Journal().Stats().Bytes) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "quorumlab_events_total", Help: "Facts recorded in this life of the room's journal."}, func() float64 { return float64(s.cluster.Journal().Stats().Seq) }),
	)
	n.Handler = promhttp.HandlerFor(prometheus.Gatherers{registry, prometheus.DefaultGatherer}, promhttp.HandlerOpts{})
	return n
}
