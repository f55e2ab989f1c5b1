package event

import (
	"bytes"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestEveryFieldTravels fills frames at random by reflection. A field that is added to Event, Command, Result
// or anything in them and is forgotten in the codec comes back empty and fails here.
func TestEveryFieldTravels(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		for kind := FrameHello; kind < frameTypesEnd; kind++ {
			f := randomFrame(random, kind)
			b := AppendFrame(nil, &f)
			got, err := DecodeFrame(b)
			if err != nil {
				t.Fatalf("round %d, type %d: %v\n%+v", round, kind, err, f)
			}
			if !reflect.DeepEqual(got, f) {
				t.Fatalf("round %d, type %d\n got %+v\nwant %+v", round, kind, got, f)
			}
		}
	}
}

// TestEmptyFieldsTravel leaves about half of the fields out.
func TestEmptyFieldsTravel(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		f := randomFrame(random, FrameEvents)
		for i := range f.Events {
			thin(random, reflect.ValueOf(&f.Events[i]).Elem())
		}
		number(&f)
		got, err := DecodeFrame(AppendFrame(nil, &f))
		if err != nil || !reflect.DeepEqual(got, f) {
			t.Fatalf("%v\n got %+v\nwant %+v", err, got, f)
		}
	}
}

// randomFrame has every field set that its type may carry.
func randomFrame(random *rand.Rand, kind FrameType) Frame {
	var f Frame
	fill(random, reflect.ValueOf(&f).Elem())
	f.Type = kind
	f.Command.Vague, f.Command.Blurred, f.Result.Vague = false, false, false // these never leave a room
	if kind == FrameEvents || kind == FrameCheckpoint {
		number(&f)
	} else {
		f.Events = nil
	}
	if kind != FrameAnswer {
		f.Result = Result{}
	}
	if kind != FrameOrder {
		f.Command = Command{}
	}
	if kind == FrameHello || kind == FrameWelcome {
		f.Version = WireVersion
	}
	return f
}

// number gives the events the sequence numbers that the frame implies, and kinds that exist.
func number(f *Frame) {
	for i := range f.Events {
		f.Events[i].Kind %= kindEnd
		f.Events[i].Seq = 0
		if f.Type == FrameEvents {
			f.Events[i].Seq = f.Seq + uint64(i)
		}
	}
}

// fill sets everything that can be set to something that is not zero.
func fill(random *rand.Rand, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(random, v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(random, v.Elem())
	case reflect.Slice:
		n := 1 + random.IntN(3)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(random, v.Index(i))
		}
	case reflect.String:
		v.SetString([]string{"x", "put y 2", "ein größerer Text", "\x00\xff"}[random.IntN(4)])
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt([]int64{1, -1, 300, -70000, math.MaxInt64, math.MinInt64, 1 + random.Int64N(1e15)}[random.IntN(7)])
	case reflect.Uint64:
		v.SetUint([]uint64{1, 127, 128, math.MaxUint64, 1 + random.Uint64N(1e15)}[random.IntN(5)])
	case reflect.Uint16:
		v.SetUint(1 + random.Uint64N(math.MaxUint16))
	case reflect.Uint8:
		v.SetUint(1 + random.Uint64N(math.MaxUint8))
	default:
		panic("the codec test cannot fill a " + v.Kind().String() + ": teach it")
	}
}

// thin clears about half of the fields.
func thin(random *rand.Rand, v reflect.Value) {
	for i := range v.NumField() {
		if random.IntN(2) == 0 {
			v.Field(i).SetZero()
		}
	}
}

func TestDecodeRefusesWithASentence(t *testing.T) {
	order := func(c Command) []byte { return AppendFrame(nil, &Frame{Type: FrameOrder, Command: c}) }
	tests := []struct {
		name  string
		bytes []byte
		want  string
	}{
		{"nothing", nil, "ends too early"},
		{"unknown type", []byte{99, 0}, "type 99 is not known"},
		{"type zero", []byte{0, 0}, "type 0 is not known"},
		{"unknown field", []byte{byte(FrameNotice), 200, 0}, "a frame has no field 200"},
		{"cut short", order(Command{Kind: Put, Key: "x", Value: "1"})[:6], "ends"},
		{"goes on", append(order(Command{Kind: Put}), 7), "goes on after its end"},
		{"value too long", order(Command{Kind: Put, Value: strings.Repeat("v", MaxString+1)}), "at most 2097152"},
		{"text longer than the frame", []byte{byte(FrameNotice), frameText, 100, 'a'}, "ends within a text"},
		{"list longer than the frame", []byte{byte(FrameEvents), frameEvents, 100, 0}, "ends within a list"},
		{"no such kind", []byte{byte(FrameEvents), frameEvents, 1, 250, 0, 0}, "no such kind of event"},
		{"mask of another version", []byte{byte(FrameEvents), frameEvents, 1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0}, "too large for a mask"},
		{"events from a browser", []byte{byte(FrameOrder), frameEvents, 1, 1, 0, 0}, "carries no events"},
		{"a result in an order", []byte{byte(FrameOrder), frameResult, 0, 0}, "only an answer"},
		{"a command in a notice", []byte{byte(FrameNotice), frameCommand, 0, 0}, "only an order"},
		{"node too large", []byte{byte(FrameOrder), frameCommand, commandNode, 0xff, 0xff, 0x7f, 0, 0}, "too large for a node"},
		{"endless number", append([]byte{byte(FrameHello), frameSeq}, bytes.Repeat([]byte{0xff}, 12)...), "longer than 64 bits"},
		{"text not seen", []byte{byte(FrameEvents), frameEvents, 1, byte(Asked), 0x80, 0x40, 5, 0}, "was not there before"},
		{"too long", make([]byte, MaxFrame+1), "ask for less"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, err := DecodeFrame(test.bytes)
			if err == nil {
				t.Fatalf("was read as %+v", f)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Fatalf("%q does not say %q", err, test.want)
			}
		})
	}
}

