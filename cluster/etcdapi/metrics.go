package etcdapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"time"

	grpcmetrics "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"go.etcd.io/etcd/api/v3/version"

	"github.com/quorumlab/quorumlab/cluster/node"
	"github.com/quorumlab/quorumlab/cluster/store"
)

// scrapePatience bounds, on the wall clock, how long a frozen node may keep whoever collects metrics waiting.
const scrapePatience = 5 * time.Second

// Metrics are what a node counts and tells to who collects, under etcd's names where the meaning is etcd's. All servers
// of a node share one; it is the handler of the page, too.
type Metrics struct {
	http.Handler
	registry *prometheus.Registry
	counters
	grpc  *grpcmetrics.ServerMetrics
	zeros bool // of calls that were never made, too, as etcd tells them: half a megabyte
	once  sync.Once
	m     Member
}

// NodeMetrics are a node's own, where it is one of many in this process: what etcd's code counts by itself is the whole
// process's, so it is left out.
func NodeMetrics() *Metrics {
	m := newMetrics(false)
	m.Handler = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return m
}

// ProcessMetrics are those of a node that has its process for itself: etcd's code, the Go runtime and the process are told
// too. Extensive ones have how long calls took (etcd's flag metrics).
func ProcessMetrics(extensive bool) *Metrics {
	m := newMetrics(extensive)
	m.zeros = true
	m.registry.MustRegister(files{})
	m.Handler = promhttp.InstrumentMetricHandler(prometheus.DefaultRegisterer, promhttp.HandlerFor(union{prometheus.DefaultGatherer, m.registry}, promhttp.HandlerOpts{}))
	return m
}

func newMetrics(extensive bool) *Metrics {
	var o []grpcmetrics.ServerMetricsOption
	if extensive {
		o = append(o, grpcmetrics.WithServerHandlingTimeHistogram())
	}
	m := &Metrics{registry: prometheus.NewRegistry(), counters: newCounters(), grpc: grpcmetrics.NewServerMetrics(o...)}
	m.registry.MustRegister(m.counters.all()...)
	m.registry.MustRegister(m.grpc)
	return m
}

// union is what two tell; where both tell the same, it is the first one's.
type union [2]prometheus.Gatherer

// Gather is prometheus's.
func (u union) Gather() ([]*dto.MetricFamily, error) {
	all, err := u[0].Gather()
	known := map[string]bool{}
	for _, f := range all {
		known[f.GetName()] = true
	}
	more, err2 := u[1].Gather()
	for _, f := range more {
		if !known[f.GetName()] {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return all, errors.Join(err, err2)
}

// bind says whose metrics they are; the first one counts.
func (m *Metrics) bind(of Member) {
	m.once.Do(func() {
		m.m = of
		m.registry.MustRegister(m.standing())
	})
}

// standing is what the metrics of a node tell of how it stands.
type standing struct {
	node.Status
	store.Sizes
	revision int64
}

// metric is one figure.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	of   func(standing) float64
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func gauge(name, help string, of func(standing) float64) metric {
	return metric{prometheus.NewDesc(name, help, nil, nil), prometheus.GaugeValue, of}
}

// collector asks the node whenever somebody collects.
type collector struct {
	m      Member
	all    []metric
	labels []prometheus.Metric
}

var serverID = prometheus.NewDesc("etcd_server_id", "Server or member ID in hexadecimal format. 1 for 'server_id' label with current ID.", []string{"server_id"}, nil)

func (m *Metrics) standing() *collector {
	fixed := func(name, help, label, value string) prometheus.Metric {
		return prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, []string{label}, nil), prometheus.GaugeValue, 1, value)
	}
	return &collector{m: m.m, all: figures(m.m), labels: []prometheus.Metric{
		fixed("etcd_server_version", "Which version is running. 1 for 'server_version' label with current version.", "server_version", version.Version),
		fixed("etcd_server_go_version", "Which Go version server is running with. 1 for 'server_go_version' label with current version.", "server_go_version", runtime.Version()),
		fixed("etcd_cluster_version", "Which version is running. 1 for 'cluster_version' label with current cluster version", "cluster_version", version.Cluster(version.Version)),
	}}
}

func figures(m Member) []metric {
	return []metric{
		gauge("etcd_server_has_leader", "Whether or not a leader exists. 1 is existence, 0 is not.", func(s standing) float64 { return one(s.Leader != 0) }),
		gauge("etcd_server_is_leader", "Whether or not this member is a leader. 1 if is, 0 otherwise.", func(s standing) float64 { return one(s.Leader == m.Self()) }),
		gauge("etcd_server_is_learner", "Whether or not this member is a learner. 1 if is, 0 otherwise.", func(s standing) float64 { return one(s.Learner) }),
		gauge("etcd_server_proposals_committed_total", "The total number of consensus proposals committed.", func(s standing) float64 { return float64(s.Commit) }),
		gauge("etcd_server_proposals_applied_total", "The total number of consensus proposals applied.", func(s standing) float64 { return float64(s.Applied) }),
		gauge("etcd_server_quota_backend_bytes", "Current backend storage quota size in bytes.", func(s standing) float64 { return float64(s.Quota) }),
		gauge("etcd_mvcc_db_total_size_in_bytes", "Total size of the underlying database physically allocated in bytes.", func(s standing) float64 { return float64(s.File) }),
		gauge("etcd_mvcc_db_total_size_in_use_in_bytes", "Total size of the underlying database logically in use in bytes.", func(s standing) float64 { return float64(s.InUse) }),
		gauge("etcd_debugging_mvcc_current_revision", "The current revision of store.", func(s standing) float64 { return float64(s.revision) }),
	}
}

// Describe is prometheus's.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, m := range c.all {
		to <- m.desc
	}
	for _, m := range c.labels {
		to <- m.Desc()
	}
	to <- serverID
}

// Collect is prometheus's. A node that does not answer has no figures.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapePatience)
	defer cancel()
	st, err := askAny(ctx, c.m, untold, true, func(n *node.Node, _ *node.Call) (standing, error) {
		return standing{Status: n.Status(), Sizes: n.Store().Sizes(), revision: n.Store().Revision()}, nil
	})
	if err != nil {
		return
	}
	for _, m := range c.all {
		to <- prometheus.MustNewConstMetric(m.desc, m.kind, m.of(st))
	}
	for _, m := range c.labels {
		to <- m
	}
	to <- prometheus.MustNewConstMetric(serverID, prometheus.GaugeValue, 1, fmt.Sprintf("%x", c.m.Peer(c.m.Self()).ID)) // a new member learns its id late
}
