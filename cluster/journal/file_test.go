package journal

import (
	"bytes"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// filed is a journal's recording file.
func filed(t testing.TB, j *Journal) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := j.Write(&b, Info{Room: "amber-otter", Made: 5}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestARecordingIsWhatWasKept: also while the room goes on, with parts in every state of packing.
func TestARecordingIsWhatWasKept(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 6))
	l := live(t, small, odd(random, 1200), 7)
	if err := l.j.Mark(Mark{Seq: 1100, At: l.times[1100] + 3, Note: "look here"}); err != nil {
		t.Fatal(err)
	}
	l.j.Flush(1 << 20)
	b := filed(t, l.j)
	before := l.j.Reach()
	want, err := l.j.Events(before.First, 2000)
	if err != nil {
		t.Fatal(err)
	}
	tell(l.j, 200, 7)
	r, info, err := Read(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if info.Room != "amber-otter" || info.Epoch != 7 || info.Made != 5 || len(info.Marks) != 1 {
		t.Errorf("%+v", info)
	}
	before.Closed, before.Marked = true, 0
	if got := r.Reach(); got != before {
		t.Errorf("it reaches %+v, not %+v", got, before)
	}
	if marks := r.Marks(); !slices.Equal(marks, []Mark{{1100, l.times[1100] + 3, "look here"}}) {
		t.Errorf("%+v", marks)
	}
	r.check(t)
	same(t, r.State(), l.states[1200])
	for seq := before.First - 1; seq <= before.Head; seq += 13 {
		s, err := r.StateAt(seq)
		if err != nil {
			t.Fatal(err)
		}
		same(t, s, l.states[seq])
	}
	got, err := r.Events(0, 2000)
	if err != nil || len(got) != int(before.Head-before.First)+1 || !slices.EqualFunc(got, want, func(a, b event.Event) bool { return a.Seq == b.Seq && a.Kind == b.Kind && a.Wall == b.Wall }) {
		t.Errorf("%d events, %v", len(got), err)
	}
	s, v := r.Subscribe(0, 0), &viewer{t: t}
	if err := v.drain(s); err != ErrClosed {
		t.Error(err)
	}
	same(t, v.state, l.states[1200])
	if again := filed(t, r); !bytes.Equal(again[100:len(again)-200], b[100:len(again)-200]) {
		t.Error("a recording that was read is written otherwise")
	}
}

// TestACutOffRecordingIsPlayedUpToThere, wherever it is cut off.
func TestACutOffRecordingIsPlayedUpToThere(t *testing.T) {
	l := live(t, small/4, stories(250), 7)
	whole := filed(t, l.j)
	most := uint64(0)
	for n := range whole {
		j, _, err := Read(bytes.NewReader(whole[:n]))
		var torn *Torn
		switch {
		case err == nil:
			t.Fatalf("cut off at byte %d it is taken for whole", n)
		case !errors.As(err, &torn):
			if j != nil || !strings.Contains(err.Error(), "this is not a recording") && !strings.Contains(err.Error(), "copy it again") {
				t.Fatalf("cut off at byte %d: %v", n, err)
			}
		default:
			if torn.Byte != int64(n) || torn.Last < most || !strings.Contains(err.Error(), "copy the file again") {
				t.Fatalf("cut off at byte %d: %v", n, err)
			}
			if torn.Last > most {
				most = torn.Last
				j.check(t)
				same(t, j.State(), l.states[most])
			}
		}
	}
	if most != 250 {
		t.Errorf("without its index it goes up to %d", most)
	}
}

// TestADamagedRecordingIsRefused, whichever byte is wrong.
func TestADamagedRecordingIsRefused(t *testing.T) {
	whole := filed(t, live(t, small, stories(300), 7).j)
	for i := range whole {
		b := slices.Clone(whole)
		b[i] ^= 0x40
		j, _, err := Read(bytes.NewReader(b))
		var torn *Torn // a length that is too long now
		if err == nil || j != nil && !errors.As(err, &torn) || len(err.Error()) < 40 {
			t.Fatalf("byte %d of %d is wrong: %v", i, len(whole), err)
		}
	}
}

func TestFilesThatAreNoneAreRefusedInWords(t *testing.T) {
	whole := filed(t, live(t, small, stories(50), 7).j)
	newer := slices.Clone(whole)
	newer[len(fileMagic)] = fileVersion + 1
	other := New(Options{})
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"empty":           {nil, "not a recording"},
		"a picture":       {[]byte("\x89PNG\r\n\x1a\n and so on"), "not a recording"},
		"newer":           {newer, "version 3 of the format, and this program reads version 2 at most: use a newer quorumlab"},
		"more at its end": {append(slices.Clone(whole), 0), "something follows"},
		"of nothing":      {filed(t, other), "nothing in this recording"},
		"a long block":    {append([]byte(fileMagic+"\x01I"), 0xff, 0xff, 0xff, 0x7f), "at byte 9 (a block is too long)"},
	} {
		if j, _, err := Read(bytes.NewReader(c.file)); j != nil || err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestValuesThatThereAreNotAreDamage: everything that reads facts relies on them, and checksums say nothing about who wrote a file.
func TestValuesThatThereAreNotAreDamage(t *testing.T) {
	for name, spoil := range map[string]func(*event.Event){
		"outcome": func(e *event.Event) { e.Outcome = 169 }, "role": func(e *event.Event) { e.Role = event.Leader + 1 }, "type": func(e *event.Event) { e.Type = 99 },
		"reason": func(e *event.Event) { e.Reason = event.RoomClosed + 1 }, "entry": func(e *event.Event) { e.Entry = 200 }, "command": func(e *event.Event) { e.Command = 255 },
		"property": func(e *event.Event) { e.Property = event.Property(event.Properties) }, "index": func(e *event.Event) { e.Index = 1 << 60 }, "term": func(e *event.Event) { e.Term = most + 1 }, "suffrage": func(e *event.Event) { e.Members = []event.Member{{ID: 1, Suffrage: 9}} },
	} {
		events := stories(40)
		spoil(&events[20])
		l := live(t, 8*small, events, 4)
		j, _, err := Read(bytes.NewReader(filed(t, l.j)))
		var damaged *Damaged
		if !errors.As(err, &damaged) || j != nil || damaged.What != impossible {
			t.Errorf("%s: %v", name, err)
		}
	}
	l := live(t, 8*small, []event.Event{{Kind: event.Answered, Outcome: event.Unknown, Role: event.Leader, Type: event.ReadIndex, Reason: event.RoomClosed, Entry: event.EntryBarrier,
		Property: event.Property(event.Properties) - 1, Command: event.CommandKind(event.Commands) - 1, Members: []event.Member{{ID: 1, Suffrage: event.Voter}}}}, 1)
	if _, _, err := Read(bytes.NewReader(filed(t, l.j))); err != nil {
		t.Error(err)
	}
}

// FuzzRead reads anything: it must end in a sentence or in a journal that can be looked at.
func FuzzRead(f *testing.F) {
	j := newJournal(small)
	tell(j, 300, 7)
	f.Add(filed(f, j))
	for _, history := range []int64{small, 1 << 20} { // of chunks and pieces, and of pieces alone
		grown, p := newJournal(history), &paper{}
		for s := grown.NewScroll(p, Info{}, 1<<20); s.Last() < 100; {
			tell(grown, 10, 5)
			if err := s.Extend(); err != nil {
				f.Fatal(err)
			}
		}
		f.Add(p.b)
	}
	f.Add([]byte(fileMagic + "\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, _, err := Read(bytes.NewReader(mend(b)))
		if r == nil {
			if err == nil {
				t.Fatal("neither a journal nor a sentence")
			}
			return
		}
		reach := r.Reach()
		_, _ = r.StateAt(reach.First - 1)
		_, _ = r.StateAt(reach.Head)
		_, _ = r.SeqAt(reach.FirstAt + (reach.HeadAt-reach.FirstAt)/2)
		_, _ = r.Before(reach.Head, Search{Kinds: AllKinds})
		r.Oldest()
		for c := r.Walk(0); ; {
			if e, err := c.Next(); e == nil || err != nil {
				break
			}
		}
	})
}

// mend makes the checksums of a file right, so that what is behind them is tried too.
func mend(b []byte) []byte {
	b = slices.Clone(b)
	for at := len(fileMagic) + 1; at+9 <= len(b); {
		size := int(uint32(b[at+1]) | uint32(b[at+2])<<8 | uint32(b[at+3])<<16 | uint32(b[at+4])<<24)
		if size > len(b)-at-9 {
			break
		}
		sum := checksum(b[at : at+5+size])
		for i := range 4 {
			b[at+5+size+i] = byte(sum >> (8 * i))
		}
		at += 9 + size
	}
	return b
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }
