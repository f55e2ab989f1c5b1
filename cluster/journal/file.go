package journal

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"io"
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// A recording file holds what a journal keeps. It begins with fileMagic and the version of the format, a byte. Blocks
// follow, each a kind, the length of what it holds (four bytes, little endian), that, and a CRC-32C of all three:
//
//	blockInfo   first: Info as JSON
//	blockChunk  for each chunk, oldest first: numbers of the first and last event, latest virtual time before and up to its end,
//	            kinds, length of the checkpoint (varints); the checkpoint and the frames, each packed by zstd
//	blockIndex  once, last: number of chunks, and for each where its block begins and its first event; the virtual time that
//	            the recording reaches (varints)
//
// The file of a room that lives grows, and has no index yet (Scroll). In it blockInfo stands again where something has changed, the last
// one counts, and there are
//
//	blockPiece  frames that are in no chunk yet: numbers of the first and last event, virtual time up to which nothing is missing
//	            (varints); the frames, packed by zstd. A chunk that follows holds all of them up to its end
//
// Every other file without its index is cut off. Frames are those of the wire; a change of events that older programs cannot read, or
// that makes older files unreadable, is a new version.
const (
	fileMagic   = "\x89QLR\r\n\x1a\n"
	fileVersion = 2 // 1: without runs of entries in checkpoints, and pieces; it can still be read

	blockInfo  = 'I'
	blockChunk = 'C'
	blockPiece = 'P'
	blockIndex = 'X'
)

// Bounds of a file; what exceeds them is refused.
const (
	MaxRecording = 1 << 30  // bytes
	maxInfo      = 1 << 20  // bytes of a blockInfo
	maxBlock     = 64 << 20 // bytes of any other
	maxChunks    = 1 << 16
	maxPieces    = 1 << 16 // of a file that has grown; the unpacked ones take chunkMost and a little
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Info is what a recording file says of itself.
type Info struct {
	Room  string       `json:"room"`
	Epoch uint64       `json:"epoch"` // of the journal; Write fills it in
	Made  event.Micros `json:"made"`  // wall time at which the file was written
	Marks []Mark       `json:"marks,omitempty"`
	Lives []Life       `json:"lives,omitempty"` // what the recording is made of; Write fills it in

	Growing bool `json:"growing,omitempty"` // the file was not closed; Scroll fills it in
}

// fileWriter writes blocks and counts bytes. It stops at the first error.
type fileWriter struct {
	w   *bufio.Writer
	at  int64
	err error
}

func (f *fileWriter) write(b []byte) {
	if f.err == nil {
		_, f.err = f.w.Write(b)
		f.at += int64(len(b))
	}
}

func (f *fileWriter) block(kind byte, parts ...[]byte) {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	head := binary.LittleEndian.AppendUint32([]byte{kind}, uint32(size))
	sum := crc32.Update(0, castagnoli, head)
	f.write(head)
	for _, p := range parts {
		sum = crc32.Update(sum, castagnoli, p)
		f.write(p)
	}
	f.write(binary.LittleEndian.AppendUint32(nil, sum))
}

// Write writes everything that is kept, up to now, as a recording file. The journal goes on meanwhile.
func (j *Journal) Write(w io.Writer, info Info) error { return j.WriteNewest(w, info, MaxRecording) }

// WriteNewest is Write of as much of the newest as fits into most bytes; bookmarks of what does not are left out. It is at least one
// chunk.
func (j *Journal) WriteNewest(w io.Writer, info Info, most int64) error {
	kept, reached := j.snapshot()
	chunks, first := newest(kept, most)
	info.Epoch, info.Marks, info.Lives = j.epoch, j.Marks(), j.livesSince(first)
	info.Marks = slices.DeleteFunc(info.Marks, func(m Mark) bool { return m.Seq+1 < first })
	about, err := json.Marshal(info)
	if err != nil {
		return err
	}
	f := &fileWriter{w: bufio.NewWriter(w)}
	f.write(append([]byte(fileMagic), fileVersion))
	f.block(blockInfo, about)
	index := binary.AppendUvarint(nil, uint64(len(chunks)))
	for _, c := range chunks {
		index = binary.AppendUvarint(index, uint64(f.at))
		index = binary.AppendUvarint(index, c.first)
		f.block(blockChunk, c.head(), c.start, c.frames)
		if f.err != nil {
			return f.err
		}
	}
	f.block(blockIndex, binary.AppendVarint(index, int64(reached)))
	if f.err != nil {
		return f.err
	}
	return f.w.Flush()
}

// head is what stands before the packed parts of a chunk in a file.
func (c *chunk) head() []byte {
	b := binary.AppendUvarint(nil, c.first)
	b = binary.AppendUvarint(b, c.last)
	b = binary.AppendVarint(b, int64(c.from))
	b = binary.AppendVarint(b, int64(c.until))
	b = binary.AppendUvarint(b, uint64(c.kinds))
	return binary.AppendUvarint(b, uint64(len(c.start)))
}

// newest are the last of the chunks that fit into most bytes, at least one if there is one, and the first event in them.
func newest(kept []func() *chunk, most int64) (chunks []*chunk, first uint64) {
	most -= maxInfo
	for i := len(kept) - 1; i >= 0; i-- {
		c := kept[i]()
		if most -= c.cost(); most < 0 && len(chunks) > 0 {
			break
		}
		chunks, first = append(chunks, c), c.first
	}
	slices.Reverse(chunks)
	return chunks, first
}

// livesSince are the lives of which something is in a recording that begins with an event.
func (j *Journal) livesSince(first uint64) []Life {
	j.mu.RLock()
	defer j.mu.RUnlock()
	lives := slices.Clone(j.lives)
	for len(lives) > 1 && lives[1].First <= first {
		lives = lives[1:]
	}
	return lives
}

// snapshot are the chunks up to now, of which the last may be packed only when they are asked for, and the virtual time reached.
func (j *Journal) snapshot() (chunks []func() *chunk, reached event.Micros) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seal()
	for _, c := range j.chunks {
		chunks = append(chunks, func() *chunk { return c })
	}
	if p := j.packing; p != nil {
		chunks = append(chunks, func() *chunk { return pack(&p.start, p.from, p.frames) })
	}
	if j.loose > 0 {
		frames := append([]*Frame(nil), j.frames[len(j.frames)-j.loose:]...)
		start, from := j.start, j.startReach
		chunks = append(chunks, func() *chunk { return pack(&start, from, frames) })
	}
	return chunks, max(j.at, j.state.At)
}
