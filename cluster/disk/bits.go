package disk

import (
	"encoding/binary"
	"hash/crc32"
)

func crc32Update(crc uint32, b []byte) uint32 { return crc32.Update(crc, castagnoli, b) }

// dataOf finds the data in an encoded walpb.Record (type, checksum, data), without trusting anybody about its length.
func dataOf(record []byte) (from, to int, ok bool) {
	at := 0
	for _, tag := range []byte{0x08, 0x10} { // fields 1 and 2, varints
		if at >= len(record) || record[at] != tag {
			return 0, 0, false
		}
		_, n := binary.Uvarint(record[at+1:])
		if n <= 0 {
			return 0, 0, false
		}
		at += 1 + n
	}
	if at >= len(record) || record[at] != 0x1a { // field 3, bytes
		return 0, 0, false
	}
	size, n := binary.Uvarint(record[at+1:])
	from = at + 1 + n
	if n <= 0 || size > uint64(len(record)-from) {
		return 0, 0, false
	}
	return from, from + int(size), true
}

// flippedData finds the bit of a message of size bytes whose flipping changes its CRC-32C by syndrome. A CRC is linear, so
// the change does not depend on the message: a bit in the last byte changes it by a table entry, and each byte behind it
// by one more step of the register.
func flippedData(size int, syndrome uint32) (bit int, ok bool) {
	var change [8]uint32
	for i := range change {
		change[i] = castagnoli[1<<i]
	}
	for at := size - 1; at >= 0; at-- {
		for i, c := range change {
			if c == syndrome {
				return at*8 + i, true
			}
			change[i] = castagnoli[byte(c)] ^ c>>8
		}
	}
	return 0, false
}
