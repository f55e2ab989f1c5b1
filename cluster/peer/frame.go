package peer

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// A connection for calls carries frames: four bytes with the length of what follows, eight with the number of the call, one
// with the kind, then the payload. Numbers are little-endian. Who made the connection asks, the other side answers.
const (
	frameLength = 4
	frameHead   = 8 + 1
	// overhead is what a request has beside its data, at most: key, URLs, numbers.
	overhead = 512 << 10
	// MaxAnswer bounds one answer, in bytes: a transaction's answer may hold much.
	MaxAnswer = 512 << 20
	// buffered is how much is read at once, and written at once where much waits.
	buffered = 64 << 10
)

// kind is what a frame is.
type kind byte

const (
	request kind = iota + 1 // first byte of the payload: event.MessageType; then an Ask
	answer                  // an Answer
	failure                 // a failure: the request was served, and ended with it
	refusal                 // a text: it was not served
	bye                     // nothing behind the call with this number will be served
)

// startFrame appends a frame's head; endFrame writes its length when the payload is there.
func startFrame(b []byte, call uint64, k kind) []byte {
	b = append(b, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, call)
	return append(b, byte(k))
}

// endFrame completes the frame that begins at start.
func endFrame(b []byte, start int) []byte {
	binary.LittleEndian.PutUint32(b[start:], uint32(len(b)-start-frameLength))
	return b
}

// frame is one that was read. Its payload is valid until the next is read.
type frame struct {
	call    uint64
	kind    kind
	payload []byte
	tooLong int // so many bytes had the payload, more than allowed: it was skipped
}

// frames reads them from a connection.
type frames struct {
	from *stream
	b    *bufio.Reader
	most int // bytes of a payload
	long []byte
}

func newFrames(from *stream, most int) *frames {
	return &frames{from: from, b: bufio.NewReaderSize(from, buffered), most: most}
}

// next waits for a frame as long as it takes; once it has begun no piece of it may take longer than the stream's timeout.
func (r *frames) next() (f frame, err error) {
	head, err := r.b.Peek(frameLength + frameHead)
	if err != nil {
		return f, err
	}
	n := int(binary.LittleEndian.Uint32(head)) - frameHead
	f.call, f.kind = binary.LittleEndian.Uint64(head[frameLength:]), kind(head[frameLength+frameHead-1])
	if _, err := r.b.Discard(len(head)); err != nil {
		return f, err
	}
	switch {
	case n < 0 || n > MaxAnswer:
		return f, fmt.Errorf("a frame says that it has %d bytes; this is not one of a quorumlab node", n)
	case n > r.most:
		f.tooLong = n
		return f, r.skip(n)
	case n <= r.b.Size() && n <= buffered:
		f.payload, err = r.short(n)
	default:
		f.payload, err = r.whole(n)
	}
	return f, err
}

// short takes a payload from the reader's own buffer.
func (r *frames) short(n int) ([]byte, error) {
	if r.b.Buffered() < n {
		defer r.hurry()()
	}
	payload, err := r.b.Peek(n)
	if err != nil {
		return nil, err
	}
	_, err = r.b.Discard(n)
	return payload, err
}

// whole reads a payload that is longer than that. Memory is taken as it arrives, not as it is announced.
func (r *frames) whole(n int) ([]byte, error) {
	r.long = r.long[:0]
	for len(r.long) < n {
		done := r.hurry()
		at, piece := len(r.long), min(n-len(r.long), 1<<20)
		r.long = append(r.long, make([]byte, piece)...)
		_, err := io.ReadFull(r.b, r.long[at:])
		done()
		if err != nil {
			return nil, err
		}
	}
	payload := r.long
	if cap(r.long) > 4<<20 {
		r.long = nil // not kept for the rare case
	}
	return payload, nil
}

func (r *frames) skip(n int) error {
	for n > 0 {
		done := r.hurry()
		skipped, err := r.b.Discard(min(n, 1<<20))
		done()
		if n -= skipped; err != nil {
			return err
		}
	}
	return nil
}

// hurry sets a deadline to what is read until the function that it returns is called.
func (r *frames) hurry() func() {
	_ = r.from.SetReadDeadline(time.Now().Add(r.from.timeout)) // it fails on closed connections, and so does the read
	return func() { _ = r.from.SetReadDeadline(time.Time{}) }
}
