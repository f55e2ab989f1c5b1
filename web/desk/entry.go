package desk

import (
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/tale"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// entrySight is an entry as its panel shows it.
type entrySight struct {
	Moment
	id   event.NodeID // on whose row somebody asked for it
	life tale.Life
}

// drawEntry draws "entry n3 12".
func drawEntry(m Moment, words []string) *content {
	if len(words) != 2 || m.Journal == nil {
		return nil
	}
	id, err := event.ParseNodeID(words[0])
	index, ok := event.ParseNumber(words[1])
	n := m.State.Node(id)
	if err != nil || !ok || n == nil {
		return nil
	}
	entry := m.entry(n, index)
	if entry == nil {
		return nil
	}
	s := entrySight{Moment: m, id: id, life: m.life(*entry)}
	var marks []string
	for i := range s.life.Stays {
		if s.life.Stays[i].Has() {
			marks = append(marks, s.life.Stays[i].Node.String(), entryMark(s.life.Stays[i].Node, index))
		}
	}
	return &content{body: entryPanel(s), marks: strings.Join(append(marks, "log"), " ")}
}

// entry is what a machine has at an index; what it has only in its snapshot, as another machine still has it.
func (m Moment) entry(n *view.Node, index uint64) *view.Entry {
	if e := n.Entry(index); e != nil || index > n.Commit {
		return e
	}
	for i := range m.State.Nodes {
		if o := &m.State.Nodes[i]; index <= o.Commit && o.Entry(index) != nil {
			return o.Entry(index)
		}
	}
	return nil
}

// kind says what sort of entry it is.
func (s entrySight) kind() string {
	w := s.Words
	switch s.life.Entry.Type {
	case event.EntryNoop:
		return w.Say("A new leader's first entry, which is empty: with it the leader commits what came before.")
	case event.EntryConfiguration:
		return w.Say("A configuration: who belongs to the cluster from this entry on.")
	case event.EntryBarrier:
		return w.Say("A barrier: a leader waits until everything before it is applied.")
	case event.EntryCommand, event.EntryNone:
	}
	return w.Say("A request to the store, {0}.", w.Bytes(s.life.Entry.Bytes))
}

// summary says how far the entry has come.
func (s entrySight) summary() string {
	w, l := s.Words, &s.life
	n, has := s.State.Node(s.id), false
	for i := range l.Stays {
		has = has || l.Stays[i].Has()
	}
	switch {
	case l.Agreed != nil && l.Born != nil && len(l.Held) > 0:
		return w.Say("Committed {0} after it was first written, when {1} held it. {2} knew that first.", w.Duration(int64(l.Agreed.At-l.Born.At)), w.List(names(l.Held)), l.Agreed.Node.String())
	case l.Settled() || s.committed():
		return w.Say("Committed. When that was is longer ago than was looked.")
	case !has:
		return w.Say("It was cut off every log that had it: it is gone.")
	case l.Rival != 0:
		return w.Say("It can never be committed: entry {0} of term {1} is, in its place. It is cut off as soon as a leader that has that one gets through to {2}.", number(l.Index), number(l.Rival), s.id.String())
	case n != nil && s.State.Doomed(n, l.Index):
		return w.Say("Not committed: the newest leader's log has something else at this place, and overwrites it on {0} as soon as it gets through.", s.id.String())
	case s.voters() == 0:
		return w.Say("Not committed as far as any machine knows; who may vote is not known yet.")
	}
	return w.Say("Not committed as far as any machine knows: {0} of {1} voters hold it, {2} are needed.", number(uint64(s.holders())), number(uint64(s.voters())), number(uint64(s.voters()/2+1)))
}

// committed says whether any machine that has the entry knows it to be committed.
func (s entrySight) committed() bool {
	for i := range s.State.Nodes {
		n := &s.State.Nodes[i]
		if e := n.Entry(s.life.Index); e != nil && e.Term == s.life.Term && n.Commit >= s.life.Index {
			return true
		}
	}
	return false
}

func (s entrySight) voters() (n int) {
	for _, x := range s.State.InUse() {
		if x.Suffrage == event.Voter {
			n++
		}
	}
	return n
}

// holders are the voters that have the entry.
func (s entrySight) holders() (n int) {
	for _, x := range s.State.InUse() {
		for i := range s.life.Stays {
			if stay := &s.life.Stays[i]; stay.Node == x.ID && x.Suffrage == event.Voter && stay.Has() {
				n++
			}
		}
	}
	return n
}

// cell is what happened to the entry on a machine, and when.
type cell struct {
	seq  uint64 // 0: nothing to look at
	text string
}

// cells are a machine's row: on disk, acknowledged, committed, applied.
func (s entrySight) cells(t *tale.Stay) []cell {
	w := s.Words
	disk := s.cell(t.Wrote)
	switch {
	case t.Snapshot != nil:
		disk = cell{t.Snapshot.Seq, w.Say("in a snapshot, {0}", s.since(t.Snapshot))}
	case t.Before:
		disk = cell{0, w.Say("before")}
	}
	known := s.cell(t.Matched)
	if s.life.Born != nil && s.life.Born.Node == t.Node && t.Matched == nil {
		known.text = w.Say("itself")
	}
	return []cell{disk, known, s.cell(t.Committed), s.cell(t.Applied)}
}

func (s entrySight) cell(e *event.Event) cell {
	if e == nil {
		return cell{0, "–"}
	}
	return cell{e.Seq, s.since(e)}
}

// since is how long after the entry was born something happened; ago, where its birth is not known.
func (s entrySight) since(e *event.Event) string {
	if s.life.Born == nil {
		return s.ago(e.At)
	}
	return "+" + s.Words.Duration(int64(e.At-s.life.Born.At))
}

// notes are what else happened to the entry.
func (s entrySight) notes() (all []drop) {
	w := s.Words
	for i := range s.life.Stays {
		t, n := &s.life.Stays[i], s.life.Stays[i].Node.String()
		switch {
		case t.Cut != nil && t.Cut.Kind == event.Wiped:
			all = append(all, drop{number(t.Cut.Seq), s.since(t.Cut), w.Say("{0}'s disk was wiped, and the entry with it.", n)})
		case t.Cut != nil && t.Cut.Kind == event.SnapshotInstalled:
			all = append(all, drop{number(t.Cut.Seq), s.since(t.Cut), w.Say("{0} installed a snapshot in its place, which does not have it.", n)})
		case t.Cut != nil && t.Replaced != nil:
			all = append(all, drop{number(t.Cut.Seq), s.since(t.Cut), w.Say("{0} cut it off, because the leader's log differs; at its place it wrote an entry of term {1}: {2}.", n, number(t.Replaced.Term), t.Replaced.Text)})
		case t.Cut != nil:
			all = append(all, drop{number(t.Cut.Seq), s.since(t.Cut), w.Say("{0} cut it off, because the leader's log differs.", n)})
		case t.Compacted != nil:
			all = append(all, drop{number(t.Compacted.Seq), s.since(t.Compacted), w.Say("{0} dropped it from its log: its snapshot has it.", n)})
		}
	}
	return all
}

// unsure says of whom nobody knows whether they have it; "" if there is nobody.
func (s entrySight) unsure() string {
	if len(s.life.Unsure) == 0 {
		return ""
	}
	return s.Words.Say("Snapshots of these reach over its place, and the facts that were looked at do not tell whether it is in them: {0}.", s.Words.List(names(s.life.Unsure)))
}

// born says who wrote it first, and when.
func (s entrySight) born() string {
	w, b := s.Words, s.life.Born
	if b == nil {
		return w.Say("It was written before what was looked at, {0} ago or longer.", w.Duration(int64(s.State.At-s.life.FromAt)))
	}
	return w.Say("{0} wrote it first, as leader of term {1}, {2} ago.", b.Node.String(), number(s.life.Term), w.Duration(int64(s.State.At-b.At)))
}