func TestLongestValueTravels(t *testing.T) {
	f := Frame{Type: FrameOrder, Command: Command{Kind: Put, Key: "k", Value: strings.Repeat("v", MaxString)}}
	got, err := DecodeFrame(AppendFrame(nil, &f))
	if err != nil || !reflect.DeepEqual(got, f) {
		t.Fatalf("a value of MaxString bytes does not travel: %v", err)
	}
}

func TestItemsAreBounded(t *testing.T) {
	f := Frame{Type: FrameEvents, Seq: 1, Events: make([]Event, MaxItems)}
	number(&f)
	if _, err := DecodeFrame(AppendFrame(nil, &f)); err != nil {
		t.Fatalf("MaxItems events are refused: %v", err)
	}
	f.Events = append(f.Events, Event{})
	_, err := DecodeFrame(AppendFrame(nil, &f))
	if err == nil || !strings.Contains(err.Error(), "more than 262144") {
		t.Fatalf("one more is not refused: %v", err)
	}
}

// TestAnotherVersionIsTold: whatever follows in a greeting of another version, its version can be read.
func TestAnotherVersionIsTold(t *testing.T) {
	b := AppendFrame(nil, &Frame{Type: FrameWelcome, Version: WireVersion + 1})
	b = append(b[:len(b)-1], 250, 1, 2, 3)
	f, err := DecodeFrame(b)
	if err != nil || f.Type != FrameWelcome || f.Version != WireVersion+1 {
		t.Fatalf("%+v, %v", f, err)
	}
}

// TestWireFormIsPinned fails when the bytes of a known frame change: then WireVersion must change with them.
func TestWireFormIsPinned(t *testing.T) {
	f := Frame{Type: FrameEvents, Epoch: 7, Seq: 40, At: 1000, Wall: 2000, Events: []Event{
		{Seq: 40, At: 900, Wall: 1900, Kind: Sent, Node: 1, Peer: 2, Msg: 12, Type: Heartbeat, Term: 3, Until: 2900},
		{Seq: 41, At: 900, Wall: 1900, Kind: Sent, Node: 1, Peer: 3, Msg: 13, Type: Heartbeat, Term: 3, Until: 2900},
		{Seq: 42, At: 950, Wall: 1950, Kind: Applied, Node: 2, Index: 9, Op: 4, Rev: 5},
	}}
	want := []byte{5, 2, 7, 4, 40, 5, 208, 15, 6, 160, 31, 7, 3,
		15, 223, 12, 199, 1, 199, 1, 24, 2, 1, 160, 31, 6, 2,
		15, 12, 2, 3,
		35, 179, 144, 32, 100, 100, 2, 18, 8, 10,
		0}
	if got := AppendFrame(nil, &f); !slices.Equal(got, want) || WireVersion != 5 {
		t.Errorf("the wire form changed: raise WireVersion and pin the new one\n got %v\nwant %v", got, want)
	}
}

func FuzzDecodeFrame(f *testing.F) {
	random := rand.New(rand.NewPCG(5, 6))
	for kind := FrameHello; kind < frameTypesEnd; kind++ {
		frame := randomFrame(random, kind)
		f.Add(AppendFrame(nil, &frame))
	}
	mix := mixedFrame(33)
	f.Add(AppendFrame(nil, &mix))
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, err := DecodeFrame(b)
		if err != nil {
			if frame.Type != 0 || len(err.Error()) < 20 {
				t.Fatalf("%+v, %v", frame, err)
			}
			return
		}
		again, err := DecodeFrame(AppendFrame(nil, &frame))
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v\n%+v", err, frame)
		}
		if !reflect.DeepEqual(frame, again) {
			t.Fatalf("it changed on the way\n%+v\n%+v", frame, again)
		}
	})
}
