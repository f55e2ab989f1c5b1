package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// EpochHeader of GET /events tells which life of the journal the sequence numbers belong to.
const EpochHeader = "Room-Epoch"

// checkpointLine stands in GET /events for facts that are no longer kept.
type checkpointLine struct {
	Kind  string     `json:"kind"` // "checkpoint"
	Epoch uint64     `json:"epoch"`
	Seq   uint64     `json:"seq"` // the last fact it stands for
	State view.State `json:"state"`
}

// noticeLine is the last line of a stream that the server ends.
type noticeLine struct {
	Kind string `json:"kind"` // "notice"
	Code string `json:"code"` // "slow", "closing" or "limit"
	Text string `json:"text"`
	Seq  uint64 `json:"seq"` // the last fact that was written
}

// streamChunk is how many old facts a stream writes at a time.
const streamChunk = 4096

// events is GET /events?from=SEQ&epoch=E: facts from SEQ on, one JSON object a line, and then those that come.
// Without from it begins with what comes next. If SEQ is no longer kept, or belongs to another epoch, the first
// line is a checkpoint; so is the line after which a room that was prepared anew goes on, in another epoch. Who does not
// read is disconnected.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	q, err := query(r, "from", "epoch")
	if err != nil {
		WriteFault(w, err)
		return
	}
	j := s.cluster.Journal()
	newest := j.Stats().Seq
	from, epoch := number(&err, q, "from", newest+1), number(&err, q, "epoch", j.Epoch())
	if err != nil {
		WriteFault(w, err)
		return
	}
	leave, full := s.audience.attend()
	if full != nil {
		WriteFault(w, full)
		return
	}
	defer leave()
	st := &stream{server: s, journal: j, next: from, w: json.NewEncoder(w), control: http.NewResponseController(w)}
	h := w.Header()
	h.Set("Content-Type", "application/x-ndjson; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set(EpochHeader, strconv.FormatUint(j.Epoch(), 10))
	if epoch != j.Epoch() || from > newest+1 {
		err = st.checkpoint()
	}
	if err == nil {
		err = st.catchUp()
	}
	if err == nil {
		st.follow(r)
	}
}

// stream is one reader of GET /events.
type stream struct {
	server  *Server
	journal *journal.Journal
	w       *json.Encoder
	control *http.ResponseController
	next    uint64 // first sequence number not written; 0: the oldest
}

// catchUp writes what is kept.
func (st *stream) catchUp() error {
	for {
		events, err := st.journal.Events(max(st.next, 1), streamChunk)
		var dropped *journal.Gone
		if errors.As(err, &dropped) {
			err = st.checkpoint()
		}
		if err == nil {
			err = st.write(events)
		}
		if err != nil || len(events) == 0 && dropped == nil {
			return err
		}
	}
}

func (st *stream) checkpoint() error {
	state := st.journal.State()
	st.next = state.Seq + 1
	st.hurry()
	if err := st.w.Encode(checkpointLine{"checkpoint", st.journal.Epoch(), state.Seq, listed(state)}); err != nil {
		return err
	}
	return st.control.Flush()
}

// follow writes the facts that come, until the reader leaves or is too slow.
func (st *stream) follow(r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(st.server.ctx, cancel)()
	facts := st.journal.Subscribe(st.next-1, st.journal.Epoch())
	for {
		f, err := facts.Next(ctx)
		if errors.Is(err, journal.ErrClosed) {
			if facts, err = st.goOver(ctx); err == nil {
				continue
			}
		}
		if err != nil {
			st.end(err)
			return
		}
		if st.show(f) != nil {
			return
		}
	}
}

// goOver waits for the journal that follows and begins it.
func (st *stream) goOver(ctx context.Context) (*journal.Subscription, error) {
	next, err := st.server.successor(ctx, st.journal)
	if err != nil {
		return nil, err
	}
	st.journal, st.next = next, 0
	return next.Subscribe(0, 0), nil
}

func (st *stream) show(f *journal.Frame) error {
	frame, err := event.DecodeFrame(f.Bytes)
	if err != nil {
		return err
	}
	if frame.Type == event.FrameCheckpoint {
		return st.checkpoint()
	}
	return st.write(frame.Events)
}

// end says why there is no more.
func (st *stream) end(err error) {
	n := noticeLine{"notice", CodeClosing, roomCloses.sentence, st.next - 1}
	var slow *journal.Slow
	if errors.As(err, &slow) {
		st.server.numbers.slow.Inc()
		n.Code, n.Text = CodeSlow, "You do not keep up with the room; go on from the next sequence number."
	}
	st.control.SetWriteDeadline(time.Now().Add(farewellWait))
	st.w.Encode(n)
}

// write skips what a checkpoint has told already.
func (st *stream) write(events []event.Event) error {
	st.hurry()
	for i := range events {
		if events[i].Seq < st.next {
			continue
		}
		if err := st.w.Encode(&events[i]); err != nil {
			return err
		}
		st.next = events[i].Seq + 1
	}
	return st.control.Flush()
}

func (st *stream) hurry() { st.control.SetWriteDeadline(time.Now().Add(writeWait)) }
