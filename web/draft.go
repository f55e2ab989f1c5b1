package web

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"net/http"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/lessons"
)

// draftWait is how long a draft waits for the keys that the store held. A frozen room does not tell them.
const draftWait = 3 * time.Second

// draft is GET /draft?from=SEQ: a lesson file made of what was done in the room from that fact on, or from the oldest one
// that is kept.
func (s *Server) draft(w http.ResponseWriter, r *http.Request) {
	q, err := query(r, "from")
	if err != nil {
		WriteFault(w, err)
		return
	}
	from := number(&err, q, "from", 0)
	if err == nil && !s.http.Allow() {
		err = tooFast(s.limits.Commands)
	}
	if err != nil {
		WriteFault(w, err)
		return
	}
	facts := &pastFacts{ctx: r.Context(), journal: s.cluster.Journal()}
	base := facts.journal.Oldest()
	facts.first = base.Seq + 1
	text := lessons.Draft(lessons.Past{Base: base, Events: facts.all(), From: from,
		Do: func(c event.Command) event.Result { return s.read(r.Context(), c) }})
	if facts.err != nil {
		WriteFault(w, facts.err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/markdown; charset=utf-8")
	h.Set("Content-Disposition", `inline; filename="draft.md"`)
	h.Set("Cache-Control", "no-store")
	w.Write([]byte(text))
}

// pastFacts goes through the facts that a journal keeps up to now, some at a time.
type pastFacts struct {
	ctx     context.Context
	journal *journal.Journal
	first   uint64
	err     error
}

func (p *pastFacts) all() iter.Seq[event.Event] {
	last := p.journal.Stats().Seq
	return func(yield func(event.Event) bool) {
		for next := p.first; next <= last && p.err == nil; {
			events, err := p.journal.Events(next, streamChunk)
			if p.err = cmp.Or(p.ctx.Err(), forgotten(err)); p.err != nil {
				return
			}
			for i := range events {
				if next = events[i].Seq + 1; next > last+1 || !yield(events[i]) {
					return
				}
			}
		}
	}
}

// forgotten tells in words that facts were dropped while they were read.
func forgotten(err error) error {
	var gone *journal.Gone
	if errors.As(err, &gone) {
		return &Fault{http.StatusServiceUnavailable, CodeSlow, "So much happens in this room that facts were dropped while they were read; ask again, or give a later from.", "from"}
	}
	return err
}

// read asks the room for what its store held.
func (s *Server) read(ctx context.Context, c event.Command) event.Result {
	ctx, cancel := context.WithTimeout(ctx, draftWait)
	defer cancel()
	r, err := s.do(ctx, c)
	if err != nil {
		return event.Result{Kind: c.Kind, Outcome: event.Failed, Error: err.Error()}
	}
	return r
}
