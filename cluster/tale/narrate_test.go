package tale_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/tale"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// stories are what is recorded and told.
var stories = []struct {
	name  string
	nodes int
	act   func(l *lab)
}{
	{"killed-leader", 3, func(l *lab) {
		l.ok(put("x", "1"))
		l.ok(on(2, put("x", "2")))
		l.ok(order(event.Kill, 1))
		l.otherLeads()
		for i := range 40 {
			l.ok(put("key", num(uint64(i))))
		}
		l.ok(event.Command{Kind: event.Get, Key: "key"})
		l.ok(order(event.Restart, 1))
		l.Advance(2 * second)
	}},
	{"rollback", 5, func(l *lab) {
		l.ok(put("pizza", "1"))
		l.ok(split(ids{1, 2}, ids{3, 4, 5}))
		lost := l.Begin(on(1, event.Command{Kind: event.Put, Key: "pizza", Value: "2", Timeout: 2 * second}))
		l.otherLeads()
		l.end(lost)
		l.ok(put("pizza", "3"))
		l.do(on(2, event.Command{Kind: event.Get, Key: "pizza", Timeout: second}))
		l.Advance(4 * second)
		l.ok(event.Command{Kind: event.Heal})
		l.until("one log", func(s *view.State) bool { return equalLogs(s) })
		l.Advance(second)
	}},
	{"one-way", 3, func(l *lab) {
		l.ok(event.Command{Kind: event.PreVote})
		l.ok(pair(event.Cut, 1, 3, true))
		l.Advance(5 * second)
		l.ok(event.Command{Kind: event.PreVote, On: true})
		l.Advance(5 * second)
		l.ok(event.Command{Kind: event.Heal})
		l.Advance(2 * second)
	}},
	{"snapshot-and-members", 3, func(l *lab) {
		l.ok(split(ids{1, 2}, ids{3}))
		for i := range 6 {
			l.ok(put("k", num(uint64(i))))
		}
		l.ok(order(event.Snapshot, 1))
		l.ok(event.Command{Kind: event.Heal})
		l.until("n3 has the snapshot", func(s *view.State) bool { return s.Node(3).SnapshotIndex > 0 })
		l.ok(order(event.MemberAdd, 0))
		l.ok(order(event.MemberPromote, 4))
		l.ok(order(event.Transfer, 4))
		l.Advance(second)
	}},
	{"faults", 3, func(l *lab) {
		l.ok(order(event.Suspend, 2))
		l.Advance(second)
		l.ok(order(event.Resume, 2))
		l.ok(event.Command{Kind: event.Disk, Node: 3, Took: 50 * ms})
		l.ok(event.Command{Kind: event.Drift, Node: 3, Factor: event.One / 2})
		l.ok(event.Command{Kind: event.SetLink, Node: 1, Peer: 2, Link: event.Link{Loss: event.One / 5}})
		l.Advance(5 * second)
		l.ok(event.Command{Kind: event.Hold})
		l.Advance(3 * second)
		l.ok(event.Command{Kind: event.Release})
		l.ok(order(event.Kill, 2))
		l.ok(order(event.Kill, 3))
		l.do(event.Command{Kind: event.Put, Key: "x", Value: "1", Timeout: 3 * second})
		l.do(order(event.MemberRemove, 2))
		l.ok(event.Command{Kind: event.Corrupt, Node: 3})
		l.do(order(event.Restart, 3))
		l.Advance(second)
	}},
}

func equalLogs(s *view.State) bool {
	for i := range s.Nodes {
		if s.Nodes[i].Last != s.Nodes[0].Last || s.Nodes[i].Commit != s.Nodes[0].Commit {
			return false
		}
	}
	return true
}

// TestGoldenStories tells recordings of real rooms. go tool task golden records them anew.
func TestGoldenStories(t *testing.T) {
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			path := filepath.Join("testdata", s.name)
			if os.Getenv("QUORUMLAB_GOLDEN") == "write" {
				l := openLab(t, s.nodes)
				s.act(l)
				keep(t, path+".gz", l.Journal())
			}
			var b strings.Builder
			if err := tale.Narrate(&b, nil, kept(t, path+".gz")); err != nil {
				t.Fatal(err)
			}
			if os.Getenv("QUORUMLAB_GOLDEN") == "write" {
				if err := os.WriteFile(path+".txt", []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("told:\n%s\nwanted:\n%s", b.String(), want)
			}
		})
	}
}

// TestStoriesAreBounded: a thousand requests between two faults are a handful of lines, and heartbeats none.
func TestStoriesAreBounded(t *testing.T) {
	l := openLab(t, 3)
	for i := range 200 {
		l.ok(put("k", num(uint64(i))))
	}
	l.Advance(20 * second)
	lines := 0
	for line, err := range tale.Story(nil, l.Journal()) {
		if err != nil {
			t.Fatal(err)
		}
		if line.Seq == 0 || line.Text == "" {
			t.Errorf("%+v", line)
		}
		lines++
	}
	if lines > 20 {
		t.Errorf("%d lines for 200 puts and twenty quiet seconds", lines)
	}
}

func TestAnEmptyRecordingHasNoStory(t *testing.T) {
	var b strings.Builder
	if err := tale.Narrate(&b, nil, journal.New(journal.Options{})); err != nil || b.String() != "" {
		t.Errorf("%q, %v", b.String(), err)
	}
}

// keep writes a journal's events to a file.
func keep(t *testing.T, path string, j *journal.Journal) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for from := uint64(1); ; {
		events, err := j.Events(from, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) == 0 {
			break
		}
		for i := range events {
			events[i].Wall = 0
		}
		frame := event.AppendFrame(nil, &event.Frame{Type: event.FrameEvents, Seq: from, Events: events})
		if err := binary.Write(z, binary.BigEndian, uint32(len(frame))); err != nil {
			t.Fatal(err)
		}
		if _, err := z.Write(frame); err != nil {
			t.Fatal(err)
		}
		from += uint64(len(events))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// kept reads what keep wrote into a journal.
func kept(t *testing.T, path string) *journal.Journal {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	j := journal.New(journal.Options{Wall: func() event.Micros { return 0 }})
	for {
		var size uint32
		if err := binary.Read(z, binary.BigEndian, &size); err == io.EOF {
			return j
		} else if err != nil {
			t.Fatal(err)
		}
		frame := make([]byte, size)
		if _, err := io.ReadFull(z, frame); err != nil {
			t.Fatal(err)
		}
		f, err := event.DecodeFrame(frame)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range f.Events {
			j.Append(e)
		}
		j.Flush(f.Events[len(f.Events)-1].At)
	}
}
