package store

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/raft"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// MaxLabel is the length of a label in runes.
const MaxLabel = 24

// Describe tells which command an entry is part of (0: none) and what it holds in a few words, such as "x=1", "del x",
// "txn", "lease 3f", "140 requests", "conf" or "∅" for a no-op.
func Describe(l *raft.Log) (op uint64, label string) {
	switch l.Type {
	case raft.LogCommand:
	case raft.LogNoop:
		return 0, "∅"
	case raft.LogBarrier:
		return 0, "barrier"
	case raft.LogConfiguration, raft.LogAddPeerDeprecated, raft.LogRemovePeerDeprecated:
		return 0, "conf"
	}
	if op, label, ok := describePut(l.Data); ok {
		return op, label
	}
	if n := joined(l.Data); n > 0 {
		return 0, fmt.Sprintf("%d requests", n)
	}
	var r pb.InternalRaftRequest
	if proto.Unmarshal(l.Data, &r) != nil {
		return 0, "?"
	}
	return r.GetHeader().GetID(), printable(words(&r))
}

// Field numbers in etcd's InternalRaftRequest, RequestHeader and PutRequest.
const (
	fieldPut, fieldHeader protowire.Number = 4, 100
	fieldKey, fieldValue  protowire.Number = 1, 2
	fieldID               protowire.Number = 1
)

// describePut is Describe for what almost all entries are, a put with a header, without decoding the rest: it is done for
// every entry on every node.
func describePut(data []byte) (op uint64, label string, ok bool) {
	put, hasPut := field(data, fieldPut)
	header, hasHeader := field(data, fieldHeader)
	if !hasPut || !hasHeader {
		return 0, "", false
	}
	key, _ := field(put, fieldKey)
	value, _ := field(put, fieldValue)
	num, typ, n := protowire.ConsumeTag(header)
	if n < 0 || num != fieldID || typ != protowire.VarintType {
		return 0, "", false
	}
	op, n = protowire.ConsumeVarint(header[n:])
	return op, printable(start(key) + "=" + start(value)), n > 0
}

// field finds a field of bytes in an encoded message.
func field(message []byte, want protowire.Number) (b []byte, ok bool) {
	for len(message) > 0 {
		num, typ, n := protowire.ConsumeTag(message)
		if n < 0 {
			return nil, false
		}
		size := protowire.ConsumeFieldValue(num, typ, message[n:])
		if size < 0 {
			return nil, false
		}
		if num == want && typ == protowire.BytesType {
			b, _ = protowire.ConsumeBytes(message[n:])
			return b, true
		}
		message = message[n+size:]
	}
	return nil, false
}

func words(r *pb.InternalRaftRequest) string {
	switch {
	case r.Put != nil:
		return start(r.Put.Key) + "=" + start(r.Put.Value)
	case r.DeleteRange != nil && len(r.DeleteRange.RangeEnd) > 0:
		return "del " + start(r.DeleteRange.Key) + "…"
	case r.DeleteRange != nil:
		return "del " + start(r.DeleteRange.Key)
	case r.Txn != nil:
		return txnWords(r.Txn)
	case r.Range != nil:
		return "get " + start(r.Range.Key)
	case r.Compaction != nil:
		return fmt.Sprintf("compact %d", r.Compaction.Revision)
	case r.LeaseGrant != nil:
		return fmt.Sprintf("lease %x", r.LeaseGrant.ID)
	case r.LeaseRevoke != nil:
		return fmt.Sprintf("revoke %x", r.LeaseRevoke.ID)
	case r.LeaseCheckpoint != nil:
		return "lease times"
	case r.Alarm != nil:
		return "alarm"
	case r.ClusterMemberAttrSet != nil:
		return fmt.Sprintf("member %x", r.ClusterMemberAttrSet.Member_ID)
	case r.ClusterVersionSet != nil:
		return "version " + r.ClusterVersionSet.Ver
	}
	return "auth"
}

// txnWords tells the first thing that a transaction may do: "txn a=1…".
func txnWords(t *pb.TxnRequest) string {
	ops := slices.Concat(t.Success, t.Failure)
	if len(ops) == 0 {
		return "txn"
	}
	first, more := "", ""
	switch q := ops[0].Request.(type) {
	case *pb.RequestOp_RequestPut:
		first = start(q.RequestPut.Key) + "=" + start(q.RequestPut.Value)
	case *pb.RequestOp_RequestDeleteRange:
		first = "del " + start(q.RequestDeleteRange.Key)
	case *pb.RequestOp_RequestRange:
		first = "get " + start(q.RequestRange.Key)
	}
	if len(ops) > 1 {
		more = "…"
	}
	return strings.TrimSpace("txn " + first + more)
}

// start is more than a label can show.
func start(b []byte) string { return string(b[:min(len(b), MaxLabel*utf8.UTFMax)]) }

// printable clips to MaxLabel runes and replaces what cannot be shown.
func printable(s string) string {
	if len(s) <= MaxLabel && plain(s) {
		return s
	}
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > MaxLabel {
			return clipLast(b.String())
		}
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			r = '·'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// plain says that s is all printable ASCII.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func clipLast(s string) string {
	_, n := utf8.DecodeLastRuneInString(s)
	return s[:len(s)-n] + "…"
}
