package journal

import (
	"encoding/binary"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// How far apart checkpoints are, so that every moment is there in a small part of 100 ms. A chunk is closed when it has
// chunkEvents or its frames weigh chunkBytes. Where states are large it is closed later, so that checkpoints take at most about a
// third of the memory: when it has as many events as the state before takes to be told, which at most doubles what a seek
// folds, and at chunkMost. Small histories have smaller chunks.
const (
	chunkEvents = 4096
	chunkBytes  = 256 << 10
	chunkMost   = 1 << 20
	chunkShare  = 8   // of Options.HistoryBytes is one chunk at most
	chunkCost   = 256 // bytes of memory that a chunk takes beside its own
	stateRatio  = 8   // a chunk's frames, before they are packed, weigh at least so many times its packed checkpoint
)

// maxUnpacked bounds, in bytes, what a checkpoint or the frames of a chunk are when they are unpacked, whatever a file says:
// chunkMost and a frame that was as large as a frame may be are far below it.
const maxUnpacked = 64 << 20

// chunk is a stretch of the history: the state that it begins with, and its frames, both packed. Nobody changes one.
type chunk struct {
	first, last uint64
	from, until event.Micros // latest virtual time before its events, and up to its end
	kinds       Kinds        // of its events
	start       []byte       // a checkpoint frame, packed
	frames      []byte       // frames of events, each behind the number of its events, their kinds and its length, packed
	stated      int          // events in start; 0: not known
}

func (c *chunk) cost() int64 { return int64(len(c.start)) + int64(len(c.frames)) + chunkCost }

// The packers are shared by all journals of the process and made when they are first needed.
var (
	packer = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<20))
		if err != nil {
			panic(err) // the options are ours
		}
		return e
	})
	unpacker = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxUnpacked))
		if err != nil {
			panic(err)
		}
		return d
	})
)

// pack makes a chunk of frames and of the state before them.
func pack(start *view.State, from event.Micros, frames []*Frame) *chunk {
	c := &chunk{first: frames[0].First, last: frames[len(frames)-1].Last, from: from, until: frames[len(frames)-1].until}
	for _, f := range frames {
		c.kinds |= f.kinds
	}
	c.frames = packer().EncodeAll(framed(frames), nil)
	stated := view.Restate(start)
	c.start, c.stated = packer().EncodeAll(event.AppendFrame(nil, &event.Frame{Type: event.FrameCheckpoint, Seq: start.Seq, At: start.At, Wall: start.Wall,
		Events: stated}), nil), len(stated)
	return c
}

// framed are frames one behind the other, each behind the number of its events, their kinds and its length.
func framed(frames []*Frame) (raw []byte) {
	for _, f := range frames {
		raw = binary.AppendUvarint(raw, f.Last-f.First+1)
		raw = binary.AppendUvarint(raw, uint64(f.kinds))
		raw = binary.AppendUvarint(raw, uint64(len(f.Bytes)))
		raw = append(raw, f.Bytes...)
	}
	return raw
}

// unframe reads them; they hold the events from first to last. What is wrong is a sentence's end.
func unframe(raw []byte, first, last uint64) (frames []*Frame, wrong string) {
	next := first
	for len(raw) > 0 {
		var head [3]uint64
		for i := range head {
			value, n := binary.Uvarint(raw)
			if n <= 0 {
				return nil, "a frame is cut off"
			}
			head[i], raw = value, raw[n:]
		}
		if head[2] > uint64(len(raw)) {
			return nil, "a frame is cut off"
		}
		if head[0] == 0 || head[0] > last+1-next {
			return nil, "it does not hold the events that it should"
		}
		frames = append(frames, &Frame{First: next, Last: next + head[0] - 1, kinds: Kinds(head[1]), Bytes: raw[:head[2]:head[2]]})
		next, raw = next+head[0], raw[head[2]:]
	}
	if next != last+1 {
		return nil, "it does not hold the events that it should"
	}
	return frames, ""
}

