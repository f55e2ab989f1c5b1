package journal

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Torn says that a recording file ends before its end. What is before that is whole and can be looked at.
type Torn struct {
	Byte int64  // where what is whole ends
	Last uint64 // the last event that is there

	Growing bool   // it is the file of a room that lives, or whose process ended without a word
	Lost    int64  // bytes of that which follow Byte and cannot be read
	Why     string // why not
}

func (t *Torn) Error() string {
	up := "the recording was not closed: it goes up to event " + strconv.FormatUint(t.Last, 10)
	switch {
	case t.Growing && t.Lost > 0:
		return up + "; the " + strconv.FormatInt(t.Lost, 10) + " bytes from byte " + strconv.FormatInt(t.Byte, 10) + " on cannot be read (" + t.Why + ")"
	case t.Growing:
		return up
	}
	return "the recording is cut off at byte " + strconv.FormatInt(t.Byte, 10) + ": it goes up to event " + strconv.FormatUint(t.Last, 10) +
		"; to have the rest, copy the file again from where it came from"
}

// The errors of files that are no recordings or that this program cannot read.
var (
	errForeign = errors.New("this is not a recording of a room: it does not begin as a .qlr file does; is it the right file?")
	errEmpty   = errors.New("there is nothing in this recording: record a room in which something has happened")
	errLarge   = errors.New("this recording is larger than " + strconv.Itoa(MaxRecording>>20) + " MiB, which is all that is read: record a shorter time")
)

// spoilt says where a file is damaged.
func spoilt(at int64, what string) error {
	return errors.New("the recording is damaged at byte " + strconv.FormatInt(at, 10) + " (" + what + "): copy it again from where it came from")
}

// Read reads a recording file: a journal that has ended. With a *Torn there is a journal too, of what could be read; with
// any other error there is none.
func Read(r io.Reader) (*Journal, Info, error) {
	return (&fileReader{r: bufio.NewReader(r)}).read()
}

// Salvage is Read of a room's own file, of which everything that is whole is taken, whatever follows it: it may have been torn while it
// grew, and also just when it began to.
func Salvage(r io.Reader) (*Journal, Info, error) {
	return (&fileReader{r: bufio.NewReader(r), own: true}).read()
}

func (f *fileReader) read() (*Journal, Info, error) {
	err := f.all()
	var torn *Torn
	if err != nil && !errors.As(err, &torn) {
		return nil, f.info, err
	}
	j, bad := f.journal()
	if bad != nil {
		return nil, f.info, bad
	}
	return j, f.info, err
}

// fileReader reads blocks.
type fileReader struct {
	r       *bufio.Reader
	own     bool // see Salvage
	at      int64
	info    Info
	whole   int64 // where the last whole block ends
	chunks  []*chunk
	places  []int64 // where their blocks begin
	pieces  []piece // of a file that grows: behind the chunks
	reached event.Micros
}

func (f *fileReader) all() error {
	head := make([]byte, len(fileMagic)+1)
	n, err := io.ReadFull(f.r, head)
	f.at += int64(n)
	switch {
	case n < len(fileMagic) || string(head[:len(fileMagic)]) != fileMagic:
		return errForeign
	case err != nil:
		return f.cut()
	case head[len(fileMagic)] > fileVersion:
		return errors.New("this recording is of version " + strconv.Itoa(int(head[len(fileMagic)])) + " of the format, and this program reads version " +
			strconv.Itoa(fileVersion) + " at most: use a newer quorumlab")
	case head[len(fileMagic)] == 0:
		return spoilt(f.at-1, "there is no version 0")
	}
	for {
		done, err := f.block()
		if err != nil {
			return f.tear(err)
		}
		if done {
			return nil
		}
		f.whole = f.at
	}
}

