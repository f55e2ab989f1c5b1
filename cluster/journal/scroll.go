package journal

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// ScrollFile is what a Scroll is written to.
type ScrollFile interface {
	WriteAt(b []byte, at int64) (int, error)
	Truncate(size int64) error
}

// Scroll is the recording file of a journal that goes on: it grows with it, so that little is missing when the process ends without a
// word. A chunk is written once, when it is packed; what is in no chunk yet is written in pieces, which a chunk supersedes. Everything
// before s.at is whole; what a write that failed has left behind that is cut off or written over.
//
// One goroutine at a time may use it.
type Scroll struct {
	j    *Journal
	file ScrollFile
	info Info
	most int64 // bytes of chunks that a new file begins with

	at      int64  // where the next block goes
	ragged  bool   // there may be something behind that
	packed  uint64 // the last event in chunks of the file
	last    uint64 // the last event in it
	noted   bool   // the file tells of this life
	marked  uint64 // the bookmarks that it tells
	started bool   // it holds chunks or pieces
}

// NewScroll writes into an empty file: the newest chunks that fit into most bytes, at least one, and then what comes.
func (j *Journal) NewScroll(file ScrollFile, info Info, most int64) *Scroll {
	return &Scroll{j: j, file: file, info: info, most: most, ragged: true}
}

// GoOn writes into the file from which the recording was read that Options.After gave: what is whole of it stays.
func (j *Journal) GoOn(file ScrollFile, info Info, most int64) *Scroll {
	s := j.NewScroll(file, info, most)
	if j.grown.at > 0 {
		s.at, s.packed, s.last, s.started = j.grown.at, j.grown.packed, j.grown.packed, true
	}
	return s
}

// grown says what of a journal is whole in the file that it was read from.
type grown struct {
	at     int64  // where its index was, or the tear
	packed uint64 // the last event in its chunks
}

// Size is how large the file is.
func (s *Scroll) Size() int64 { return s.at }

// Last is the last event that is in the file.
func (s *Scroll) Last() uint64 { return s.last }

// gain is what a journal has that its scroll does not.
type gain struct {
	chunks []*chunk
	frames []*Frame
	reach  event.Micros
}

// Extend writes what the journal has gained. What cannot be written, because the disk is full perhaps, is written the next time.
func (s *Scroll) Extend() error {
	g, gap := s.gained()
	if gap {
		s.at, s.noted, s.started, s.ragged = 0, false, false, true
	}
	if err := s.note(); err != nil {
		return err
	}
	for _, c := range g.chunks {
		if err := s.block(blockChunk, c.head(), c.start, c.frames); err != nil {
			return err
		}
		s.packed, s.last, s.started = c.last, max(s.last, c.last), true
	}
	if len(g.frames) == 0 {
		return nil
	}
	first, last := g.frames[0].First, g.frames[len(g.frames)-1].Last
	head := binary.AppendUvarint(binary.AppendUvarint(nil, first), last)
	head = binary.AppendVarint(head, int64(g.reach))
	if err := s.block(blockPiece, head, packer().EncodeAll(framed(g.frames), nil)); err != nil {
		return err
	}
	s.last, s.started = last, true
	return nil
}

// gained says what is to be written, and whether what is in the file does not reach to it: the journal has forgotten what is between.
func (s *Scroll) gained() (g gain, gap bool) {
	j := s.j
	j.mu.Lock()
	defer j.mu.Unlock()
	j.collect()
	for _, c := range j.chunks {
		if c.first > s.packed {
			g.chunks = append(g.chunks, c)
		}
	}
	if len(g.chunks) > 0 && (!s.started || g.chunks[0].first != s.packed+1) {
		gap, s.last = s.started, 0
		g.chunks, _ = newest(given(j.chunks), s.most)
	}
	packed := max(s.last, j.packed())
	for i := j.frameOf(packed + 1); i < len(j.frames); i++ {
		g.frames = append(g.frames, j.frames[i])
	}
	g.reach = max(j.at, j.reach)
	return g, gap
}

// given are chunks that are packed.
func given(chunks []*chunk) (all []func() *chunk) {
	for _, c := range chunks {
		all = append(all, func() *chunk { return c })
	}
	return all
}

// note writes what the recording says of itself, if the file does not.
func (s *Scroll) note() error {
	marked := s.j.Reach().Marked
	if s.noted && marked == s.marked {
		return nil
	}
	info := s.info
	info.Growing, info.Epoch, info.Made, info.Marks, info.Lives = true, s.j.epoch, s.j.wall(), s.j.Marks(), s.j.livesSince(0)
	about, err := json.Marshal(info)
	if err != nil {
		return err
	}
	if err := s.block(blockInfo, about); err != nil {
		return err
	}
	s.noted, s.marked = true, marked
	return nil
}

// block writes a block where the last one ends. Of one that cannot be written nothing stays.
func (s *Scroll) block(kind byte, parts ...[]byte) error {
	var b []byte
	if s.at == 0 {
		b = append([]byte(fileMagic), fileVersion)
	}
	begin := len(b)
	b = append(b, kind, 0, 0, 0, 0)
	for _, p := range parts {
		b = append(b, p...)
	}
	binary.LittleEndian.PutUint32(b[begin+1:], uint32(len(b)-begin-5))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[begin:], castagnoli))
	if s.ragged {
		if err := s.file.Truncate(s.at); err != nil {
			return err
		}
	}
	s.ragged = true
	if _, err := s.file.WriteAt(b, s.at); err != nil {
		s.ragged = s.file.Truncate(s.at) != nil
		return err
	}
	s.at, s.ragged = s.at+int64(len(b)), false
	return nil
}
