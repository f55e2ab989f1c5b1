package etcdapi

import (
	"github.com/prometheus/client_golang/prometheus"

	"go.etcd.io/etcd/pkg/v3/runtime"
)

var (
	filesUsed  = prometheus.NewDesc("os_fd_used", "The number of used file descriptors.", nil, nil)
	filesLimit = prometheus.NewDesc("os_fd_limit", "The file descriptor limit.", nil, nil)
)

// files tells of the process's open files.
type files struct{}

// Describe is prometheus's.
func (files) Describe(to chan<- *prometheus.Desc) {
	to <- filesUsed
	to <- filesLimit
}

// Collect is prometheus's. What the system does not tell is left out.
func (files) Collect(to chan<- prometheus.Metric) {
	if n, err := runtime.FDUsage(); err == nil {
		to <- prometheus.MustNewConstMetric(filesUsed, prometheus.GaugeValue, float64(n))
	}
	if n, err := runtime.FDLimit(); err == nil {
		to <- prometheus.MustNewConstMetric(filesLimit, prometheus.GaugeValue, float64(n))
	}
}
