package event

import (
	"bytes"
	"reflect"
	"strconv"
	"testing"
)

func TestRequestsAreWrittenAsAnyFrame(t *testing.T) {
	for _, f := range []Frame{
		{Type: FrameHello, Version: WireVersion, Epoch: 7, Seq: 1000},
		{Type: FrameHello, Version: WireVersion},
		{Type: FrameOrder, Command: Command{ID: 3, Kind: Put, Node: 2, Key: "x", Value: "1", Timeout: 3_000_000}},
		{Type: FrameOrder, Command: Command{ID: 4, Kind: TxnDo, Txn: &Txn{Compare: []Compare{{Key: "x", Target: "value", Result: "=", Value: "1"}},
			Success: []Request{{Kind: Put, Key: "x", Value: "2"}}}}},
		{Type: FrameHello, Version: WireVersion, Epoch: 7, Seq: 12, Text: "k3j9"},
		{Type: FrameLearn, Text: "answer 2"},
		{Type: FrameWind, Text: "seq 1200"},
		{Type: FrameLook, Code: "side", Text: "node n3"},
		{Type: FrameOrder, Command: Command{ID: 5, Kind: Partition, Groups: [][]NodeID{{1, 2}, {3}}}},
	} {
		if got, want := AppendRequest(nil, &f), AppendFrame(nil, &f); !bytes.Equal(got, want) {
			t.Errorf("%+v\n got %x\nwant %x", f, got, want)
		}
	}
}

// What a browser hears it reads as everybody does; an order it refuses.
func TestResponsesAreReadAsAnyFrame(t *testing.T) {
	for _, f := range []Frame{
		{Type: FrameWelcome, Version: WireVersion, Epoch: 7, Room: "amber-otter", Viewers: 3, Limits: Limits{ValueBytes: 1 << 20, Commands: 50, Nodes: 9}},
		{Type: FrameEvents, Seq: 12, At: 5, Wall: 6, Events: []Event{{Kind: Committed, Node: 2, Index: 9}, {Kind: Dropped, Msg: 3, Reason: Lost}}},
		{Type: FrameAnswer, Result: Result{ID: 3, Op: 9, Kind: Put, Outcome: OK, Revision: 4, Acks: []NodeID{1, 2, 3}}},
		{Type: FrameNotice, Code: "slow", Text: "too slow"},
		{Type: FrameAudience, Viewers: 4},
		{Type: FrameLesson, Lesson: Lesson{ID: "a07", HTML: "<p>Cut it.</p>", Marks: "n4 log", Denied: "wipe", Said: "Step 2 is done.", Done: 2, Steps: 7}},
		{Type: FrameTape, Tape: Tape{Mode: TapePlaying, Speed: One, Seq: 7, At: 8, First: 1, Head: 90, HeadAt: 91, Sealed: true}},
		{Type: FramePanel, Code: "side", Text: "<h2>n3</h2>", Marks: "n3 n1-n3"},
	} {
		b := AppendFrame(nil, &f)
		want, err := DecodeFrame(b)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := DecodeResponse(b); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v\nwant %+v", got, err, want)
		}
	}
	order := AppendFrame(nil, &Frame{Type: FrameOrder, Command: Command{ID: 1, Kind: Heal}})
	if f, err := DecodeResponse(order); err == nil {
		t.Errorf("an order was read: %+v", f)
	}
}

func TestParseNumberReadsWhatStrconvReads(t *testing.T) {
	for _, s := range []string{"", "0", "7", "007", "42", "-1", "+1", " 1", "1 ", "1_000", "0x1", "n2", "é",
		"18446744073709551615", "18446744073709551616", "18446744073709551620", "99999999999999999999", "184467440737095516150"} {
		want, err := strconv.ParseUint(s, 10, 64)
		if got, ok := ParseNumber(s); ok != (err == nil) || ok && got != want {
			t.Errorf("%q is %d, %v; strconv says %d, %v", s, got, ok, want, err)
		}
	}
}
