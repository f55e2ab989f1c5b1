package journal

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// piece is a stretch of the history in the file of a room that lives, before it is in a chunk.
type piece struct {
	at          int64 // where its block begins
	first, last uint64
	reached     event.Micros
	frames      []byte // packed
}

func (f *fileReader) piece(begin int64, body []byte) error {
	n := numbers{b: body}
	p := piece{at: begin, first: n.unsigned(), last: n.unsigned(), reached: event.Micros(n.signed()), frames: n.b}
	if n.bad || p.last < p.first || p.last == ^uint64(0) || p.first != f.last()+1 {
		return spoilt(begin, "a piece does not follow what is before it")
	}
	if len(f.pieces) >= maxPieces {
		return errLarge
	}
	f.pieces = append(f.pieces, p)
	return nil
}

// gather makes a chunk of the pieces behind the last one, and says up to where the chunks of the file go.
func (f *fileReader) gather() (packed uint64, err error) {
	var start view.State
	var from event.Micros
	if n := len(f.chunks); n > 0 {
		last := f.chunks[n-1]
		packed, from = last.last, last.until
		if len(f.pieces) == 0 {
			return packed, nil
		}
		if start, err = endOf(last, &work{}); err != nil {
			return packed, err
		}
	}
	var frames []*Frame
	until := from
	for _, p := range f.pieces {
		more, began, err := p.unpack()
		if err != nil {
			return packed, err
		}
		if p.first == 1 && packed == 0 {
			from, until = began, began
		}
		for _, frame := range more {
			if frame.Last <= packed {
				continue // a chunk has it
			}
			if n := len(frames); n == 0 && frame.First != packed+1 {
				return packed, spoilt(p.at, "a piece does not follow the chunk before it")
			}
			until = max(until, frame.until)
			frame.until = until
			frames = append(frames, frame)
		}
		f.reached = max(f.reached, p.reached)
	}
	f.chunks = append(f.chunks, pack(&start, from, frames))
	f.reached = max(f.reached, until)
	return packed, nil
}

// unpack gives the frames of a piece, and the virtual time of its first event.
func (p *piece) unpack() (frames []*Frame, began event.Micros, err error) {
	raw, err := unpacker().DecodeAll(p.frames, nil)
	if err != nil {
		return nil, 0, spoilt(p.at, "a piece cannot be unpacked")
	}
	frames, wrong := unframe(raw, p.first, p.last)
	if wrong != "" {
		return nil, 0, spoilt(p.at, wrong)
	}
	o := &opened{chunk: &chunk{first: p.first, last: p.last}, frames: frames, work: &work{}}
	for i, f := range frames {
		events, err := o.events(i)
		if err != nil {
			return nil, 0, err
		}
		if i == 0 {
			began = events[0].At
		}
		f.kinds, f.until = 0, events[0].At
		for k := range events {
			f.kinds |= 1 << events[k].Kind
			f.until = max(f.until, events[k].At)
		}
	}
	return frames, began, nil
}
