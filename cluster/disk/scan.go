package disk

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/etcd/server/v3/storage/wal/walpb"
	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// scan reads a generation of the log before etcd's code does, and is stricter: a record's type and length are outside its
// checksum, a record of length 0 reads as the end, and etcd's repair would cut off everything behind the first damage,
// entries that had been acknowledged included. Here only the end of the last write may be missing.
type scan struct {
	root string // file names are told below it
	file string // being read

	generation uint64

	crc      uint32
	metadata []byte
	write    write  // of the last record
	last     uint64 // entry before the one expected
	lastSeen bool   // false until the first entry of a log whose first file is gone
	commit   uint64
	start    *walpb.Snapshot // where the log begins
	marks    []*walpb.Snapshot
	opening  bool   // see openingFile
	short    string // the newest file, if opening was interrupted
	tear     *tear
}

// checkLog reads the log below a node's directory and changes nothing. It gives nil if there is none yet.
func checkLog(root string) (*scan, error) {
	dir := filepath.Join(root, logDir)
	all, err := generations(dir)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	s := &scan{root: root, generation: all[len(all)-1], start: &walpb.Snapshot{}}
	if _, err := os.Stat(filepath.Join(dir, openingFile)); err == nil {
		s.opening = true
	}
	return s, s.read(generationDir(dir, s.generation))
}

func (s *scan) read(dir string) error {
	found, err := segments(dir)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		s.file = dir
		return s.damage(0, "the log's files are missing")
	}
	s.lastSeen = found[0].seq == 0
	for i, seg := range found {
		s.file = seg.path
		if i > 0 && seg.seq != found[i-1].seq+1 {
			return s.damage(0, fmt.Sprintf("the log file before it is missing, number %d", seg.seq-1))
		}
		b, err := os.ReadFile(seg.path)
		if err != nil {
			return err
		}
		if err := s.segment(seg, b, i == 0, i == len(found)-1); err != nil {
			return err
		}
	}
	return s.chooseStart(found[0])
}

// chooseStart takes the newest snapshot record that a hard state confirms.
func (s *scan) chooseStart(oldest segment) error {
	for _, m := range s.marks {
		if m.GetIndex() <= s.commit {
			s.start = m
		}
	}
	if oldest.first > s.start.GetIndex() {
		s.file = oldest.path
		return s.damage(0, fmt.Sprintf("the log file before it is missing, with entry %d", s.start.GetIndex()+1))
	}
	return nil
}

func (s *scan) damage(offset int, what string) *Damage {
	name, err := filepath.Rel(s.root, s.file)
	if err != nil {
		name = s.file
	}
	return &Damage{File: filepath.ToSlash(name), Offset: int64(offset), What: what}
}

// segment reads one file.
func (s *scan) segment(seg segment, b []byte, oldest, newest bool) error {
	off := 0
	for n := 0; ; n++ {
		f := readFrame(b, off, s.crc)
		switch {
		case f.end && newest:
			return s.endOf(b, off, n)
		case f.end && off == len(b) && n > 2:
			return nil
		case f.what != "" && newest:
			return s.broken(b, off, f)
		case f.what != "" || f.end:
			return s.explained(b, off, f)
		}
		if what := s.record(f.rec, n, seg, oldest); what != "" {
			return s.damage(off, what)
		}
		off += f.size
	}
}

// endOf is called at a clean end of the newest file.
func (s *scan) endOf(b []byte, off, records int) error {
	if records < 2 {
		return s.damage(off, "the head of the log file is missing")
	}
	if s.cutShort(b) && s.opening && off == len(b) {
		s.short = s.file
		return nil
	}
	if s.cutShort(b) {
		return s.damage(len(b), fmt.Sprintf("the file ends here, but %d bytes were allocated for it", wal.SegmentSizeBytes))
	}
	return nil
}

func (s *scan) cutShort(b []byte) bool { return int64(len(b)) < wal.SegmentSizeBytes }

// record checks that the record may stand here, the nth of its file, and takes what it tells; otherwise it says why not.
func (s *scan) record(r *walpb.Record, n int, seg segment, oldest bool) string {
	switch {
	case n == 0 && r.GetType() != wal.CrcType, n == 1 && r.GetType() != wal.MetadataType, n > 0 && r.GetType() == wal.CrcType, n != 1 && r.GetType() == wal.MetadataType:
		return fmt.Sprintf("a record of type %d cannot stand here", r.GetType())
	case n == 0:
		return s.takeSum(r, seg, oldest)
	}
	s.crc = r.GetCrc()
	switch r.GetType() {
	case wal.MetadataType:
		return s.takeMetadata(r)
	case wal.EntryType:
		return s.takeEntry(r)
	case wal.StateType:
		return s.takeState(r)
	default: // readFrame knows no others
		return s.takeMark(r, n, seg)
	}
}

func (s *scan) takeSum(r *walpb.Record, seg segment, oldest bool) string {
	if len(r.Data) > 0 || !oldest && r.GetCrc() != s.crc || seg.seq == 0 && r.GetCrc() != 0 {
		return "the file does not continue the one before it"
	}
	s.crc = r.GetCrc()
	return ""
}

