package peer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
)

// The wire form of asks and answers. Numbers are varints, signed ones zigzag; texts begin with their length; what is
// last needs none. A flags byte says what is there.
const (
	askData = 1 << iota
	askLease
	askRenew
	askKeys
	askChange
	askStrict
	askNotice
)

// sizeOfAsk is about how long its wire form is, and never less than its data.
func sizeOfAsk(a *node.Ask) int {
	n := len(a.Data) + len(a.Command.Key)
	if a.Change != nil {
		for _, u := range a.Change.URLs {
			n += len(u)
		}
	}
	return n
}

func appendAsk(b []byte, a *node.Ask) []byte {
	var flags byte
	set(&flags, askData, a.Data != nil)
	if l := a.Lease; l != nil {
		set(&flags, askLease, true)
		set(&flags, askRenew, l.Renew)
		set(&flags, askKeys, l.Keys)
	}
	if c := a.Change; c != nil {
		set(&flags, askChange, true)
		set(&flags, askStrict, c.Strict)
	}
	set(&flags, askNotice, a.Notice != nil)
	b = append(b, flags, byte(a.Command.Kind))
	b = binary.AppendUvarint(b, a.Op)
	b = binary.AppendVarint(b, int64(a.Command.Timeout))
	b = appendText(b, a.Command.Key)
	if a.Lease != nil {
		b = binary.AppendVarint(b, a.Lease.ID)
	}
	if c := a.Change; c != nil {
		b = append(b, byte(c.Kind))
		b = binary.AppendUvarint(b, uint64(c.Node))
		b = binary.AppendUvarint(b, c.Member)
		b = binary.AppendUvarint(b, uint64(len(c.URLs)))
		for _, u := range c.URLs {
			b = appendText(b, u)
		}
	}
	if n := a.Notice; n != nil {
		b = binary.AppendUvarint(b, n.Term)
		b = binary.AppendUvarint(b, n.Index)
		b = binary.AppendUvarint(b, n.LogTerm)
	}
	return append(b, a.Data...)
}

// readAsk reads what appendAsk wrote, and keeps nothing of b.
func readAsk(b []byte) (*node.Ask, error) {
	r := reader{b: b}
	flags := r.byte()
	a := &node.Ask{Command: event.Command{Kind: event.CommandKind(r.byte())}}
	a.Op = r.uint()
	a.Command.Timeout = event.Micros(r.int())
	a.Command.Key = r.text()
	if flags&askLease != 0 {
		a.Lease = &node.LeaseAsk{ID: r.int(), Renew: flags&askRenew != 0, Keys: flags&askKeys != 0}
	}
	if flags&askChange != 0 {
		c := &node.Change{Kind: node.ChangeKind(r.byte()), Node: r.node(), Member: r.uint(), Strict: flags&askStrict != 0}
		for range r.count() {
			c.URLs = append(c.URLs, r.text())
		}
		a.Change = c
	}
	if flags&askNotice != 0 {
		a.Notice = &node.Notice{Term: r.uint(), Index: r.uint(), LogTerm: r.uint()}
	}
	if flags&askData != 0 {
		a.Data = append([]byte{}, r.b...)
	} else if r.err == nil && len(r.b) > 0 {
		r.fail("it goes on behind its end")
	}
	return a, r.err
}

const (
	answerRetry = 1 << iota
	answerResponse
	answerErr
	answerSucceeded
	answerMore
	answerRest // the result has what only rooms ask for: it follows in the form of events
)

