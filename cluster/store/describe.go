package store

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/raft"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/proto"
)

// MaxLabel is the length of a label in runes.
const MaxLabel = 24

// Describe tells which command an entry is part of (0: none) and what it holds in a few words, such as "x=1", "del x",
// "txn", "lease 3f", "conf" or "∅" for a no-op.
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
	var r pb.InternalRaftRequest
	if proto.Unmarshal(l.Data, &r) != nil {
		return 0, "?"
	}
	return r.GetHeader().GetID(), printable(words(&r))
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
		return "txn"
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
	}
	return "auth"
}

// start is more than a label can show.
func start(b []byte) string { return string(b[:min(len(b), MaxLabel*utf8.UTFMax)]) }

// printable clips to MaxLabel runes and replaces what cannot be shown.
func printable(s string) string {
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

func clipLast(s string) string {
	_, n := utf8.DecodeLastRuneInString(s)
	return s[:len(s)-n] + "…"
}
