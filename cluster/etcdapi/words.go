package etcdapi

import (
	"bytes"
	"fmt"
	"strconv"
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
	c := event.Command{Kind: event.Put, Key: text(q.Key), Value: string(q.Value)}
	if !printable(q.Value) {
		c.Value, c.Vague = text(q.Value), true
	}
	c.Vague = c.Vague || q.Lease != 0 || q.IgnoreValue || q.IgnoreLease
	return blurred(c, q.Key)
}

func getCommand(q *pb.RangeRequest) event.Command {
	c := span(q.Key, q.RangeEnd)
	c.Kind, c.Rev, c.Limit, c.Serializable = event.Get, q.Revision, q.Limit, q.Serializable
	c.Vague = c.Vague || q.CountOnly || q.KeysOnly || q.MinModRevision|q.MaxModRevision|q.MinCreateRevision|q.MaxCreateRevision != 0
	return c
}

func delCommand(q *pb.DeleteRangeRequest) event.Command {
	c := span(q.Key, q.RangeEnd)
	c.Kind = event.Del
	return c
}

// toldRequests bounds the comparisons, and the requests of either branch, that are told of a transaction.
const toldRequests = 4

func txnCommand(q *pb.TxnRequest) event.Command {
	told := event.Command{Kind: event.TxnDo, Txn: &event.Txn{}}
	told.Txn.Success, told.Txn.Failure = requests(&told, q.Success), requests(&told, q.Failure)
	for i, c := range q.Compare {
		if i == toldRequests {
			told.Vague = true
			break
		}
		told.Vague = told.Vague || len(c.RangeEnd) > 0 || !printable(c.Key) || len(c.Key) > shown || !printable(c.GetValue())
		told.Txn.Compare = append(told.Txn.Compare, comparison(c))
	}
	return told
}

func comparison(c *pb.Compare) event.Compare {
	told := event.Compare{Key: text(c.Key), Result: map[pb.Compare_CompareResult]string{pb.Compare_EQUAL: "=", pb.Compare_NOT_EQUAL: "!=",
		pb.Compare_LESS: "<", pb.Compare_GREATER: ">"}[c.Result]}
	told.Target = strings.ToLower(c.Target.String())
	switch u := c.TargetUnion.(type) {
	case *pb.Compare_Value:
		if told.Value = text(u.Value); printable(u.Value) {
			told.Value = string(u.Value)
		}
	case *pb.Compare_Version:
		told.Value = strconv.FormatInt(u.Version, 10)
	case *pb.Compare_CreateRevision:
		told.Value = strconv.FormatInt(u.CreateRevision, 10)
	case *pb.Compare_ModRevision:
		told.Value = strconv.FormatInt(u.ModRevision, 10)
	case *pb.Compare_Lease:
		told.Value = strconv.FormatInt(u.Lease, 10)
	}
	return told
}

// requests are those of a branch; a transaction inside it is told as a put, get or del of its own would not be: by "txn".
// What is not told of them makes the whole vague.
func requests(whole *event.Command, ops []*pb.RequestOp) (told []event.Request) {
	for i, op := range ops {
		if i == toldRequests {
			whole.Vague, whole.Blurred = true, true
			break
		}
		var c event.Command
		switch r := op.Request.(type) {
		case *pb.RequestOp_RequestPut:
			c = putCommand(r.RequestPut)
		case *pb.RequestOp_RequestRange:
			c = getCommand(r.RequestRange)
		case *pb.RequestOp_RequestDeleteRange:
			c = delCommand(r.RequestDeleteRange)
		case *pb.RequestOp_RequestTxn:
			c = event.Command{Kind: event.TxnDo, Key: "…", Vague: true, Blurred: true}
		}
		whole.Vague = whole.Vague || c.Vague || c.Serializable || c.Rev != 0 || c.Limit != 0
		whole.Blurred = whole.Blurred || c.Blurred
		told = append(told, event.Request{Kind: c.Kind, Key: c.Key, Value: c.Value, End: c.End, Prefix: c.Prefix})
	}
	return told
}

// inWords is a command that is only told.
func inWords(k event.CommandKind, words ...string) event.Command {
	return event.Command{Kind: k, Value: strings.TrimSpace(strings.Join(words, " "))}
}

func compactCommand(q *pb.CompactionRequest) event.Command {
	return inWords(event.Compact, "compaction", strconv.FormatInt(q.Revision, 10))
}

func keepAliveCommand(id int64) event.Command {
	return inWords(event.LeaseKeepAlive, "lease keep-alive", leaseID(id))
}

var defragCommand = inWords(event.Defragment, "defrag")

