package main

import (
	"encoding/binary"
	"errors"
)

// errModule is what a file that is no WebAssembly module, or none as Go's linker writes it, gives.
var errModule = errors.New("not a WebAssembly module as Go's linker writes it")

// header is the magic number and the version of a module.
const header = 8

// dataSection is the id of the section that holds memory's first contents.
const dataSection = 11

// segment is a piece of memory's first contents.
type segment struct {
	at    int64
	bytes []byte
}

// dataOf finds the data section: where it begins (its id) and ends in the module, and its segments.
func dataOf(module []byte) (from, to int, segments []segment, err error) {
	for at := header; at < len(module); {
		size, n := binary.Uvarint(module[at+1:])
		end := at + 1 + n + int(size)
		if n <= 0 || end > len(module) {
			return 0, 0, nil, errModule
		}
		if module[at] == dataSection {
			segments, err = readSegments(module[at+1+n : end])
			return at, end, segments, err
		}
		at = end
	}
	return 0, 0, nil, errModule
}

// readSegments reads active segments of memory 0 whose place is a constant.
func readSegments(b []byte) ([]segment, error) {
	count, n := binary.Uvarint(b)
	if n <= 0 {
		return nil, errModule
	}
	b = b[n:]
	all := make([]segment, 0, count)
	for range count {
		if len(b) < 2 || b[0] != 0 || b[1] != opConst {
			return nil, errModule
		}
		at, n := signed(b[2:])
		if n <= 0 || len(b) <= 2+n || b[2+n] != opEnd {
			return nil, errModule
		}
		b = b[3+n:]
		size, n := binary.Uvarint(b)
		if n <= 0 || uint64(len(b)-n) < size {
			return nil, errModule
		}
		all, b = append(all, segment{at, b[n : n+int(size)]}), b[n+int(size):]
	}
	return all, nil
}

// The instructions of a constant place.
const (
	opConst = 0x41 // i32.const
	opEnd   = 0x0B
)

// withData is the module with another data section.
func withData(module []byte, from, to int, segments []segment) []byte {
	body := binary.AppendUvarint(nil, uint64(len(segments)))
	for _, s := range segments {
		body = append(appendSigned(append(body, 0, opConst), s.at), opEnd)
		body = append(binary.AppendUvarint(body, uint64(len(s.bytes))), s.bytes...)
	}
	out := append([]byte(nil), module[:from]...)
	out = binary.AppendUvarint(append(out, dataSection), uint64(len(body)))
	return append(append(out, body...), module[to:]...)
}

// signed reads a signed LEB128 number.
func signed(b []byte) (int64, int) {
	var x int64
	for i, c := range b {
		x |= int64(c&0x7F) << (7 * i)
		if c < 0x80 {
			if c&0x40 != 0 {
				x |= -1 << (7 * (i + 1))
			}
			return x, i + 1
		}
		if i == 8 {
			break
		}
	}
	return 0, 0
}

// appendSigned writes a signed LEB128 number.
func appendSigned(b []byte, x int64) []byte {
	for {
		c := byte(x & 0x7F)
		x >>= 7
		if x == 0 && c&0x40 == 0 || x == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}
