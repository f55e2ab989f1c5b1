package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// stateBody is the answer to GET /state.
type stateBody struct {
	ID      string `json:"id"`
	Epoch   uint64 `json:"epoch"` // the life of the journal that seq belongs to
	Viewers int    `json:"viewers"`
	view.State
}

// state is GET /state: the folded state without the nodes' logs, which GET /log has.
func (s *Server) state(w http.ResponseWriter, _ *http.Request) { s.stateOf(s.open, w) }

func (s *Server) stateOf(f *face, w http.ResponseWriter) {
	j := s.cluster.Journal()
	WriteJSON(w, http.StatusOK, stateBody{f.name, j.Epoch(), s.audience.size(), listed(j.State())})
}

// listed has empty lists where st has none, so that clients need not tell them apart.
func listed(st view.State) view.State {
	st.Nodes = orEmpty(st.Nodes)
	st.Links = orEmpty(st.Links)
	st.Messages = orEmpty(st.Messages)
	st.Members = orEmpty(st.Members)
	st.Ops = orEmpty(st.Ops)
	st.Safety = orEmpty(st.Safety)
	return st
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// logBody is the answer to GET /log.
type logBody struct {
	Node    event.NodeID `json:"node"`
	First   uint64       `json:"first"`
	Last    uint64       `json:"last"`
	Commit  uint64       `json:"commit"`
	Entries []view.Entry `json:"entries"`
}

// entries is GET /log?node=n1&from=1&limit=100: log entries of one node, by index.
func (s *Server) entries(w http.ResponseWriter, r *http.Request) {
	q, err := query(r, "node", "from", "limit")
	if err != nil {
		WriteFault(w, err)
		return
	}
	id, err := event.ParseNodeID(q.Get("node"))
	if err != nil || id == 0 {
		WriteFault(w, &Fault{http.StatusBadRequest, CodeBadRequest, "Whose log? Give node=n1.", "node"})
		return
	}
	from, limit := number(&err, q, "from", 0), number(&err, q, "limit", LogEntries)
	if err != nil {
		WriteFault(w, err)
		return
	}
	if f := s.ring.find("node", id); f != nil {
		f.Status = http.StatusNotFound
		WriteFault(w, f)
		return
	}
	WriteJSON(w, http.StatusOK, logOf(s.cluster.State(), id, from, int(min(limit, LogEntries))))
}

func logOf(st view.State, id event.NodeID, from uint64, limit int) logBody {
	b := logBody{Node: id, Entries: []view.Entry{}}
	for _, n := range st.Nodes {
		if n.ID != id {
			continue
		}
		b.First, b.Last, b.Commit = n.First, n.Last, n.Commit
		for i := max(from, n.Log.First()); i < n.Log.End() && len(b.Entries) < limit; i++ {
			b.Entries = append(b.Entries, *n.Entry(i))
		}
	}
	return b
}

// query reads the request's parameters and refuses those it does not know.
func query(r *http.Request, known ...string) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &Fault{http.StatusBadRequest, CodeBadRequest, "The address's query cannot be read: " + err.Error() + ".", ""}
	}
next:
	for name, values := range q {
		if len(values) > 1 {
			return nil, &Fault{http.StatusBadRequest, CodeBadRequest, "This parameter is there twice.", name}
		}
		for _, k := range known {
			if name == k {
				continue next
			}
		}
		return nil, &Fault{http.StatusBadRequest, CodeBadRequest, fmt.Sprintf("There is no such parameter; there is %q.", known), name}
	}
	return q, nil
}

// number reads a parameter that is a whole number; the first that is not sets err.
func number(err *error, q url.Values, name string, absent uint64) uint64 {
	text := q.Get(name)
	if text == "" {
		return absent
	}
	n, wrong := strconv.ParseUint(text, 10, 64)
	if wrong != nil && *err == nil {
		*err = &Fault{http.StatusBadRequest, CodeBadRequest, "Give a whole number that is not negative.", name}
	}
	return n
}
