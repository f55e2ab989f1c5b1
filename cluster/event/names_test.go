package event

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

// text is what all names can do.
type text interface {
	MarshalText() ([]byte, error)
	String() string
}

// TestNamesGoThereAndBack: each value has a name of its own, in small letters, and is read back from it.
func TestNamesGoThereAndBack(t *testing.T) {
	there(t, "Kind", Kinds, func(i int) text { return Kind(i) }, func(b []byte) (int, error) { var v Kind; err := v.UnmarshalText(b); return int(v), err })
	there(t, "CommandKind", Commands, func(i int) text { return CommandKind(i) }, func(b []byte) (int, error) { var v CommandKind; err := v.UnmarshalText(b); return int(v), err })
	there(t, "KillPoint", int(AfterFsync)+1, func(i int) text { return KillPoint(i) }, func(b []byte) (int, error) { var v KillPoint; err := v.UnmarshalText(b); return int(v), err })
	there(t, "Role", int(Leader)+1, func(i int) text { return Role(i) }, func(b []byte) (int, error) { var v Role; err := v.UnmarshalText(b); return int(v), err })
	there(t, "MessageType", int(ReadIndex)+1, func(i int) text { return MessageType(i) }, func(b []byte) (int, error) { var v MessageType; err := v.UnmarshalText(b); return int(v), err })
	there(t, "EntryType", int(EntryBarrier)+1, func(i int) text { return EntryType(i) }, func(b []byte) (int, error) { var v EntryType; err := v.UnmarshalText(b); return int(v), err })
	there(t, "Reason", int(RoomClosed)+1, func(i int) text { return Reason(i) }, func(b []byte) (int, error) { var v Reason; err := v.UnmarshalText(b); return int(v), err })
	there(t, "Outcome", int(Unknown)+1, func(i int) text { return Outcome(i) }, func(b []byte) (int, error) { var v Outcome; err := v.UnmarshalText(b); return int(v), err })
	there(t, "Property", Properties, func(i int) text { return Property(i) }, func(b []byte) (int, error) { var v Property; err := v.UnmarshalText(b); return int(v), err })
	there(t, "Suffrage", int(Learner)+1, func(i int) text { return Suffrage(i) }, func(b []byte) (int, error) { var v Suffrage; err := v.UnmarshalText(b); return int(v), err })
}

func there(t *testing.T, what string, n int, value func(int) text, back func([]byte) (int, error)) {
	t.Helper()
	seen := make(map[string]bool)
	for i := range n {
		b, err := value(i).MarshalText()
		name := string(b)
		if err != nil || name != value(i).String() || name == "" || seen[name] || name != strings.ToLower(name) || strings.HasPrefix(name, "unknown-") {
			t.Errorf("%s %d has the name %q, %v", what, i, name, err)
		}
		seen[name] = true
		if got, err := back(b); err != nil || got != i {
			t.Errorf("%s %q is read as %d, %v", what, name, got, err)
		}
	}
	if name := value(n).String(); !strings.HasPrefix(name, "unknown-") {
		t.Errorf("%s %d, one after the last, has the name %q: raise the number in this test", what, n, name)
	}
	if _, err := back([]byte(strings.Repeat("no such name ", 100))); err == nil || !strings.Contains(err.Error(), "is not a known") || len(err.Error()) > 200 {
		t.Errorf("%s: nonsense is read, or refused with %v", what, err)
	}
}

func TestParseNodeID(t *testing.T) {
	for s, want := range map[string]NodeID{"": 0, "n1": 1, "n9": 9, "n65535": math.MaxUint16} {
		if got, err := ParseNodeID(s); err != nil || got != want || got.String() != s {
			t.Errorf("%q is read as %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"n", "n0", "n01", "n+1", "n-1", "1", "N1", "n1 ", " n1", "n65536", "nn", "n1.5", strings.Repeat("n", 1000)} {
		if got, err := ParseNodeID(s); err == nil || !strings.Contains(err.Error(), "is not a node") || len(err.Error()) > 200 {
			t.Errorf("%q is read as %v, %v", s, got, err)
		}
	}
}

func TestFactorIsANumberInJSON(t *testing.T) {
	for s, want := range map[string]Factor{"0.25": 250_000, "1": One, "20": 20 * One, "0": 0, "-0.5": -500_000, "1e-6": 1, "1e6": 1_000_000 * One} {
		var got Factor
		if err := json.Unmarshal([]byte(s), &got); err != nil || got != want {
			t.Errorf("%s is read as %d, %v", s, got, err)
		}
		b, err := json.Marshal(want)
		var again Factor
		if err != nil || json.Unmarshal(b, &again) != nil || again != want {
			t.Errorf("%d is written as %s, %v", want, b, err)
		}
	}
	for _, s := range []string{`"1"`, "NaN", "1e7", "-1e7", "true", "[]"} {
		var got Factor
		if err := json.Unmarshal([]byte(s), &got); err == nil {
			t.Errorf("%s is read as %d", s, got)
		}
	}
}

// TestEventInJSON pins the form that docs/api.md promises: nodes as n1, names as words, nothing that is unset.
func TestEventInJSON(t *testing.T) {
	b, err := json.Marshal(Event{Seq: 3, At: 5, Wall: 6, Kind: RoleChanged, Node: 2, Role: Leader, Term: 4})
	const want = `{"seq":3,"at":5,"wall":6,"kind":"role-changed","node":"n2","role":"leader","term":4}`
	if err != nil || string(b) != want {
		t.Errorf("%s, %v", b, err)
	}
	var got Event
	if err := json.Unmarshal([]byte(want), &got); err != nil || got.Role != Leader || got.Node != 2 || got.Kind != RoleChanged {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestCommandInJSON(t *testing.T) {
	const in = `{"kind":"partition","groups":[["n1","n2"],["n3"]],"one_way":true,"link":{"delay":5,"loss":0.5},"at":"after-fsync"}`
	var c Command
	if err := json.Unmarshal([]byte(in), &c); err != nil {
		t.Fatal(err)
	}
	if c.Kind != Partition || len(c.Groups) != 2 || c.Groups[0][1] != 2 || !c.OneWay || c.Link.Loss != One/2 || c.At != AfterFsync {
		t.Errorf("%+v", c)
	}
}
