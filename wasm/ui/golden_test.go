package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// TestGoldenScenes holds what is drawn of nine situations, written as text, against the files in testdata.
func TestGoldenScenes(t *testing.T) {
	for name, s := range map[string]*story{"election": contested(), "split-vote": splitVote(), "put": healthy(), "rollback": parted(),
		"one-way": oneWay(), "snapshot": snapshotOnItsWay(), "members": memberJoins(), "stale-read": staleRead(), "held": held()} {
		path, got := filepath.Join("testdata", "scene-"+name+".txt"), told(s)
		if os.Getenv("QUORUMLAB_GOLDEN") == "write" {
			if err := os.MkdirAll("testdata", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is drawn as\n%s\nnot as in %s", name, got, path)
		}
	}
}

var shapeWords = [...]string{Dot: "dot", Block: "block", Ballot: "ballot", Cylinder: "cylinder", Arrow: "arrow", Letter: "letter"}

// told is a scene in words: the outlines, the machines with their arcs and pips, the links that are not whole, what waits,
// what flies and falls, and the log.
func told(s *story) string {
	var out strings.Builder
	scene := Scene(&s.m)
	each(scene, func(e *Element) {
		class, _ := e.Attr("class")
		label, _ := e.Attr("aria-label")
		switch {
		case e.Tag == "li" && bears(e, "data-quorum"):
			fmt.Fprintf(&out, "outline %s\n", wordsOf(e))
		case strings.HasPrefix(class, "node "):
			fmt.Fprintf(&out, "%s: %s%s\n", class, label, arcs(e))
		case strings.HasPrefix(class, "link") && class != "link" && bears(e, "data-link"):
			fmt.Fprintf(&out, "%s: %s\n", class, label)
		case strings.HasPrefix(class, "waiting "):
			fmt.Fprintf(&out, "%s: %s\n", class, label)
		case class == "tip":
			fmt.Fprintf(&out, "tip: %s\n", wordsOf(e))
		}
	})
	for _, p := range packetsOf(&s.m) {
		fmt.Fprintf(&out, "flies: %s %s %q at %.0f,%.0f flags %d\n", PacketColours[p.colour], shapeWords[p.shape], p.label, p.x, p.y, p.flags)
	}
	each(scene, func(e *Element) {
		if !bears(e, "data-log") {
			return
		}
		id, _ := e.Attr("data-log")
		fmt.Fprintf(&out, "log %s", id)
		for _, cell := range e.Kids[1:] {
			out.WriteString(" " + cellWords(cell))
		}
		out.WriteString("\n")
	})
	return out.String()
}

func bears(e *Element, name string) bool {
	_, there := e.Attr(name)
	return there
}

// arcs are a node's election timer and its pips.
func arcs(node *Element) string {
	s := ""
	each(node, func(e *Element) {
		class, _ := e.Attr("class")
		switch {
		case strings.HasPrefix(class, "timer"):
			d, _ := e.Attr("d")
			s += " (" + class + " " + d + ")"
		case strings.HasPrefix(class, "pip "):
			s += " " + class
		}
	})
	return s
}

// cellWords is a cell: its text; hollow, solid or struck; where a term begins, a snapshot ends, a match or next index is.
func cellWords(cell *Element) string {
	class, _ := cell.Attr("class")
	term, _ := cell.Attr("data-term")
	s := "[" + wordsOf(cell)
	if bears(cell, "data-term") {
		s += " t" + term
	}
	if committed, _ := cell.Attr("data-committed"); committed == "true" {
		s += " solid"
	}
	if bears(cell, "data-doomed") {
		s += " struck"
	}
	if class != "" {
		s += " " + strings.TrimSpace(class)
	}
	for _, k := range cell.Kids {
		if c, _ := k.Attr("class"); k.Tag == "i" {
			s += " " + c
		}
	}
	return s + "]"
}

// splitVote is two candidates of one term with two votes each.
func splitVote() *story {
	s := healthy()
	s.tell(event.Event{Kind: event.Stopped, Node: 2, Reason: event.Killed})
	s.pass(2000 * ms)
	for _, pair := range [][2]event.NodeID{{1, 3}, {4, 5}} {
		candidate, voter := pair[0], pair[1]
		s.tell(event.Event{Kind: event.RoleChanged, Node: candidate, Role: event.Candidate, Term: 4}, event.Event{Kind: event.VoteCast, Node: candidate, Peer: candidate, Term: 4},
			event.Event{Kind: event.TermChanged, Node: voter, Term: 4}, event.Event{Kind: event.VoteCounted, Node: candidate, Peer: voter, Term: 4, OK: true})
	}
	s.tell(event.Event{Kind: event.VoteRefused, Node: 3, Peer: 4, Term: 4, Reason: event.AlreadyVoted}, event.Event{Kind: event.VoteCounted, Node: 4, Peer: 3, Term: 4},
		event.Event{Kind: event.TimerSet, Node: 4, From: s.at, N: int64(s.at + 1000*ms), Until: s.at + 2000*ms})
	s.send(event.Event{Node: 5, Peer: 1, Type: event.RequestVote, Term: 4, Reply: true})
	s.pass(500 * ms)
	s.do(Hovered{"node:n4"})
	s.tick(3_000_000)
	return s
}

// oneWay is a follower that can speak but hears nobody, and links that are slow and lossy.
func oneWay() *story {
	s := healthy()
	for _, id := range []event.NodeID{2, 3, 4, 5} {
		s.tell(event.Event{Kind: event.LinkSet, Node: id, Peer: 1, Link: event.Link{Cut: true}})
	}
	s.tell(event.Event{Kind: event.LinkSet, Node: 3, Peer: 4, Link: event.Link{Loss: event.One / 5}},
		event.Event{Kind: event.LinkSet, Node: 4, Peer: 5, Link: event.Link{Slow: 4 * event.One}}, event.Event{Kind: event.LinkSet, Node: 5, Peer: 4, Link: event.Link{Slow: 4 * event.One}})
	s.send(event.Event{Node: 1, Peer: 3, Type: event.RequestPreVote, Term: 4})
	lost := s.send(event.Event{Node: 3, Peer: 1, Type: event.RequestPreVote, Term: 3, Reply: true})
	s.m.State.Message(lost).Due = 0
	s.tell(event.Event{Kind: event.Dropped, Node: 3, Peer: 1, Msg: lost, Reason: event.LinkCut})
	s.tick(3_000_000)
	return s
}

// snapshotOnItsWay is a follower that lags behind what the leader's log begins with.
func snapshotOnItsWay() *story {
	s := long()
	s.send(event.Event{Node: 2, Peer: 5, Type: event.InstallSnapshot, Term: 10, Index: 290, LogTerm: 10, N: 5000, Until: s.at + 100*ms})
	s.pass(50 * ms)
	s.tick(5_200_000)
	return s
}

// memberJoins is a learner that its leader has just made a voter.
func memberJoins() *story {
	s := healthy()
	s.tell(event.Event{Kind: event.MachineAdded, Node: 6}, event.Event{Kind: event.Started, Node: 6, Term: 3})
	members := make([]event.Member, 0, 6)
	for _, id := range all5 {
		members = append(members, event.Member{ID: id, Suffrage: event.Voter})
	}
	s.tell(event.Event{Kind: event.Appended, Node: 2, Index: 11, Term: 3, Entry: event.EntryConfiguration},
		event.Event{Kind: event.MembersSet, Node: 2, Index: 11, Members: append(members, event.Member{ID: 6, Suffrage: event.Learner})},
		event.Event{Kind: event.Committed, Node: 2, Index: 11})
	s.tell(event.Event{Kind: event.Appended, Node: 2, Index: 12, Term: 3, Entry: event.EntryConfiguration},
		event.Event{Kind: event.MembersSet, Node: 2, Index: 12, Members: append(members, event.Member{ID: 6, Suffrage: event.Voter})})
	s.heard(300*ms, 6)
	s.tick(6_000_000)
	return s
}

// staleRead is the old leader of a parted room that is asked for a value.
func staleRead() *story {
	s := parted()
	s.op++
	s.tell(event.Event{Kind: event.Asked, Op: s.op, Command: event.Get, Node: 4, Text: "get c --from n4"})
	s.send(event.Event{Node: 4, Peer: 5, Type: event.ReadIndex, Term: 4})
	s.pass(20 * ms)
	s.tick(7_000_000)
	return s
}
