package web

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"sync"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// runs are the lines that are running for a viewer.
type runs struct {
	mu  sync.Mutex
	all map[uint64]running
}

// running is one of them.
type running struct {
	terminal *Terminal
	stop     context.CancelFunc
}

// begin takes a line in; nil if there are too many, or one has its number.
func (r *runs) begin(ctx context.Context, t *Terminal) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, twice := r.all[t.run]; twice || len(r.all) >= RunningLines {
		return nil
	}
	if r.all == nil {
		r.all = map[uint64]running{}
	}
	ctx, stop := context.WithCancel(ctx)
	r.all[t.run] = running{t, stop}
	return ctx
}

func (r *runs) end(run uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all[run].stop()
	delete(r.all, run)
}

// find is a line that runs.
func (r *runs) find(run uint64) (running, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one, ok := r.all[run]
	return one, ok
}

// halt stops all lines and says why.
func (r *runs) halt(why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range r.all {
		fmt.Fprintln(one.terminal.Err(), why)
		one.stop()
	}
}

// run has the room run a line as etcdctl would. Its error says that the viewer takes no answers.
func (v *viewer) run(f *event.Frame) error {
	t := newTerminal(f.Seq, v.server.room, v.write)
	why := ""
	ctx := context.Context(nil)
	switch {
	case v.server.shell == nil:
		why = "this room does not speak etcd's API"
	case len(f.Text) > RunBytes:
		why = fmt.Sprintf("the line is too long: %d bytes at most", RunBytes)
	case !v.limit.Allow():
		v.server.numbers.refused.WithLabelValues("rate").Inc()
		why = tooFast(v.server.limits.Commands).Sentence
	default:
		if ctx = v.runs.begin(v.ctx, t); ctx == nil {
			v.server.numbers.refused.WithLabelValues("pending").Inc()
			why = fmt.Sprintf("this was not done: %d lines of yours are running already; stop one of them", RunningLines)
		}
	}
	if why != "" {
		fmt.Fprintln(t.Err(), why)
		t.end()
		return v.ctx.Err()
	}
	go func() {
		v.server.shell.Run(ctx, v.learner.token, t, f.Text)
		v.runs.end(f.Seq)
		t.end()
	}()
	return nil
}

// input passes a typed line on to the line that asked for it. One that has ended meanwhile does not hear it.
func (v *viewer) input(f *event.Frame) error {
	one, ok := v.runs.find(f.Seq)
	if ok && (len(f.Text) > RunBytes || !v.limit.Allow() || !one.terminal.hear(f.Text)) {
		fmt.Fprintln(one.terminal.Err(), "this line was not taken: it is too long, or too many came at once")
	}
	return nil
}

// snapshot is GET /snapshot?node=n1&name=x.db: a node's store, as `etcdctl snapshot save` leaves it; without a node, whoever
// leads or runs is asked.
func (s *Server) snapshot(w http.ResponseWriter, r *http.Request) {
	q, err := query(r, "node", "name")
	if err == nil && s.shell == nil {
		err = &Fault{http.StatusNotFound, CodeNotFound, "This room does not speak etcd's API.", ""}
	}
	if err != nil {
		WriteFault(w, err)
		return
	}
	id, err := event.ParseNodeID(q.Get("node"))
	if err != nil {
		WriteFault(w, &Fault{http.StatusBadRequest, CodeBadRequest, "Whose store? Give node=n1, or nothing for any.", "node"})
		return
	}
	if f := s.ring.find("node", id); id != 0 && f != nil {
		f.Status = http.StatusNotFound
		WriteFault(w, f)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.wall)
	defer cancel()
	to := &attachment{ResponseWriter: w, name: fileName(q.Get("name"))}
	if err := s.shell.Snapshot(ctx, id.String(), to); err != nil {
		if to.begun {
			panic(http.ErrAbortHandler) // half of a file must not look whole
		}
		WriteFault(w, &Fault{http.StatusServiceUnavailable, CodeBadRequest, "There is no snapshot: " + err.Error() + ".", "node"})
	}
}

// attachment is a file for download; its head is written with its first bytes.
type attachment struct {
	http.ResponseWriter
	name  string
	begun bool
}

func (a *attachment) Write(b []byte) (int, error) {
	if !a.begun {
		a.begun = true
		h := a.Header()
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": a.name}))
	}
	return a.ResponseWriter.Write(b)
}

// fileName is a name that can stand in an address and on a disk.
func fileName(name string) string {
	const most = 64
	safe := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '.' || r == '_' || r == '-' {
			return r
		}
		return '-'
	}, name)
	safe = strings.TrimLeft(safe[:min(len(safe), most)], ".")
	if safe == "" {
		return "snapshot.db"
	}
	return safe
}
