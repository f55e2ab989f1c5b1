package etcdapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"go.etcd.io/etcd/api/v3/version"

	"github.com/quorumlab/quorumlab/cluster/node"
	"github.com/quorumlab/quorumlab/cluster/store"
)

// scrapePatience bounds, on the wall clock, how long a frozen node may keep whoever collects metrics waiting.
const scrapePatience = 5 * time.Second

// standing is what the metrics of a node tell.
type standing struct {
	node.Status
	store.Sizes
	revision int64
}

// metric is one figure under etcd's name, where its meaning is etcd's.
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

// metrics are this node's own: those that etcd's code counts by itself are the whole process's, with all nodes of a room.
func (s *Server) metrics() http.Handler {
	self := s.m.Peer(s.m.Self())
	fixed := func(name, help, label, value string) prometheus.Metric {
		return prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, []string{label}, nil), prometheus.GaugeValue, 1, value)
	}
	c := &collector{m: s.m, labels: []prometheus.Metric{
		fixed("etcd_server_id", "Server or member ID in hexadecimal format. 1 for 'server_id' label with current ID.", "server_id", fmt.Sprintf("%x", self.ID)),
		fixed("etcd_server_version", "Which version is running. 1 for 'server_version' label with current version.", "server_version", version.Version),
	}, all: []metric{
		gauge("etcd_server_has_leader", "Whether or not a leader exists. 1 is existence, 0 is not.", func(s standing) float64 { return one(s.Leader != 0) }),
		gauge("etcd_server_is_leader", "Whether or not this member is a leader. 1 if is, 0 otherwise.", func(x standing) float64 { return one(x.Leader == s.m.Self()) }),
		gauge("etcd_server_is_learner", "Whether or not this member is a learner. 1 if is, 0 otherwise.", func(s standing) float64 { return one(s.Learner) }),
		gauge("etcd_server_proposals_committed_total", "The total number of consensus proposals committed.", func(s standing) float64 { return float64(s.Commit) }),
		gauge("etcd_server_proposals_applied_total", "The total number of consensus proposals applied.", func(s standing) float64 { return float64(s.Applied) }),
		gauge("etcd_server_quota_backend_bytes", "Current backend storage quota size in bytes.", func(s standing) float64 { return float64(s.Quota) }),
		gauge("etcd_mvcc_db_total_size_in_bytes", "Total size of the underlying database physically allocated in bytes.", func(s standing) float64 { return float64(s.File) }),
		gauge("etcd_mvcc_db_total_size_in_use_in_bytes", "Total size of the underlying database logically in use in bytes.", func(s standing) float64 { return float64(s.InUse) }),
		gauge("etcd_debugging_mvcc_current_revision", "The current revision of store.", func(s standing) float64 { return float64(s.revision) }),
	}}
	registry := prometheus.NewRegistry()
	registry.MustRegister(c)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// Describe is prometheus's.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, m := range c.all {
		to <- m.desc
	}
	for _, m := range c.labels {
		to <- m.Desc()
	}
}

// Collect is prometheus's. A node that does not answer has no figures.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapePatience)
	defer cancel()
	st, err := askAny(ctx, c.m, untold, true, func(n *node.Node, _ *node.Call) (standing, error) {
		return standing{n.Status(), n.Store().Sizes(), n.Store().Revision()}, nil
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
}
