package peer

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/auth"
	"google.golang.org/protobuf/proto"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
)

var asks = []*node.Ask{
	{},
	{Op: math.MaxUint64, Command: event.Command{Kind: event.TxnDo, Key: "key", Timeout: 7_000_000}, Data: []byte{0, 1, 2, 255}},
	{Data: []byte{}}, // not the same as none: it is no read
	{Command: event.Command{Kind: event.Get, Timeout: -1}, Lease: &node.LeaseAsk{ID: math.MinInt64, Renew: true}},
	{Lease: &node.LeaseAsk{ID: 9, Keys: true}},
	{Change: &node.Change{Kind: node.AddLearner, URLs: []string{"http://a:1", "http://b:2"}, Member: 1 << 63, Strict: true}},
	{Notice: &node.Notice{Term: 1, Index: math.MaxUint64, LogTerm: 3}},
	{Change: &node.Change{Kind: node.Remove, Node: math.MaxUint16}},
}

var answers = []*node.Answer{
	{},
	{Result: event.Result{Op: 3, Kind: event.TxnDo, Outcome: event.OK, Node: 1, Leader: 2, Revision: math.MaxInt64, Index: 7, Term: 8, Acks: []event.NodeID{1, 2, 3}, Count: 4, Deleted: 5, More: true, Succeeded: true},
		Index: 12, Response: &pb.TxnResponse{Header: &pb.ResponseHeader{Revision: 9}, Succeeded: true, Responses: []*pb.ResponseOp{{Response: &pb.ResponseOp_ResponsePut{ResponsePut: &pb.PutResponse{}}}}}},
	{Retry: true, Result: event.Result{Outcome: event.Failed, Error: "n2: not the leader"}},
	{Err: auth.ErrPermissionDenied, Response: &pb.PutResponse{}},
	{Result: event.Result{Op: 1, KVs: []event.KeyValue{{Key: "a", Value: "b", Mod: 3}}, Responses: []event.Response{{Kind: event.Put}}, Virtual: 5, Error: "both"}},
}

func TestAsksTravel(t *testing.T) {
	for _, a := range asks {
		b := appendAsk(nil, a)
		got, err := readAsk(b)
		if err != nil || !reflect.DeepEqual(got, a) {
			t.Errorf("%+v became %+v, %v", a, got, err)
		}
		if len(b) > sizeOfAsk(a)+overhead/2 {
			t.Errorf("%+v takes %d bytes, %d were expected", a, len(b), sizeOfAsk(a))
		}
		for n := range b {
			if short, err := readAsk(b[:n]); err == nil && a.Data == nil {
				t.Errorf("%+v cut to %d bytes became %+v", a, n, short)
			}
		}
	}
}

// A field that is added to what is asked needs a place in the wire form.
func TestEveryFieldOfAnAskTravels(t *testing.T) {
	a := &node.Ask{}
	fill(reflect.ValueOf(a).Elem())
	a.Command = event.Command{Kind: a.Command.Kind, Key: a.Command.Key, Timeout: a.Command.Timeout} // what the answering side needs of it
	got, err := readAsk(appendAsk(nil, a))
	if err != nil || !reflect.DeepEqual(got, a) {
		t.Errorf("%+v became %+v, %v", a, got, err)
	}
}

// fill sets everything to something.
func fill(v reflect.Value) {
	// All others are numbers of two kinds.
	//exhaustive:ignore
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	default:
		if v.CanInt() {
			v.SetInt(1)
		} else {
			v.SetUint(1)
		}
	}
}

func TestAnswersTravel(t *testing.T) {
	for _, a := range answers {
		b, err := appendAnswer(nil, a)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readAnswer(b)
		if err != nil || !sameAnswer(got, a) {
			t.Errorf("%+v became %+v, %v", a, got, err)
		}
	}
	var none *pb.PutResponse
	b, err := appendAnswer(nil, &node.Answer{Response: none})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := readAnswer(b); err != nil || got.Response != nil {
		t.Errorf("a nil response became %v, %v", got.Response, err)
	}
}

