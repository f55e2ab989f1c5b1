package etcdapi

import (
	"context"
	"encoding/json"
	"expvar"
	"fmt"
	"net/http"
	"slices"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/version"

	"github.com/quorumlab/quorumlab/cluster/node"
)

// pages are what etcd serves over HTTP. Those of a process tell of the process, too.
func (s *Server) pages(metrics http.Handler, process bool) http.Handler {
	mux := http.NewServeMux()
	s.metricsOn(mux, metrics)
	mux.HandleFunc("/version", reading(s.versionPage))
	if process {
		mux.HandleFunc("/debug/vars", reading(expvar.Handler().ServeHTTP))
	}
	return mux
}

// metricsPages are those that etcd serves at its metrics URLs.
func (s *Server) metricsPages(metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	s.metricsOn(mux, metrics)
	return mux
}

func (s *Server) metricsOn(mux *http.ServeMux, metrics http.Handler) {
	mux.Handle("/metrics", metrics)
	mux.HandleFunc("/health", reading(s.healthPage))
	s.probes(mux, "livez", probe{"serializable_read", s.readable(true)})
	s.probes(mux, "readyz", probe{"data_corruption", s.intact}, probe{"serializable_read", s.readable(true)},
		probe{"linearizable_read", s.readable(false)}, probe{"non_learner", s.voter})
}

// reading refuses all that is no GET, in etcd's words.
func reading(page http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			w.Header().Set("Allow", http.MethodGet)
			http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
			return
		}
		page(w, r)
	}
}

// failing is a reason why a node is not healthy.
type failing string

func (f failing) Error() string { return string(f) }

// healthPage says whether this node can serve: no alarm, a leader, and a read that is fresh unless that is not asked for.
func (s *Server) healthPage(w http.ResponseWriter, r *http.Request) {
	serializable, excluded := r.URL.Query().Get("serializable") == "true", r.URL.Query()["exclude"]
	_, err := askAny(r.Context(), s.m, untold, true, func(n *node.Node, c *node.Call) (none struct{}, _ error) {
		for _, a := range n.Store().Alarms() {
			if !slices.Contains(excluded, a.Alarm.String()) {
				return none, failing("ALARM " + a.Alarm.String())
			}
		}
		if serializable {
			return none, nil
		}
		if n.Leader() == 0 {
			return none, failing("RAFT NO LEADER")
		}
		if err := n.Confirm(c); err != nil {
			return none, failing("RANGE ERROR:" + err.Error())
		}
		return none, nil
	})
	health := struct {
		Health string `json:"health"`
		Reason string `json:"reason"`
	}{"true", ""}
	if err != nil {
		health.Health, health.Reason = "false", plain(err)
	}
	body, _ := json.Marshal(health) // strings can always be written
	if err != nil {
		s.metrics.sick.Inc()
		http.Error(w, string(body), http.StatusServiceUnavailable)
		return
	}
	s.metrics.healthy.Inc()
	_, _ = w.Write(body) // whoever asked has gone away
}

// plain is an error without what gRPC puts around it.
func plain(err error) string {
	_, text, found := strings.Cut(err.Error(), "desc = ")
	if !found {
		text = err.Error()
	}
	return text
}

func (s *Server) versionPage(w http.ResponseWriter, r *http.Request) {
	storage, err := askAny(r.Context(), s.m, untold, true, func(n *node.Node, _ *node.Call) (string, error) { return n.Store().StorageVersion(), nil })
	if err != nil || storage == "" {
		storage = "unknown"
	}
	body, _ := json.Marshal(version.Versions{Server: version.Version, Cluster: version.Cluster(version.Version) + ".0", Storage: storage}) // strings
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // whoever asked has gone away
}

// probe is one thing that is looked at.
type probe struct {
	name string
	look func(context.Context) error
}

// probes serves what all of them find, and each alone.
func (s *Server) probes(mux *http.ServeMux, kind string, all ...probe) {
	mux.HandleFunc("/"+kind, reading(func(w http.ResponseWriter, r *http.Request) {
		excluded := r.URL.Query()["exclude"]
		s.answerProbes(w, r, kind, slices.DeleteFunc(slices.Clone(all), func(p probe) bool { return slices.Contains(excluded, p.name) }))
	}))
	for _, p := range all {
		mux.HandleFunc("/"+kind+"/"+p.name, reading(func(w http.ResponseWriter, r *http.Request) { s.answerProbes(w, r, kind, []probe{p}) }))
	}
}

func (s *Server) answerProbes(w http.ResponseWriter, r *http.Request, kind string, all []probe) {
	var lines strings.Builder
	ok := true
	for _, p := range all {
		err := p.look(r.Context())
		if err != nil {
			ok = false
			fmt.Fprintf(&lines, "[-]%s failed: %s\n", p.name, plain(err))
		} else {
			fmt.Fprintf(&lines, "[+]%s ok\n", p.name)
		}
		s.metrics.looked(kind, p.name, err == nil)
	}
	if !ok {
		http.Error(w, lines.String(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if _, verbose := r.URL.Query()["verbose"]; verbose {
		fmt.Fprint(w, lines.String())
	}
	fmt.Fprint(w, "ok\n")
}

func (s *Server) readable(serializable bool) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := askAny(ctx, s.m, untold, true, func(n *node.Node, c *node.Call) (none struct{}, _ error) {
			if serializable {
				return none, nil
			}
			return none, n.Confirm(c)
		})
		return err
	}
}

func (s *Server) intact(ctx context.Context) error {
	_, err := askAny(ctx, s.m, untold, true, func(n *node.Node, _ *node.Call) (none struct{}, _ error) {
		for _, a := range n.Store().Alarms() {
			if a.Alarm == pb.AlarmType_CORRUPT {
				return none, failing("alarm activated: CORRUPT")
			}
		}
		return none, nil
	})
	return err
}

func (s *Server) voter(ctx context.Context) error {
	learner, err := askAny(ctx, s.m, untold, true, func(n *node.Node, _ *node.Call) (bool, error) { return n.Learner(), nil })
	if err == nil && learner {
		return failing("not supported for learner")
	}
	return err
}
