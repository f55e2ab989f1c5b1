package etcdapi

import (
	"bytes"
	"strings"
	"unicode"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// shown bounds what is told of a key or value, in runes.
const shown = 80

// The commands as which requests are told.

func putCommand(q *pb.PutRequest) event.Command {
	return event.Command{Kind: event.Put, Key: text(q.Key), Value: text(q.Value)}
}

func getCommand(q *pb.RangeRequest) event.Command {
	c := span(q.Key, q.RangeEnd)
	c.Kind, c.Rev, c.Limit, c.Serializable = event.Get, q.Revision, q.Limit, q.Serializable
	return c
}

func delCommand(q *pb.DeleteRangeRequest) event.Command {
	c := span(q.Key, q.RangeEnd)
	c.Kind = event.Del
	return c
}

func txnCommand() event.Command { return event.Command{Kind: event.TxnDo} }

func span(key, end []byte) event.Command {
	switch {
	case len(end) == 0:
		return event.Command{Key: text(key)}
	case len(end) == 1 && end[0] == 0:
		return event.Command{Key: text(key), End: "…"}
	case bytes.Equal(end, []byte(clientv3.GetPrefixRangeEnd(string(key)))):
		return event.Command{Key: text(key), Prefix: true}
	}
	return event.Command{Key: text(key), End: text(end)}
}

// text is what can be shown of bytes.
func text(b []byte) string {
	var s strings.Builder
	n := 0
	for _, r := range string(b[:min(len(b), 4*shown)]) {
		if n++; n > shown {
			return s.String() + "…"
		}
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			r = '·'
		}
		s.WriteRune(r)
	}
	return s.String()
}
