package etcdapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/version"

	"github.com/quorumlab/quorumlab/cluster/node"
)

// pages are what etcd serves over HTTP.
func (s *Server) pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", s.healthPage)
	mux.HandleFunc("GET /version", s.versionPage)
	mux.Handle("GET /metrics", s.metrics())
	s.probes(mux, "/livez", probe{"serializable_read", s.readable(true)})
	s.probes(mux, "/readyz", probe{"data_corruption", s.intact}, probe{"serializable_read", s.readable(true)},
		probe{"linearizable_read", s.readable(false)}, probe{"non_learner", s.voter})
	return mux
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
	body := struct {
		Health string `json:"health"`
		Reason string `json:"reason"`
	}{"true", ""}
	code := http.StatusOK
	if err != nil {
		body.Health, body.Reason, code = "false", plain(err), http.StatusServiceUnavailable
	}
	writeJSON(w, code, body)
}

// plain is an error without what gRPC puts around it.
func plain(err error) string {
	_, text, found := strings.Cut(err.Error(), "desc = ")
	if !found {
		text = err.Error()
	}
	return text
}

func writeJSON(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // whoever asked has gone away
}

func (s *Server) versionPage(w http.ResponseWriter, r *http.Request) {
	storage, err := askAny(r.Context(), s.m, untold, true, func(n *node.Node, _ *node.Call) (string, error) { return n.Store().StorageVersion(), nil })
	if err != nil || storage == "" {
		storage = "unknown"
	}
	writeJSON(w, http.StatusOK, version.Versions{Server: version.Version, Cluster: version.Cluster(version.Version) + ".0", Storage: storage})
}

// probe is one thing that is looked at.
type probe struct {
	name string
	look func(context.Context) error
}

// probes serves what all of them find, and each alone.
func (s *Server) probes(mux *http.ServeMux, path string, all ...probe) {
	mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		excluded := r.URL.Query()["exclude"]
		answerProbes(w, r, slices.DeleteFunc(slices.Clone(all), func(p probe) bool { return slices.Contains(excluded, p.name) }))
	})
	for _, p := range all {
		mux.HandleFunc("GET "+path+"/"+p.name, func(w http.ResponseWriter, r *http.Request) { answerProbes(w, r, []probe{p}) })
	}
}

func answerProbes(w http.ResponseWriter, r *http.Request, all []probe) {
	var lines strings.Builder
	_, verbose := r.URL.Query()["verbose"]
	ok := true
	for _, p := range all {
		if err := p.look(r.Context()); err != nil {
			ok = false
			fmt.Fprintf(&lines, "[-]%s failed: %s\n", p.name, plain(err))
		} else {
			fmt.Fprintf(&lines, "[+]%s ok\n", p.name)
		}
	}
	switch {
	case !ok:
		http.Error(w, lines.String(), http.StatusServiceUnavailable)
	case verbose:
		fmt.Fprint(w, lines.String())
	}
	if ok {
		fmt.Fprint(w, "ok\n")
	}
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
