package check

import (
	"fmt"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Line gives e as one line for golden narratives and failing tests: time in virtual milliseconds, kind, who,
// then the fields that are set.
func Line(e event.Event) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%4d %9.3f %s", e.Seq, float64(e.At)/1000, e.Kind)
	if e.Node != 0 {
		fmt.Fprintf(&s, " %v", e.Node)
	}
	if e.Peer != 0 {
		fmt.Fprintf(&s, "→%v", e.Peer)
	}
	word(&s, e.Type != 0, " %v", e.Type)
	word(&s, e.Reply, " reply")
	word(&s, e.Role != 0, " %v", e.Role)
	word(&s, e.Command != 0, " %v", e.Command)
	word(&s, e.Outcome != 0, " %v", e.Outcome)
	word(&s, e.Reason != 0, " %v", e.Reason)
	word(&s, e.Property != 0, " %v", e.Property)
	word(&s, e.Entry != 0, " %v", e.Entry)
	word(&s, e.OK, " yes")
	for _, field := range []struct {
		name  string
		value int64
	}{
		{"msg", int64(e.Msg)}, {"term", int64(e.Term)}, {"index", int64(e.Index)}, {"log-term", int64(e.LogTerm)}, {"commit", int64(e.Commit)},
		{"op", int64(e.Op)}, {"rev", e.Rev}, {"n", e.N}, {"from", int64(e.From)}, {"until", int64(e.Until)}, {"took", int64(e.Took)},
	} {
		word(&s, field.value != 0, " "+field.name+"=%d", field.value)
	}
	word(&s, e.Factor != 0, " ×%v", e.Factor.Float())
	word(&s, e.Link != event.Link{}, " %+v", e.Link)
	word(&s, len(e.Nodes) > 0, " %v", e.Nodes)
	for _, m := range e.Members {
		fmt.Fprintf(&s, " %v:%v", m.ID, m.Suffrage)
	}
	word(&s, e.Key != "", " key=%q", e.Key)
	word(&s, e.Text != "", " %q", e.Text)
	return s.String()
}

func word(s *strings.Builder, set bool, format string, values ...any) {
	if set {
		fmt.Fprintf(s, format, values...)
	}
}