func appendAnswer(b []byte, a *node.Answer) ([]byte, error) {
	v, response := &a.Result, a.Response != nil && a.Response.ProtoReflect().IsValid()
	rest := v.ID != 0 || len(v.KVs) > 0 || len(v.Responses) > 0 || v.Behind != 0 || v.Virtual != 0 || v.Wall != 0 || v.Seq != 0
	var flags byte
	set(&flags, answerRetry, a.Retry)
	set(&flags, answerResponse, response)
	set(&flags, answerErr, a.Err != nil)
	set(&flags, answerSucceeded, v.Succeeded)
	set(&flags, answerMore, v.More)
	set(&flags, answerRest, rest)
	b = append(b, flags, byte(v.Kind), byte(v.Outcome))
	for _, n := range [...]uint64{v.Op, uint64(v.Node), uint64(v.Leader), v.Index, v.Term, a.Index, uint64(len(v.Acks))} {
		b = binary.AppendUvarint(b, n)
	}
	for _, id := range v.Acks {
		b = binary.AppendUvarint(b, uint64(id))
	}
	for _, n := range [...]int64{v.Revision, v.Count, v.Deleted} {
		b = binary.AppendVarint(b, n)
	}
	b = appendText(b, v.Error)
	if rest {
		b = appendText(b, string(event.AppendFrame(nil, &event.Frame{Type: event.FrameAnswer, Version: event.WireVersion, Result: *v})))
	}
	if a.Err != nil {
		b = appendFailure(b, a.Err)
	}
	if !response {
		return b, nil
	}
	b = appendText(b, string(a.Response.ProtoReflect().Descriptor().FullName()))
	return proto.MarshalOptions{}.MarshalAppend(b, a.Response)
}

// readAnswer reads what appendAnswer wrote, and keeps nothing of b.
func readAnswer(b []byte) (*node.Answer, error) {
	r := reader{b: b}
	flags := r.byte()
	a := &node.Answer{Retry: flags&answerRetry != 0}
	v := &a.Result
	v.Kind, v.Outcome = event.CommandKind(r.byte()), event.Outcome(r.byte())
	v.Succeeded, v.More = flags&answerSucceeded != 0, flags&answerMore != 0
	v.Op, v.Node, v.Leader, v.Index, v.Term, a.Index = r.uint(), r.node(), r.node(), r.uint(), r.uint(), r.uint()
	for range r.count() {
		v.Acks = append(v.Acks, r.node())
	}
	v.Revision, v.Count, v.Deleted = r.int(), r.int(), r.int()
	v.Error = r.text()
	if flags&answerRest != 0 {
		r.rest(v)
	}
	if flags&answerErr != 0 {
		a.Err = r.failure()
	}
	switch {
	case flags&answerResponse != 0:
		a.Response = r.message()
	case r.err == nil && len(r.b) > 0:
		r.fail("it goes on behind its end")
	}
	return a, r.err
}

func (r *reader) rest(v *event.Result) {
	f, err := event.DecodeFrame([]byte(r.text()))
	if r.err == nil && err != nil {
		r.fail(err.Error())
	}
	if r.err == nil {
		*v = f.Result
	}
}

// message reads the last of an answer: a message of any kind that this program knows.
func (r *reader) message() proto.Message {
	name := r.text()
	if r.err != nil {
		return nil
	}
	t, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(name))
	if err != nil {
		r.fail(fmt.Sprintf("no message is called %q; run the same version on all members", name))
		return nil
	}
	m := t.New().Interface()
	if err := proto.Unmarshal(r.b, m); err != nil {
		r.fail(err.Error())
		return nil
	}
	return m
}

func set(flags *byte, bit byte, on bool) {
	if on {
		*flags |= bit
	}
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// reader takes values from b. After the first error all are zero.
type reader struct {
	b   []byte
	err error
}

var errShort = errors.New("a message of another member cannot be read: it ends too early")

func (r *reader) fail(why string) {
	if r.err == nil {
		r.err = errors.New("a message of another member cannot be read: " + why)
	}
	r.b = nil
}

func (r *reader) short() {
	if r.err == nil {
		r.err = errShort
	}
	r.b = nil
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.short()
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.short()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.short()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) node() event.NodeID {
	v := r.uint()
	if v > math.MaxUint16 {
		r.fail(fmt.Sprintf("%d is too large for a node's number", v))
		return 0
	}
	return event.NodeID(v)
}

// count is the length of a list whose elements take at least a byte each.
func (r *reader) count() int {
	v := r.uint()
	if v > uint64(len(r.b)) {
		r.short()
		return 0
	}
	return int(v)
}

func (r *reader) text() string {
	n := r.count()
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}
