package disk

import (
	"encoding/binary"
	"fmt"
	"os"

	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/etcd/server/v3/storage/wal/walpb"
	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// sector is the least that a disk writes at once.
const sector = 512

// tear is a last write of which only a part reached the disk. Nobody heard of it: StoreLogs had not returned.
type tear struct {
	path   string
	offset int64
	size   int64
	after  uint64
}

func (t *tear) String() string {
	return fmt.Sprintf("the last write to the log had not reached the disk when the machine died; what there was of it behind entry %d was cut off", t.after)
}

// mend overwrites the torn part with zeros, as it was before the write began.
func (t *tear) mend() error {
	f, err := os.OpenFile(t.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(max(t.offset, wal.SegmentSizeBytes)); err != nil {
		return err
	}
	if n := min(t.size, wal.SegmentSizeBytes) - t.offset; n > 0 {
		if _, err := f.WriteAt(make([]byte, n), t.offset); err != nil {
			return err
		}
	}
	return f.Sync()
}

// broken decides what an unreadable record in the newest file is: a torn last write, or damage.
func (s *scan) broken(b []byte, off int, f frame) error {
	if at, ok := s.laterWrite(b, off); ok {
		d := s.explained(b, off, f)
		d.What += fmt.Sprintf(", and a later write stands whole at byte %d", at)
		return d
	}
	if _, ok := oneBit(b, off, s.crc); ok || s.cutShort(b) || !torn(b, off, f.size) {
		return s.explained(b, off, f)
	}
	s.tear = &tear{path: s.file, offset: int64(off), size: int64(len(b)), after: s.last}
	return nil
}

// explained is the damage, at the very byte if one flipped bit explains it.
func (s *scan) explained(b []byte, off int, f frame) *Damage {
	what := f.what
	if f.end {
		what = "the file ends too early"
	}
	what += fmt.Sprintf(", behind entry %d", s.last)
	if at, ok := oneBit(b, off, s.crc); ok {
		return s.damage(at, what+", because of one flipped bit")
	}
	return s.damage(off, what)
}

// laterWrite looks behind off for a record of a write that came after the one that the record at off belongs to. Writes
// follow each other only after an fsync, so there is none behind a torn one.
func (s *scan) laterWrite(b []byte, off int) (at int, ok bool) {
	newest := s.write.number
	if s.write.left == 0 {
		newest++
	}
	for at = off + 8; at+8 < len(b); at += 8 {
		n, size := frameSize(b, at)
		if n < 8 || size == 0 || at+size > len(b) {
			continue
		}
		if w, ok := writeOf(b[at+8 : at+8+n]); ok && w.number > newest {
			return at, true
		}
	}
	return 0, false
}

// writeOf reads which write a record belongs to, without its checksum.
func writeOf(record []byte) (w write, ok bool) {
	var r walpb.Record
	if proto.Unmarshal(record, &r) != nil || r.Crc == nil || len(r.Data) == 0 {
		return w, false
	}
	var m proto.Message
	var f writeFields
	switch r.GetType() {
	case wal.EntryType:
		m, f = &raftpb.Entry{}, entryFields
	case wal.StateType:
		m, f = &raftpb.HardState{}, stateFields
	case wal.SnapshotType:
		m, f = &walpb.Snapshot{}, snapshotFields
	default:
		return w, false
	}
	if proto.Unmarshal(r.Data, m) != nil {
		return w, false
	}
	return stampOf(m, f)
}

// torn says whether a part of the frame at off looks as if it had never been written: the file ends before it does, or
// one of the sectors that it touches still has the zeros that the file was allocated with.
func torn(b []byte, off, size int) bool {
	if len(b)-off < 8 || off+size > len(b) {
		return true
	}
	if size == 0 { // the length itself is missing
		return zero(b[off:min(nextSector(off), len(b))])
	}
	for at := off; at < off+size; at = nextSector(at) {
		if zero(b[at:min(nextSector(at), off+size)]) {
			return true
		}
	}
	return false
}

func nextSector(off int) int { return off/sector*sector + sector }

// oneBit looks for a single bit whose flipping makes the frame at off whole, and gives its byte. A torn write is not
// mended by one bit, so such a frame had been on disk.
func oneBit(b []byte, off int, crc uint32) (at int, ok bool) {
	if len(b)-off < 16 {
		return 0, false
	}
	if bit, ok := flippedLength(b[off:], crc); ok {
		return off + bit/8, true
	}
	n, size := frameSize(b, off)
	if n <= 0 || size == 0 || off+size > len(b) {
		return 0, false
	}
	bit, ok := flippedRecord(b[off+8:off+8+n], crc)
	return off + 8 + bit/8, ok
}

// flippedLength compares the length field with the length that the record itself tells.
func flippedLength(b []byte, crc uint32) (bit int, ok bool) {
	from, to, ok := dataOf(b[8:])
	if !ok {
		return 0, false
	}
	n := to // of the record: its data come last
	diff := binary.LittleEndian.Uint64(b) ^ lengthField(n)
	if diff == 0 || diff&(diff-1) != 0 || from > to {
		return 0, false
	}
	fixed := append(binary.LittleEndian.AppendUint64(nil, lengthField(n)), b[8:]...)
	if readFrame(fixed, 0, crc).what != "" {
		return 0, false
	}
	for diff > 1 {
		diff >>= 1
		bit++
	}
	return bit, true
}

// headBytes is at least what comes before a record's data: type, checksum and length.
const headBytes = 16

// flippedRecord tries the record's head bit by bit and finds a bit in its data from the checksum.
func flippedRecord(record []byte, crc uint32) (bit int, ok bool) {
	if from, to, ok := dataOf(record); ok && to == len(record) {
		var r walpb.Record
		if proto.Unmarshal(record, &r) == nil && len(r.Data) == to-from {
			syndrome := crc32Update(crc, r.Data) ^ r.GetCrc()
			if bit, ok := flippedData(len(r.Data), syndrome); ok {
				return from*8 + bit, true
			}
		}
	}
	head := min(len(record), headBytes)
	fixed := append(binary.LittleEndian.AppendUint64(nil, lengthField(len(record))), record...)
	fixed = append(fixed, make([]byte, (8-len(record)%8)%8)...)
	for bit := range head * 8 {
		fixed[8+bit/8] ^= 1 << (bit % 8)
		if f := readFrame(fixed, 0, crc); f.what == "" && !f.end && f.rec.GetType() != wal.CrcType {
			return bit, true
		}
		fixed[8+bit/8] ^= 1 << (bit % 8)
	}
	return 0, false
}
