package view_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/check"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// update writes the golden narratives anew: go tool task golden.
var update = os.Getenv("QUORUMLAB_GOLDEN") == "write"

// narrator tells made-up events and writes them down, one a line, with pictures of the folded state between.
type narrator struct {
	state   view.State
	monitor *check.Monitor
	msg     uint64
	at      event.Micros
	out     strings.Builder
}

// room is n running nodes that follow a leader n1 of term 2, with its first entry everywhere.
func room(n event.NodeID) *narrator {
	r := &narrator{monitor: check.NewMonitor()}
	var members []event.Member
	for id := event.NodeID(1); id <= n; id++ {
		members = append(members, event.Member{ID: id, Suffrage: event.Voter})
	}
	for _, m := range members {
		r.tell(event.Event{Kind: event.MachineAdded, Node: m.ID},
			event.Event{Kind: event.Started, Node: m.ID, Term: 1},
			event.Event{Kind: event.Appended, Node: m.ID, Index: 1, Term: 1, Entry: event.EntryConfiguration},
			event.Event{Kind: event.MembersSet, Node: m.ID, Index: 1, Members: members})
	}
	r.election(1, 2, members)
	r.out.Reset()
	r.picture("a room of " + strconv.Itoa(int(n)))
	return r
}

func (r *narrator) tell(events ...event.Event) {
	for _, e := range events {
		e.Seq, e.At = r.state.Seq+1, r.at
		r.state.Apply(e)
		fmt.Fprintln(&r.out, strings.TrimRight(check.Line(e), " "))
		for _, broken := range r.monitor.Fold(e) {
			r.tell(broken)
		}
	}
}

func (r *narrator) pass(d event.Micros) { r.at += d }

// say heads a part of the story.
func (r *narrator) say(what string) { fmt.Fprintf(&r.out, "\n%s\n", what) }

// election makes id leader of a term with the votes of all others in members.
func (r *narrator) election(id event.NodeID, term uint64, members []event.Member) {
	r.tell(event.Event{Kind: event.RoleChanged, Node: id, Role: event.Candidate, Term: term}, event.Event{Kind: event.VoteCast, Node: id, Peer: id, Term: term})
	for _, m := range members {
		if m.ID == id {
			continue
		}
		r.tell(event.Event{Kind: event.RoleChanged, Node: m.ID, Role: event.Follower, Term: term},
			event.Event{Kind: event.VoteCast, Node: m.ID, Peer: id, Term: term},
			event.Event{Kind: event.VoteCounted, Node: id, Peer: m.ID, Term: term, OK: true})
	}
	r.tell(event.Event{Kind: event.RoleChanged, Node: id, Role: event.Leader, Term: term})
	r.appends(id, term, event.EntryNoop, 0, "no-op")
	for _, m := range members {
		if m.ID != id {
			r.replicate(id, m.ID)
		}
	}
	r.commit(id)
}

func (r *narrator) appends(id event.NodeID, term uint64, kind event.EntryType, op uint64, label string) {
	r.tell(event.Event{Kind: event.Appended, Node: id, Index: r.state.Node(id).Last + 1, Term: term, Entry: kind, Op: op, Text: label})
}

// replicate brings the leader's last entry to a follower and the answer back; what contradicts it is cut off.
func (r *narrator) replicate(leader, to event.NodeID) {
	r.request(leader, to)
	r.store(leader, to)
}

func (r *narrator) request(leader, to event.NodeID) {
	l := r.state.Node(leader)
	e := l.Log.At(l.Log.Len() - 1)
	r.msg++
	r.tell(event.Event{Kind: event.Sent, Msg: r.msg, Type: event.AppendEntries, Node: leader, Peer: to, Term: l.Term, Index: e.Index - 1, Commit: l.Commit,
		N: 1, From: event.Micros(e.Term), Op: e.Op, Text: e.Label, Until: r.at + 2000})
}