func (s *scan) takeMetadata(r *walpb.Record) string {
	if s.metadata != nil && !bytes.Equal(s.metadata, r.Data) {
		return "the file belongs to another log"
	}
	s.metadata = r.Data
	return ""
}

func (s *scan) takeEntry(r *walpb.Record) string {
	var e raftpb.Entry
	if proto.Unmarshal(r.Data, &e) != nil {
		return fmt.Sprintf("the entry behind %d cannot be decoded", s.last)
	}
	w, ok := stampOf(&e, entryFields)
	if !ok || e.Index == nil || e.Term == nil {
		return fmt.Sprintf("the record behind entry %d is no entry", s.last)
	}
	if s.lastSeen && e.GetIndex() > s.last+1 {
		return fmt.Sprintf("entry %d follows entry %d", e.GetIndex(), s.last)
	}
	s.last, s.lastSeen, s.write = e.GetIndex(), true, w
	return ""
}

func (s *scan) takeState(r *walpb.Record) string {
	var h raftpb.HardState
	if proto.Unmarshal(r.Data, &h) != nil {
		return fmt.Sprintf("the state behind entry %d cannot be decoded", s.last)
	}
	w, ok := stampOf(&h, stateFields)
	if !ok || h.Commit == nil {
		return fmt.Sprintf("the record behind entry %d is no state", s.last)
	}
	s.commit = h.GetCommit()
	if w.number > s.write.number { // the head of a file repeats an older one
		s.write = w
	}
	return ""
}

func (s *scan) takeMark(r *walpb.Record, n int, seg segment) string {
	var m walpb.Snapshot
	if proto.Unmarshal(r.Data, &m) != nil {
		return fmt.Sprintf("the mark behind entry %d cannot be decoded", s.last)
	}
	if n == 2 && seg.seq == 0 && m.GetIndex() == 0 && m.GetTerm() == 0 { // etcd's own, in every new log
		s.marks = append(s.marks, &m)
		return ""
	}
	w, ok := stampOf(&m, snapshotFields)
	if !ok || m.Index == nil {
		return fmt.Sprintf("the record behind entry %d is no mark", s.last)
	}
	s.write = w
	s.marks = append(s.marks, &m)
	if s.lastSeen && m.GetIndex() > s.last {
		s.last = m.GetIndex()
	}
	return ""
}

// frame is a record with its length before it and padding behind it.
type frame struct {
	rec  *walpb.Record
	size int
	end  bool   // there is nothing from here on
	what string // or why it cannot be read
}

// maxRecord is more than the largest request makes.
const maxRecord = 64 << 20

// readFrame reads the frame at off; crc is that of all data before it in the file.
func readFrame(b []byte, off int, crc uint32) frame {
	if off == len(b) {
		return frame{end: true}
	}
	n, size := frameSize(b, off)
	if n == 0 {
		if zero(b[off:]) {
			return frame{end: true}
		}
		return frame{what: "there is no record, but something behind it"}
	}
	if size == 0 {
		return frame{what: "the length of a record is wrong"}
	}
	if off+size > len(b) {
		return frame{what: "a record is longer than the file", size: size}
	}
	rec := &walpb.Record{}
	if proto.Unmarshal(b[off+8:off+8+n], rec) != nil {
		return frame{what: "a record cannot be decoded", size: size}
	}
	if t := rec.GetType(); t < wal.MetadataType || t > wal.SnapshotType {
		return frame{what: fmt.Sprintf("a record has the unknown type %d", t), size: size}
	}
	if rec.GetType() != wal.CrcType && crc32.Update(crc, castagnoli, rec.Data) != rec.GetCrc() {
		return frame{what: "a record does not match its checksum", size: size}
	}
	return frame{rec: rec, size: size}
}

// frameSize reads a length field: the record's bytes, and those of the whole frame, 0 if they make no sense.
func frameSize(b []byte, off int) (record, size int) {
	if len(b)-off < 8 {
		return -1, 0
	}
	field := binary.LittleEndian.Uint64(b[off:])
	n := field & (1<<56 - 1)
	if n > maxRecord {
		return -1, 0
	}
	if n != 0 && field != lengthField(int(n)) {
		return -1, 0
	}
	return int(n), 8 + (int(n)+7)/8*8
}

// lengthField is how etcd writes the length of a record: padded to 8 bytes, the padding in the highest byte.
func lengthField(n int) uint64 {
	field := uint64(n)
	if pad := (8 - n%8) % 8; pad != 0 {
		field |= uint64(0x80|pad) << 56
	}
	return field
}

// zeros are compared with in one go: a new log file has a million of them.
var zeros [64 << 10]byte

func zero(b []byte) bool {
	for len(b) > len(zeros) {
		if !bytes.Equal(b[:len(zeros)], zeros[:]) {
			return false
		}
		b = b[len(zeros):]
	}
	return bytes.Equal(b, zeros[:len(b)])
}
