package disk

import (
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// An entry of etcd's log holds a request to the store as it is (EntryNormal), so that etcd's own tools can read it. What
// hashicorp/raft knows beyond that travels in fields that etcd does not have.
const (
	fieldType       protowire.Number = 1000 // raft.LogType
	fieldExtensions protowire.Number = 1001
	fieldAppended   protowire.Number = 1002 // Unix nanoseconds
)

// A write is what reaches the disk with one fsync. Its records carry its number, which counts up in a generation, and how
// many records of the write follow. So a record behind a hole tells whether what was there had been on disk for good.
// Each record type has field numbers of its own, because the type is outside etcd's checksum.
type write struct{ number, left uint64 }

type writeFields struct{ number, left protowire.Number }

var (
	entryFields    = writeFields{1003, 1004}
	stateFields    = writeFields{1010, 1011}
	snapshotFields = writeFields{1020, 1021}
)

func (f writeFields) append(b []byte, w write) []byte {
	b = protowire.AppendTag(b, f.number, protowire.VarintType)
	b = protowire.AppendVarint(b, w.number)
	if w.left > 0 {
		b = protowire.AppendTag(b, f.left, protowire.VarintType)
		b = protowire.AppendVarint(b, w.left)
	}
	return b
}

// stamp adds the write to a message's unknown fields.
func stamp(m proto.Message, f writeFields, w write) {
	r := m.ProtoReflect()
	r.SetUnknown(f.append(r.GetUnknown(), w))
}

// stampOf reads it back; ok is false when it is not there or something else is.
func stampOf(m proto.Message, f writeFields) (w write, ok bool) {
	err := fields(m.ProtoReflect().GetUnknown(), func(num protowire.Number, v uint64, _ []byte) error {
		//exhaustive:ignore
		switch num {
		case f.number:
			w.number, ok = v, true
		case f.left:
			w.left = v
		case fieldType, fieldExtensions, fieldAppended:
			if f != entryFields {
				return errors.New("a foreign field")
			}
		default:
			return errors.New("a foreign field")
		}
		return nil
	})
	return w, ok && err == nil
}

// fields calls f for each field; numbers come as v, bytes as b.
func fields(raw []byte, f func(num protowire.Number, v uint64, b []byte) error) error {
	for len(raw) > 0 {
		num, typ, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return protowire.ParseError(n)
		}
		raw = raw[n:]
		var v uint64
		var b []byte
		switch typ {
		case protowire.VarintType:
			v, n = protowire.ConsumeVarint(raw)
		case protowire.Fixed64Type:
			v, n = protowire.ConsumeFixed64(raw)
		case protowire.BytesType:
			b, n = protowire.ConsumeBytes(raw)
		case protowire.Fixed32Type, protowire.StartGroupType, protowire.EndGroupType:
			return fmt.Errorf("field %d has a type that is never written", num)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		raw = raw[n:]
		if err := f(num, v, b); err != nil {
			return err
		}
	}
	return nil
}

// record is an entry of etcd's log with what its fields point to, so that it is made in one piece.
type record struct {
	raftpb.Entry
	index, term uint64
	kind        raftpb.EntryType
}

// encodeEntry makes an entry of etcd's log.
func encodeEntry(l *raft.Log, w write) (*raftpb.Entry, error) {
	r := &record{index: l.Index, term: l.Term, kind: raftpb.EntryNormal}
	r.Index, r.Term, r.Type, r.Data = &r.index, &r.term, &r.kind, l.Data
	if l.Type == raft.LogConfiguration {
		change := raftpb.ConfChangeUpdateNode
		b, err := proto.Marshal(&raftpb.ConfChange{Type: &change, NodeId: new(uint64), Context: l.Data})
		if err != nil {
			return nil, fmt.Errorf("the configuration at entry %d cannot be encoded: %w", l.Index, err)
		}
		r.kind, r.Data = raftpb.EntryConfChange, b
	}
	r.ProtoReflect().SetUnknown(entryFields.append(extras(l), w))
	return &r.Entry, nil
}

// extraBytes is room for all numbers that extras and writeFields.append can write.
const extraBytes = 64

func extras(l *raft.Log) []byte {
	b := make([]byte, 0, extraBytes+len(l.Extensions))
	if l.Type != raft.LogCommand {
		b = protowire.AppendTag(b, fieldType, protowire.VarintType)
		b = protowire.AppendVarint(b, uint64(l.Type))
	}
	if len(l.Extensions) > 0 {
		b = protowire.AppendTag(b, fieldExtensions, protowire.BytesType)
		b = protowire.AppendBytes(b, l.Extensions)
	}
	if !l.AppendedAt.IsZero() {
		b = protowire.AppendTag(b, fieldAppended, protowire.Fixed64Type)
		b = protowire.AppendFixed64(b, uint64(l.AppendedAt.UnixNano()))
	}
	return b
}

// decodeEntry is the way back.
func decodeEntry(e *raftpb.Entry) (raft.Log, error) {
	l := raft.Log{Index: e.GetIndex(), Term: e.GetTerm(), Data: e.Data}
	err := fields(e.ProtoReflect().GetUnknown(), func(num protowire.Number, v uint64, b []byte) error {
		//exhaustive:ignore
		switch num {
		case fieldType:
			l.Type = raft.LogType(v)
		case fieldExtensions:
			l.Extensions = append([]byte(nil), b...)
		case fieldAppended:
			l.AppendedAt = time.Unix(0, int64(v)).UTC()
		}
		return nil
	})
	if err != nil || e.GetType() != raftpb.EntryConfChange {
		return l, err
	}
	var change raftpb.ConfChange
	if err := proto.Unmarshal(e.Data, &change); err != nil {
		return l, err
	}
	l.Data = change.Context
	return l, nil
}