func (r *narrator) store(leader, to event.NodeID) {
	l := r.state.Node(leader)
	e, term, request := *l.Log.At(l.Log.Len() - 1), l.Term, r.msg
	r.pass(2000)
	r.tell(event.Event{Kind: event.Delivered, Msg: request, Node: leader, Peer: to})
	if f := r.state.Node(to); f.Last >= e.Index {
		r.tell(event.Event{Kind: event.Truncated, Node: to, Index: e.Index})
	}
	r.appends(to, e.Term, e.Type, e.Op, e.Label)
	r.msg++
	r.tell(event.Event{Kind: event.Sent, Msg: r.msg, Type: event.AppendEntries, Reply: true, OK: true, Node: to, Peer: leader, Term: term, Index: e.Index, Until: r.at + 2000})
	r.pass(2000)
	r.tell(event.Event{Kind: event.Delivered, Msg: r.msg, Node: to, Peer: leader},
		event.Event{Kind: event.MatchSet, Node: leader, Peer: to, Index: e.Index, N: int64(e.Index) + 1})
}

func (r *narrator) commit(ids ...event.NodeID) {
	for _, id := range ids {
		n := r.state.Node(id)
		e := n.Log.At(n.Log.Len() - 1)
		r.tell(event.Event{Kind: event.Committed, Node: id, Index: e.Index})
		if e.Type == event.EntryCommand {
			r.tell(event.Event{Kind: event.Applied, Node: id, Index: e.Index, Op: e.Op, Rev: int64(e.Index)})
		}
	}
}

// picture draws the log grid: a cell is the entry's term and ● committed, ○ not yet, ✕ doomed.
func (r *narrator) picture(title string) {
	fmt.Fprintf(&r.out, "\n── %s\n", title)
	for i := range r.state.Nodes {
		n := &r.state.Nodes[i]
		role := n.Role.String()
		if !n.Up {
			role = n.Down.String()
		}
		fmt.Fprintf(&r.out, "   %v %-9s term %d, vote %v in %d │", n.ID, role, n.Term, n.Vote, n.VoteTerm)
		for i := range n.Log.Len() {
			e := n.Log.At(i)
			mark := "○"
			switch {
			case e.Index <= n.Commit:
				mark = "●"
			case r.state.Doomed(n, e.Index):
				mark = "✕"
			}
			fmt.Fprintf(&r.out, " %d%s", e.Term, mark)
		}
		if r.state.StaleLeader(n) {
			r.out.WriteString("  (leads no longer, and does not know)")
		}
		r.out.WriteString("\n")
	}
	for _, g := range r.state.Groups() {
		fmt.Fprintf(&r.out, "   %v: %d of %d voters, quorum %v\n", g.Nodes, g.Voters, g.Total, g.Quorum)
	}
	for _, m := range r.state.Messages {
		fmt.Fprintf(&r.out, "   in flight: %d %v %v→%v %q\n", m.ID, m.Type, m.From, m.To, m.Text)
	}
	for _, op := range r.state.Ops {
		fmt.Fprintf(&r.out, "   op %d %q: %v%s\n", op.ID, op.Text, op.Outcome, because(op.Error))
	}
	r.out.WriteString("\n")
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ", " + why
}

// golden compares the narrative with the one on file.
func (r *narrator) golden(t *testing.T, name string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	got := strings.TrimLeft(r.out.String(), "\n")
	if update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: write it with go tool task golden", err)
	}
	if got != string(want) {
		t.Errorf("the story changed: read the diff that go tool task golden makes\n%s", firstDifference(got, string(want)))
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d\n got %s\nwant %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines instead of %d", len(g), len(w))
}

// TestGoldenPut follows one put to all three nodes.
func TestGoldenPut(t *testing.T) {
	r := room(3)
	r.tell(event.Event{Kind: event.Asked, Op: 1, Command: event.Put, Node: 1, Key: "x", Text: "put x 1"})
	r.appends(1, 2, event.EntryCommand, 1, "put x 1")
	r.request(1, 2)
	r.picture("on its way to n2")
	r.store(1, 2)
	r.commit(1)
	r.tell(event.Event{Kind: event.Answered, Op: 1, Command: event.Put, Node: 1, Peer: 1, Outcome: event.OK, Rev: 3, Index: 3, Term: 2, Nodes: []event.NodeID{1, 2}, Took: 4000})
	r.picture("a majority has it")
	r.replicate(1, 3)
	r.commit(2, 3)
	r.picture("everybody has it")
	r.golden(t, "put")
}