// work is what looking into a recording has cost so far.
type work struct{ bytes, events atomic.Int64 } // unpacked, decoded

// state unpacks what the chunk begins with.
func (c *chunk) state(w *work) (view.State, error) {
	var s view.State
	raw, err := unpacker().DecodeAll(c.start, nil)
	if err != nil {
		return s, c.damaged("its checkpoint cannot be unpacked (" + err.Error() + ")")
	}
	f, err := event.DecodeFrame(raw)
	if err != nil {
		return s, c.damaged("its checkpoint cannot be read (" + err.Error() + ")")
	}
	if f.Type != event.FrameCheckpoint || f.Seq != c.first-1 {
		return s, c.damaged("its checkpoint is not of the moment before it")
	}
	if !possible(f.Events) {
		return s, c.damaged(impossible)
	}
	for i := range f.Events {
		s.Apply(f.Events[i])
	}
	s.Seq, s.At, s.Wall = f.Seq, f.At, f.Wall
	w.bytes.Add(int64(len(raw)))
	w.events.Add(int64(len(f.Events)))
	return s, nil
}

// Damaged says that a part of a recording cannot be read, though its checksum is right.
type Damaged struct {
	First, Last uint64 // the events of that part
	What        string
}

func (d *Damaged) Error() string {
	return "the recording is damaged between events " + strconv.FormatUint(d.First, 10) + " and " + strconv.FormatUint(d.Last, 10) + ": " + d.What
}

const impossible = "an event has a value that there is not"

func (c *chunk) damaged(what string) error { return &Damaged{c.first, c.last, what} }

// opened is a chunk whose frames are unpacked.
type opened struct {
	chunk  *chunk
	frames []*Frame // without until
	work   *work
}

// open unpacks the frames and checks that they follow each other.
func (c *chunk) open(w *work) (*opened, error) {
	raw, err := unpacker().DecodeAll(c.frames, nil)
	if err != nil {
		return nil, c.damaged("its frames cannot be unpacked (" + err.Error() + ")")
	}
	w.bytes.Add(int64(len(raw)))
	frames, wrong := unframe(raw, c.first, c.last)
	if wrong != "" {
		return nil, c.damaged(wrong)
	}
	return &opened{chunk: c, frames: frames, work: w}, nil
}

// events decodes one frame.
func (o *opened) events(i int) ([]event.Event, error) {
	f := o.frames[i]
	whole, err := event.DecodeFrame(f.Bytes)
	if err != nil {
		return nil, o.chunk.damaged("a frame cannot be read (" + err.Error() + ")")
	}
	if whole.Type != event.FrameEvents || whole.Seq != f.First || uint64(len(whole.Events)) != f.Last-f.First+1 {
		return nil, o.chunk.damaged("a frame does not hold the events that it should")
	}
	if !possible(whole.Events) {
		return nil, o.chunk.damaged(impossible)
	}
	o.work.events.Add(int64(len(whole.Events)))
	return whole.Events, nil
}

// unpackedMost is how many chunks stay unpacked for who looks into them again.
const unpackedMost = 3

// unpacked are the chunks that were looked into last.
type unpacked struct {
	mu   sync.Mutex
	kept [unpackedMost]*opened // the last one first
	work work
}

// of gives an unpacked chunk.
func (u *unpacked) of(c *chunk) (*opened, error) {
	if o := u.find(c); o != nil {
		return o, nil
	}
	o, err := c.open(&u.work)
	if err != nil {
		return nil, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	copy(u.kept[1:], u.kept[:])
	u.kept[0] = o
	return o, nil
}

func (u *unpacked) find(c *chunk) *opened {
	u.mu.Lock()
	defer u.mu.Unlock()
	for i, o := range u.kept {
		if o != nil && o.chunk == c {
			copy(u.kept[1:i+1], u.kept[:i])
			u.kept[0] = o
			return o
		}
	}
	return nil
}