// tear takes what is whole of a file that has grown, whatever its end is like.
func (f *fileReader) tear(err error) error {
	if !f.own && !f.info.Growing || f.last() == 0 || errors.Is(err, errLarge) {
		return err
	}
	rest, _ := io.Copy(io.Discard, f.r)
	t := &Torn{Byte: f.whole, Last: f.last(), Growing: true, Lost: f.at + rest - f.whole, Why: err.Error()}
	if errors.As(err, new(*Torn)) {
		t.Why = "a part is cut off"
	}
	return t
}

// last is the last event that was read.
func (f *fileReader) last() uint64 {
	if n := len(f.pieces); n > 0 {
		return f.pieces[n-1].last
	}
	if n := len(f.chunks); n > 0 {
		return f.chunks[n-1].last
	}
	return 0
}

// block reads one block. done says that it was the last.
func (f *fileReader) block() (done bool, err error) {
	begin := f.at
	kind, body, err := f.body()
	if err != nil {
		return false, err
	}
	first := begin == int64(len(fileMagic)+1)
	switch {
	case first && kind != blockInfo:
		return false, spoilt(begin, "a block is not where it should be")
	case kind == blockInfo:
		return false, f.about(begin, body, first)
	case kind == blockChunk:
		return false, f.chunk(begin, body)
	case kind == blockPiece && f.info.Growing:
		return false, f.piece(begin, body)
	case kind == blockIndex:
		return true, f.index(begin, body)
	}
	return false, spoilt(begin, "a block is of no known kind")
}

// about reads what the recording says of itself. Behind the first block it may say that again from when it grows.
func (f *fileReader) about(begin int64, body []byte, first bool) error {
	var info Info
	if err := json.Unmarshal(body, &info); err != nil {
		return spoilt(begin, "what it says of itself cannot be read")
	}
	if !first && !info.Growing {
		return spoilt(begin, "a block is not where it should be")
	}
	f.info = info
	return nil
}

// body reads a block as it stands, and checks its sum.
func (f *fileReader) body() (kind byte, body []byte, err error) {
	begin := f.at
	head := make([]byte, 5)
	if err := f.fill(head); err != nil {
		return 0, nil, err
	}
	size := int64(binary.LittleEndian.Uint32(head[1:]))
	switch {
	case size > maxBlock || head[0] == blockInfo && size > maxInfo:
		return 0, nil, spoilt(begin, "a block is too long")
	case f.at+size > MaxRecording:
		return 0, nil, errLarge
	}
	var b bytes.Buffer // grows with what is there, not with what is said
	n, err := io.CopyN(&b, f.r, size)
	f.at += n
	if err != nil {
		return 0, nil, f.ended(err)
	}
	sum := make([]byte, 4)
	if err := f.fill(sum); err != nil {
		return 0, nil, err
	}
	if crc32.Update(crc32.Update(0, castagnoli, head), castagnoli, b.Bytes()) != binary.LittleEndian.Uint32(sum) {
		return 0, nil, spoilt(begin, "its checksum is wrong")
	}
	return head[0], b.Bytes(), nil
}

func (f *fileReader) fill(b []byte) error {
	n, err := io.ReadFull(f.r, b)
	f.at += int64(n)
	if err != nil {
		return f.ended(err)
	}
	return nil
}

// ended tells a file that ends too early from one that cannot be read.
func (f *fileReader) ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return f.cut()
	}
	return err
}

func (f *fileReader) cut() error {
	if f.last() == 0 {
		return errors.New("the recording is cut off at byte " + strconv.FormatInt(f.at, 10) + ", before anything that could be shown: copy it again from where it came from")
	}
	return &Torn{Byte: f.at, Last: f.last()}
}

// numbers reads varints.
type numbers struct {
	b   []byte
	bad bool
}

func (n *numbers) unsigned() uint64 {
	v, size := binary.Uvarint(n.b)
	n.bad = n.bad || size <= 0
	n.b = n.b[max(size, 0):]
	return v
}

func (n *numbers) signed() int64 {
	v, size := binary.Varint(n.b)
	n.bad = n.bad || size <= 0
	n.b = n.b[max(size, 0):]
	return v
}