// TestGoldenCrashedLeader follows an entry that only the leader had when it died.
func TestGoldenCrashedLeader(t *testing.T) {
	r := room(3)
	r.say("n1 takes a put to its disk and dies.")
	r.tell(event.Event{Kind: event.Asked, Op: 1, Command: event.Put, Node: 1, Key: "x", Text: "put x 1"})
	r.appends(1, 2, event.EntryCommand, 1, "put x 1")
	r.tell(event.Event{Kind: event.Stopped, Node: 1, Reason: event.KilledAfterFsync},
		event.Event{Kind: event.Answered, Op: 1, Command: event.Put, Node: 1, Outcome: event.Unknown, Text: "n1 died before it answered"})
	r.say("n3 is elected.")
	r.election(3, 3, []event.Member{{ID: 2}, {ID: 3}})
	r.say("n1 comes back.")
	r.tell(event.Event{Kind: event.Started, Node: 1, Term: 2, Index: 3})
	r.picture("what n1 had alone is doomed")
	r.replicate(3, 1)
	r.commit(1)
	r.picture("and gone")
	r.golden(t, "crashed-leader")
}

// TestGoldenPartition follows two leaders.
func TestGoldenPartition(t *testing.T) {
	r := room(5)
	r.say("n1 and n2 are cut off from the others.")
	for _, a := range []event.NodeID{1, 2} {
		for _, b := range []event.NodeID{3, 4, 5} {
			r.tell(event.Event{Kind: event.LinkSet, Node: a, Peer: b, Link: event.Link{Cut: true}}, event.Event{Kind: event.LinkSet, Node: b, Peer: a, Link: event.Link{Cut: true}})
		}
	}
	r.say("The minority takes a put.")
	r.tell(event.Event{Kind: event.Asked, Op: 1, Command: event.Put, Node: 1, Key: "x", Text: "put x 1"})
	r.appends(1, 2, event.EntryCommand, 1, "put x 1")
	r.replicate(1, 2)
	r.say("The majority elects n4.")
	r.election(4, 3, []event.Member{{ID: 3}, {ID: 4}, {ID: 5}})
	r.picture("two leaders")
	r.tell(event.Event{Kind: event.Answered, Op: 1, Command: event.Put, Node: 1, Outcome: event.Unknown, Text: "no majority answered in time"})
	r.say("The links are whole again.")
	for _, a := range []event.NodeID{1, 2} {
		for _, b := range []event.NodeID{3, 4, 5} {
			r.tell(event.Event{Kind: event.LinkSet, Node: a, Peer: b}, event.Event{Kind: event.LinkSet, Node: b, Peer: a})
		}
		r.tell(event.Event{Kind: event.RoleChanged, Node: a, Role: event.Follower, Term: 3})
		r.replicate(4, a)
	}
	r.picture("one history")
	r.golden(t, "partition")
}

// TestGoldenForgetfulVoter is what a wiped voter does to a committed entry: the lamp goes out.
func TestGoldenForgetfulVoter(t *testing.T) {
	r := room(3)
	r.say("A put is committed on n1 and n2. n3 does not hear of it.")
	r.appends(1, 2, event.EntryCommand, 1, "put x 1")
	r.replicate(1, 2)
	r.commit(1, 2)
	r.say("n1 dies. n2's disk is replaced by an empty one.")
	r.tell(event.Event{Kind: event.Stopped, Node: 1, Reason: event.Killed}, event.Event{Kind: event.Stopped, Node: 2, Reason: event.Killed},
		event.Event{Kind: event.Wiped, Node: 2}, event.Event{Kind: event.Started, Node: 2})
	r.picture("n2 knows nothing")
	r.say("n3 is elected by n2, which does not remember what it has acknowledged.")
	r.tell(event.Event{Kind: event.VoteCast, Node: 2, Peer: 3, Term: 3}, event.Event{Kind: event.RoleChanged, Node: 3, Role: event.Leader, Term: 3})
	r.picture("the put is lost")
	if r.state.Safety[event.LeaderCompleteness-event.ElectionSafety].Holds {
		t.Error("leader completeness still holds")
	}
	r.golden(t, "forgetful-voter")
}
