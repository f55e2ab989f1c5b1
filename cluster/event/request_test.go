package event

import (
	"bytes"
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
		{Type: FrameOrder, Command: Command{ID: 5, Kind: Partition, Groups: [][]NodeID{{1, 2}, {3}}}},
	} {
		if got, want := AppendRequest(nil, &f), AppendFrame(nil, &f); !bytes.Equal(got, want) {
			t.Errorf("%+v\n got %x\nwant %x", f, got, want)
		}
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
