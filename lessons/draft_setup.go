package lessons

import (
	"fmt"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/wasm/ui"
)

// maxDraftKeys is how many keys a draft restores; the other lines of the set-up need room too.
const maxDraftKeys = 24

// setup are the lines that make a room as it was. What is done to machines and links comes last: the rest needs them whole.
func (d *drafting) setup() []string {
	s := &d.story.start
	lines := append(membership(s), leading(s)...)
	lines = append(lines, d.keys()...)
	lines = append(lines, disks(s)...)
	lines = append(lines, network(s)...)
	lines = append(lines, downs(s)...)
	if s.Rate == 0 && len(s.Nodes) > 0 {
		lines = append(lines, "freeze")
	}
	if len(lines) > MaxLines {
		lines = lines[:MaxLines]
	}
	return lines
}

// membership takes out machines that are not there, and adds those with higher numbers.
func membership(s *view.State) (lines []string) {
	first := event.NodeID(firstNodes(s))
	for id := event.NodeID(1); id <= first; id++ {
		switch {
		case len(s.Nodes) == 0:
		case s.Node(id) == nil:
			lines = append(lines, "member remove "+id.String())
		case suffrage(s, id) == event.Learner:
			lines = append(lines, "member demote "+id.String())
		}
	}
	for id := first + 1; id <= lastNode(s); id++ {
		lines = append(lines, "member add")
		switch {
		case s.Node(id) == nil:
			lines = append(lines, "member remove "+id.String())
		case suffrage(s, id) == event.Voter:
			lines = append(lines, "member promote "+id.String())
		}
	}
	return lines
}

func suffrage(s *view.State, id event.NodeID) event.Suffrage {
	for _, m := range s.Members {
		if m.ID == id {
			return m.Suffrage
		}
	}
	return event.Voter
}

// leading makes the same node lead.
func leading(s *view.State) []string {
	l := s.Leader()
	if l == nil {
		return nil
	}
	return lead(l.ID)
}

// lead has a node stand for election, unless it leads, and waits until it leads.
func lead(id event.NodeID) []string {
	return []string{"elect " + id.String(), fmt.Sprintf("until leader.id == %q", id)}
}

// keys puts what the store held, and waits until everybody has it.
func (d *drafting) keys() (lines []string) {
	rev := newestRevision(&d.story.start)
	if rev <= 1 || d.past.Do == nil {
		return nil
	}
	r := d.past.Do(askAll(rev))
	if d.broken = r.Outcome != event.OK; d.broken {
		return nil
	}
	d.unkept = max(0, int(r.Count)-len(r.KVs))
	for _, kv := range r.KVs {
		line, ok := putLine(kv)
		if !ok || len(lines) >= maxDraftKeys {
			d.unkept++
			continue
		}
		lines = append(lines, line)
	}
	if len(lines) > 0 {
		lines = append(lines, "until nodes.all(n, n.commit == leader.last)")
	}
	return lines
}

// askAll asks for what the store held at a revision, as far as a draft has room for it.
func askAll(rev int64) event.Command {
	return event.Command{Kind: event.Get, Prefix: true, Rev: rev, Limit: maxDraftKeys, Serializable: true}
}

func newestRevision(s *view.State) (rev int64) {
	for i := range s.Nodes {
		rev = max(rev, s.Nodes[i].Revision)
	}
	return rev
}

// putLine is the line that puts a key; there is none for what a line cannot hold.
func putLine(kv event.KeyValue) (string, bool) {
	line := "put " + typed(kv.Key) + " " + typed(kv.Value)
	c, wrong := ui.Parse(line)
	return line, writable(line) && wrong == nil && c.Key == kv.Key && c.Value == kv.Value
}

// typed is a text as one word of a console line.
func typed(s string) string {
	if s != "" && s[0] != '-' && !strings.ContainsAny(s, " \t\r\n;|'\"\\&") {
		return s
	}
	return `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(s) + `"`
}

// disks makes clocks and disks as slow as they were.
func disks(s *view.State) (lines []string) {
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.Fsync != 0 {
			lines = append(lines, fmt.Sprintf("disk %v %s", n.ID, milliseconds(n.Fsync)))
		}
		if n.Drift != 0 && n.Drift != event.One {
			lines = append(lines, fmt.Sprintf("drift %v %s", n.ID, decimal(n.Drift.Float())))
		}
	}
	return lines
}

func milliseconds(d event.Micros) string { return decimal(float64(d)/1000) + "ms" }

// downs stop and suspend machines that did not run. If nobody could lead after that, it waits until nobody does.
func downs(s *view.State) (lines []string) {
	for i := range s.Nodes {
		switch n := &s.Nodes[i]; {
		case !n.Up:
			lines = append(lines, "kill "+n.ID.String())
		case n.Suspended:
			lines = append(lines, "suspend "+n.ID.String())
		}
	}
	for _, g := range s.Groups() {
		if g.Quorum {
			return lines
		}
	}
	if s.Leader() == nil && len(s.Nodes) > 0 {
		lines = append(lines, `until leader.id == ""`)
	}
	return lines
}

// network makes links as they were: walls between groups as one partition, the others one by one.
func network(s *view.State) (lines []string) {
	walls := partition(s)
	if walls != "" {
		lines = append(lines, walls)
	}
	for i := range s.Links {
		l := &s.Links[i]
		if l.From > l.To {
			continue // told with its other direction
		}
		back := s.Link(l.To, l.From)
		if back == nil || walls != "" && l.Link == (event.Link{Cut: true}) {
			continue
		}
		if l.Link == back.Link {
			lines = append(lines, wireLines(l, "")...)
			continue
		}
		lines = append(lines, wireLines(l, " --one-way")...)
		lines = append(lines, wireLines(back, " --one-way")...)
	}
	return lines
}

// wireLines are the lines that make a link as it is.
func wireLines(l *view.Link, way string) (lines []string) {
	ends := fmt.Sprintf("%v %v", l.From, l.To)
	flags := ""
	for _, f := range []struct {
		name, value string
		set         bool
	}{
		{"delay", milliseconds(l.Delay), l.Delay != 0}, {"jitter", milliseconds(l.Jitter), l.Jitter != 0},
		{"loss", decimal(l.Loss.Float()), l.Loss != 0}, {"duplicate", decimal(l.Duplicate.Float()), l.Duplicate != 0},
		{"slow", decimal(l.Slow.Float()), l.Slow != 0},
	} {
		if f.set {
			flags += " --" + f.name + " " + f.value
		}
	}
	if flags != "" {
		lines = append(lines, "link "+ends+flags+way)
	}
	if l.Cut {
		lines = append(lines, "cut "+ends+way)
	}
	if l.Hold {
		lines = append(lines, "hold "+ends+way)
	}
	return lines
}

// partition is the line that makes all walls at once, if they are between groups and nothing else is the matter.
func partition(s *view.State) string {
	side := map[event.NodeID]int{}
	var groups []string
	for i := range s.Nodes {
		id := s.Nodes[i].ID
		if side[id] != 0 {
			continue
		}
		groups = append(groups, "")
		for k := range s.Nodes {
			other := s.Nodes[k].ID
			if l := s.Link(id, other); other == id || l != nil && !l.Cut && side[other] == 0 {
				side[other] = len(groups)
				groups[len(groups)-1] += " " + other.String()
			}
		}
	}
	for i := range s.Links {
		if l := &s.Links[i]; l.Cut != (side[l.From] != side[l.To]) {
			return ""
		}
	}
	if len(groups) < 2 {
		return ""
	}
	return "partition" + strings.Join(groups, " |")
}