func sameAnswer(a, b *node.Answer) bool {
	return reflect.DeepEqual(a.Result, b.Result) && a.Index == b.Index && a.Retry == b.Retry && proto.Equal(a.Response, b.Response) && sameError(a.Err, b.Err)
}

// sameError: the same words, and where others decide by it, the same identity.
func sameError(a, b error) bool {
	if a == nil || b == nil {
		return a == b
	}
	for _, e := range known {
		if errors.Is(a, e) != errors.Is(b, e) {
			return false
		}
	}
	return a.Error() == b.Error()
}

func TestErrorsStayThemselves(t *testing.T) {
	for _, e := range known {
		for _, sent := range []error{e, fmt.Errorf("about k: %w", e)} {
			r := reader{b: appendFailure(nil, sent)}
			if got := r.failure(); r.err != nil || !sameError(got, sent) {
				t.Errorf("%v became %v, %v", sent, got, r.err)
			}
		}
		if byText[e.Error()] != e {
			t.Errorf("two errors say %q", e)
		}
	}
	r := reader{b: appendFailure(nil, errors.New("something new"))}
	if got := r.failure(); got == nil || got.Error() != "something new" {
		t.Errorf("%v", got)
	}
	newer := reader{b: appendText([]byte{knownFailure}, "etcdserver: an error of a later version")}
	if got := newer.failure(); got == nil || got.Error() != "etcdserver: an error of a later version" {
		t.Errorf("%v", got)
	}
}

func FuzzAsk(f *testing.F) {
	for _, a := range asks {
		f.Add(appendAsk(nil, a))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := readAsk(b)
		if err != nil {
			return
		}
		again, err := readAsk(appendAsk(nil, a))
		if err != nil || !reflect.DeepEqual(a, again) {
			t.Errorf("%+v became %+v, %v", a, again, err)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	for _, a := range answers {
		b, err := appendAnswer(nil, a)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := readAnswer(b)
		if err != nil {
			return
		}
		b, err = appendAnswer(nil, a)
		if err != nil {
			return // a message that protobuf reads but does not write
		}
		again, err := readAnswer(b)
		if err != nil || !sameAnswer(a, again) {
			t.Errorf("%+v became %+v, %v", a, again, err)
		}
	})
}

// What arrives in pieces, is too long, or is no frame at all.
func FuzzFrames(f *testing.F) {
	f.Add(endFrame(append(startFrame(nil, 7, answer), "payload"...), 0))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 1, 1, 1, 1, 1, 1, 1, 1, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &stream{Conn: silent{}, early: bytes.Clone(b), timeout: 1}
		in := newFrames(s, 100)
		for taken := 0; ; {
			fr, err := in.next()
			if err != nil {
				return
			}
			if taken += frameLength + frameHead + len(fr.payload) + fr.tooLong; taken > len(b) || len(fr.payload) > 100 {
				t.Fatalf("%d bytes were read of %d", taken, len(b))
			}
		}
	})
}

func TestLongFramesAreReadAndTooLongOnesSkipped(t *testing.T) {
	var b []byte
	for i, size := range []int{10, buffered - 1, buffered, buffered + 1, 3 << 20, 5 << 20, 6<<20 + 1, 20} {
		at := len(b)
		b = endFrame(append(startFrame(b, uint64(i), answer), strings.Repeat(string(rune('a'+i)), size)...), at)
	}
	in := newFrames(&stream{Conn: silent{}, early: b, timeout: 1}, 6<<20)
	for i, size := range []int{10, buffered - 1, buffered, buffered + 1, 3 << 20, 5 << 20, 6<<20 + 1, 20} {
		f, err := in.next()
		switch {
		case err != nil || f.call != uint64(i) || f.kind != answer:
			t.Fatalf("frame %d: %+v, %v", i, f.call, err)
		case size > 6<<20:
			if f.tooLong != size || f.payload != nil {
				t.Errorf("frame %d: %d bytes were skipped", i, f.tooLong)
			}
		case string(f.payload) != strings.Repeat(string(rune('a'+i)), size):
			t.Errorf("frame %d: %d bytes, or others than were sent", i, len(f.payload))
		}
	}
}