func (f *fileReader) chunk(begin int64, body []byte) error {
	n := numbers{b: body}
	c := &chunk{first: n.unsigned(), last: n.unsigned(), from: event.Micros(n.signed()), until: event.Micros(n.signed()), kinds: Kinds(n.unsigned())}
	start := n.unsigned()
	if n.bad || start > uint64(len(n.b)) || c.first == 0 || c.last < c.first || c.last == ^uint64(0) || c.until < c.from {
		return spoilt(begin, "the head of a chunk cannot be right")
	}
	c.start, c.frames = n.b[:start], n.b[start:]
	if k := len(f.chunks); k > 0 && (f.chunks[k-1].last+1 != c.first || f.chunks[k-1].until > c.from) {
		return spoilt(begin, "a chunk does not follow the one before")
	}
	if len(f.chunks) >= maxChunks {
		return errLarge
	}
	f.chunks, f.places = append(f.chunks, c), append(f.places, begin)
	f.reached = c.until
	for len(f.pieces) > 0 && f.pieces[0].last <= c.last {
		f.pieces = f.pieces[1:]
	}
	return nil
}

// index checks that the file holds what its end says.
func (f *fileReader) index(begin int64, body []byte) error {
	n := numbers{b: body}
	same := n.unsigned() == uint64(len(f.chunks))
	for i := 0; same && i < len(f.chunks); i++ {
		same = n.unsigned() == uint64(f.places[i]) && n.unsigned() == f.chunks[i].first
	}
	reached := event.Micros(n.signed())
	if !same || n.bad || len(n.b) > 0 {
		return spoilt(begin, "its index is of another recording")
	}
	if _, err := f.r.ReadByte(); err == nil {
		return spoilt(f.at, "something follows its end")
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	if len(f.chunks) == 0 {
		return errEmpty
	}
	f.whole = begin
	f.reached = max(f.reached, reached)
	return nil
}

// journal makes an ended journal of what was read.
func (f *fileReader) journal() (*Journal, error) {
	packed, err := f.gather()
	if err != nil {
		return nil, err
	}
	first, last := f.chunks[0], f.chunks[len(f.chunks)-1]
	j := New(Options{HistoryBytes: MaxRecording, Epoch: f.info.Epoch})
	j.chunks, j.oldest, j.oldestAt = f.chunks, first.first-1, first.from
	for _, c := range j.chunks {
		j.bytes += c.cost()
	}
	if j.state, err = endOf(last, &j.unpacked.work); err != nil {
		return nil, err
	}
	j.start, j.startReach, j.reach, j.at = j.state.Clone(), last.until, last.until, f.reached
	j.closed, j.grown = true, grown{f.whole, packed}
	for _, m := range f.info.Marks {
		_ = j.Mark(m) // one that cannot be is left out: it is a note, not a fact
	}
	j.marked = 0
	if j.lives = f.info.Lives; !orderly(j.lives, first.first, last.last) { // it says nothing of them, or what cannot be
		j.lives = []Life{{Epoch: f.info.Epoch, First: first.first}}
	}
	return j, nil
}

// orderly says whether a file's lives can be those of its events.
func orderly(lives []Life, first, last uint64) bool {
	if len(lives) == 0 || len(lives) > MaxLives {
		return false
	}
	for i := 1; i < len(lives); i++ {
		if lives[i].First <= max(lives[i-1].First, first) || lives[i].Epoch <= lives[i-1].Epoch || lives[i].First > last+1 {
			return false
		}
	}
	return true
}

// endOf folds a chunk to its end.
func endOf(c *chunk, w *work) (view.State, error) {
	s, err := c.state(w)
	if err != nil {
		return s, err
	}
	o, err := c.open(w)
	if err != nil {
		return s, err
	}
	for i := range o.frames {
		events, err := o.events(i)
		if err != nil {
			return s, err
		}
		for k := range events {
			s.Apply(events[k])
		}
	}
	return s, nil
}
