package web

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// recording is GET /recording: everything that the room's journal keeps, up to now, as a file that quorumlab replay plays. What
// follows is not in it; the room goes on meanwhile.
func (s *Server) recording(w http.ResponseWriter, r *http.Request) {
	if _, err := query(r); err != nil {
		WriteFault(w, err)
		return
	}
	if !s.fetching.Allow() { // not s.http: who may only watch must not use up what those have who act
		s.numbers.refused.WithLabelValues("rate").Inc()
		w.Header().Set("Retry-After", "1")
		WriteFault(w, &Fault{http.StatusTooManyRequests, CodeLimit, fmt.Sprintf("This recording may be fetched %v times a second; ask again in a moment.", FetchRate), ""})
		return
	}
	select {
	case s.downloads <- struct{}{}:
		defer func() { <-s.downloads }()
	default:
		s.numbers.refused.WithLabelValues("pending").Inc()
		w.Header().Set("Retry-After", "10")
		WriteFault(w, &Fault{http.StatusServiceUnavailable, CodeLimit, fmt.Sprintf("%d people are fetching this recording already; ask again in a moment.", Downloads), ""})
		return
	}
	now, name := time.Now(), PublicName(s.room)
	to := &attachment{ResponseWriter: w, name: fileName(name + now.UTC().Format("-20060102-150405") + ".qlr")}
	err := s.cluster.Journal().Write(&hurried{to, http.NewResponseController(w)}, journal.Info{Room: name, Made: event.Micros(now.UnixMicro())})
	if err != nil {
		panic(http.ErrAbortHandler) // half of a file must not look whole
	}
}

// PublicName is what may be told of a room's id, which is its key: the words that it begins with.
func PublicName(room string) string {
	const words = 2
	parts := strings.SplitN(room, "-", words+1)
	return strings.Join(parts[:min(len(parts), words)], "-")
}

// hurried gives a client writeWait for each piece of a long answer.
type hurried struct {
	w       io.Writer
	control *http.ResponseController
}

func (h *hurried) Write(b []byte) (int, error) {
	_ = h.control.SetWriteDeadline(time.Now().Add(writeWait)) // a writer without deadlines has none to miss
	return h.w.Write(b)
}

// beginning is the state in which a recording begins, and where its recorder stands then.
func beginning(j *journal.Journal) (view.State, event.Tape) {
	reach := j.Reach()
	tape := event.Tape{Mode: event.TapePaused, Speed: event.One, At: reach.FirstAt, First: reach.First, FirstAt: reach.FirstAt, Head: reach.Head, HeadAt: reach.HeadAt, Sealed: true}
	seq, err := j.SeqAt(reach.FirstAt)
	if err != nil {
		return j.State(), tape // the recorder says what is wrong
	}
	state, err := j.StateAt(seq)
	if err != nil {
		return j.State(), tape
	}
	tape.Seq = seq
	return state, tape
}
