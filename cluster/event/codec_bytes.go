package event

import (
	"errors"
	"strconv"
)

// writer appends values to b. The methods that take a tag write nothing for a zero value.
type writer struct {
	b     []byte
	texts map[string]uint64 // texts of events already written in this frame → their number, from 1
}

func (w *writer) byte(v byte) { w.b = append(w.b, v) }

func (w *writer) end() { w.b = append(w.b, 0) }

func (w *writer) varint(v uint64) {
	for v >= 0x80 {
		w.b = append(w.b, byte(v)|0x80)
		v >>= 7
	}
	w.b = append(w.b, byte(v))
}

func (w *writer) zigzag(v int64) { w.varint(uint64(v)<<1 ^ uint64(v>>63)) }

func (w *writer) string(s string) {
	w.varint(uint64(len(s)))
	w.b = append(w.b, s...)
}

// shared writes 0 and the text, or the number of an equal one before it in this frame.
func (w *writer) shared(s string) {
	if n, ok := w.texts[s]; ok {
		w.varint(n)
		return
	}
	if w.texts == nil {
		w.texts = make(map[string]uint64)
	}
	w.texts[s] = uint64(len(w.texts)) + 1
	w.byte(0)
	w.string(s)
}

func (w *writer) uint(tag byte, v uint64) {
	if v != 0 {
		w.byte(tag)
		w.varint(v)
	}
}

func (w *writer) int(tag byte, v int64) {
	if v != 0 {
		w.byte(tag)
		w.zigzag(v)
	}
}

func (w *writer) bool(tag byte, v bool) {
	if v {
		w.byte(tag)
	}
}

func (w *writer) text(tag byte, s string) {
	if s != "" {
		w.byte(tag)
		w.string(s)
	}
}

func (w *writer) nodes(tag byte, ids []NodeID) {
	if len(ids) > 0 {
		w.byte(tag)
		writeNodes(w, ids)
	}
}

func writeNodes(w *writer, ids []NodeID) {
	w.varint(uint64(len(ids)))
	for _, id := range ids {
		w.varint(uint64(id))
	}
}

// writeList writes the tag, the length and each element; nothing for an empty list.
func writeList[T any](w *writer, tag byte, list []T, write func(*writer, *T)) {
	if len(list) == 0 {
		return
	}
	w.byte(tag)
	w.varint(uint64(len(list)))
	for i := range list {
		write(w, &list[i])
	}
}

// reader takes values from b. After the first error every value is zero and every tag the last one.
type reader struct {
	b       []byte
	at      int
	items   int                   // list elements it may still make
	command func(*reader) Command // nil where no command is read
	texts   []string              // texts of events read so far
	err     error
}

// fail keeps the first error, as a sentence with the place.
func (r *reader) fail(why string) {
	if r.err == nil {
		r.err = errors.New("the frame cannot be read at byte " + strconv.Itoa(r.at) + ": " + why)
	}
	r.at = len(r.b)
}

func (r *reader) unknown(what string, tag byte) {
	r.fail(what + " has no field " + strconv.Itoa(int(tag)))
}

func (r *reader) byte() byte {
	if r.at >= len(r.b) {
		r.fail("it ends too early")
		return 0
	}
	v := r.b[r.at]
	r.at++
	return v
}

// tag of the next field; 0 at the end and after an error.
func (r *reader) tag() byte { return r.byte() }

func (r *reader) uint() uint64 {
	if r.at < len(r.b) && r.b[r.at] < 0x80 {
		v := r.b[r.at]
		r.at++
		return uint64(v)
	}
	return r.long()
}

// long reads a varint of more than one byte.
func (r *reader) long() uint64 {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		b := r.byte()
		if shift == 63 && b > 1 {
			break
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	r.fail("a number is longer than 64 bits")
	return 0
}

func (r *reader) int() int64 {
	v := r.uint()
	return int64(v>>1) ^ -int64(v&1)
}

// small reads a number of at most most, for narrower types.
func (r *reader) small(most uint64, what string) uint64 {
	v := r.uint()
	if v > most {
		r.fail(strconv.FormatUint(v, 10) + " is too large for " + what)
		return 0
	}
	return v
}

func (r *reader) node() NodeID { return NodeID(r.small(1<<16-1, "a node's number")) }

func (r *reader) enum() uint8 { return uint8(r.small(1<<8-1, "a name")) }

func (r *reader) text() string {
	n := r.uint()
	if n > MaxString {
		r.fail("a text has " + strconv.FormatUint(n, 10) + " bytes, at most " + strconv.Itoa(MaxString) + " are read")
		return ""
	}
	if n > uint64(len(r.b)-r.at) {
		r.fail("it ends within a text")
		return ""
	}
	s := string(r.b[r.at : r.at+int(n)])
	r.at += int(n)
	return s
}

// shared reads what writer.shared wrote.
func (r *reader) shared() string {
	n := r.uint()
	if n == 0 {
		s := r.text()
		r.texts = append(r.texts, s)
		return s
	}
	if n > uint64(len(r.texts)) {
		r.fail("it refers to a text that was not there before")
		return ""
	}
	return r.texts[n-1]
}

// count reads the length of a list whose elements take at least one byte each.
func (r *reader) count() int {
	n := r.uint()
	if n > uint64(len(r.b)-r.at) {
		r.fail("it ends within a list")
		return 0
	}
	if n > uint64(r.items) {
		r.fail("it has more than " + strconv.Itoa(MaxItems) + " events and list elements")
		return 0
	}
	r.items -= int(n)
	return int(n)
}

func (r *reader) nodes() []NodeID { return readList(r, (*reader).node) }

// readList reads what writeList wrote after the tag. An empty list is nil.
func readList[T any](r *reader, read func(*reader) T) []T {
	n := r.count()
	if n == 0 {
		return nil
	}
	list := make([]T, 0, n)
	for range n {
		if r.err != nil {
			return nil
		}
		list = append(list, read(r))
	}
	return list
}