func watchCommand(q *pb.WatchCreateRequest) event.Command {
	c := span(q.Key, q.RangeEnd)
	words := []string{"watch", word(c.Key)}
	switch {
	case c.Prefix:
		words = append(words, "--prefix")
	case c.End == everKey:
		words = append(words, "--from-key")
	case c.End != "":
		words = append(words, word(c.End))
	}
	if q.StartRevision != 0 {
		words = append(words, "--rev", strconv.FormatInt(q.StartRevision, 10))
	}
	w := inWords(event.Watch, words...)
	w.Key = c.Key
	return w
}

// proposed is how a request is told that goes to consensus as it is: a lease's, an alarm, a change of users and roles. What
// only reads is not told.
func proposed(q *pb.InternalRaftRequest) event.Command {
	switch {
	case q.LeaseGrant != nil:
		return inWords(event.LeaseGrant, "lease grant", strconv.FormatInt(q.LeaseGrant.TTL, 10))
	case q.LeaseRevoke != nil:
		return inWords(event.LeaseRevoke, "lease revoke", leaseID(q.LeaseRevoke.ID))
	case q.Alarm != nil && q.Alarm.Action != pb.AlarmRequest_GET:
		action := map[pb.AlarmRequest_AlarmAction]string{pb.AlarmRequest_ACTIVATE: "alarm raise", pb.AlarmRequest_DEACTIVATE: "alarm disarm"}[q.Alarm.Action]
		if q.Alarm.Alarm != pb.AlarmType_NONE {
			action += " " + q.Alarm.Alarm.String()
		}
		return inWords(event.Alarm, action)
	case q.AuthEnable != nil:
		return inWords(event.Auth, "auth enable")
	case q.AuthDisable != nil:
		return inWords(event.Auth, "auth disable")
	}
	if words := userWords(q) + roleWords(q); words != "" {
		return inWords(event.Auth, words)
	}
	return untold
}

func userWords(q *pb.InternalRaftRequest) string {
	switch {
	case q.AuthUserAdd != nil:
		return "user add " + word(q.AuthUserAdd.Name)
	case q.AuthUserDelete != nil:
		return "user delete " + word(q.AuthUserDelete.Name)
	case q.AuthUserChangePassword != nil:
		return "user passwd " + word(q.AuthUserChangePassword.Name)
	case q.AuthUserGrantRole != nil:
		return "user grant-role " + word(q.AuthUserGrantRole.User) + " " + word(q.AuthUserGrantRole.Role)
	case q.AuthUserRevokeRole != nil:
		return "user revoke-role " + word(q.AuthUserRevokeRole.Name) + " " + word(q.AuthUserRevokeRole.Role)
	}
	return ""
}

func roleWords(q *pb.InternalRaftRequest) string {
	switch {
	case q.AuthRoleAdd != nil:
		return "role add " + word(q.AuthRoleAdd.Name)
	case q.AuthRoleDelete != nil:
		return "role delete " + word(q.AuthRoleDelete.Role)
	case q.AuthRoleGrantPermission != nil:
		p := q.AuthRoleGrantPermission.Perm
		return strings.TrimSpace("role grant-permission " + word(q.AuthRoleGrantPermission.Name) + " " + strings.ToLower(p.GetPermType().String()) +
			" " + word(text(p.GetKey())) + " " + text(p.GetRangeEnd()))
	case q.AuthRoleRevokePermission != nil:
		return "role revoke-permission " + word(q.AuthRoleRevokePermission.Role) + " " + word(text(q.AuthRoleRevokePermission.Key))
	}
	return ""
}

// leaseID is a lease as etcdctl writes it.
func leaseID(id int64) string { return fmt.Sprintf("%016x", uint64(id)) }

// word is a name or key as one word of a line.
func word(s string) string {
	s = text([]byte(s))
	if s == "" || strings.ContainsAny(s, " '\"") {
		return strconv.Quote(s)
	}
	return s
}

// everKey as the end of a range is every key from its beginning on; see cluster.Words.
const everKey = "\x00"

// blurred notes where a key is not told as it is.
func blurred(c event.Command, keys ...[]byte) event.Command {
	for _, k := range keys {
		if len(k) > shown || !printable(k) {
			c.Vague, c.Blurred = true, true
		}
	}
	return c
}

func span(key, end []byte) event.Command {
	switch {
	case len(end) == 0:
		return blurred(event.Command{Key: text(key)}, key)
	case len(end) == 1 && end[0] == 0:
		return blurred(event.Command{Key: text(key), End: everKey}, key)
	case bytes.Equal(end, []byte(clientv3.GetPrefixRangeEnd(string(key)))):
		return blurred(event.Command{Key: text(key), Prefix: true}, key)
	}
	return blurred(event.Command{Key: text(key), End: text(end)}, key, end)
}

// text is what can be shown of bytes.
func text(b []byte) string {
	if len(b) <= shown && printable(b) {
		return string(b)
	}
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

// printable says that b is printable ASCII, as nearly all keys are: every request is put into words.
func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}
