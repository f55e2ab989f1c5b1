package lessons

import (
	"cel.dev/cel-go/interpreter"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// known tells an expression what it asks for: a variable is made when it is first looked at, and of the nodes only the
// fields that the expression names.
type known struct {
	facts *Facts
	names *names
	made  map[string]any
}

func (k *known) Parent() interpreter.Activation { return nil }

func (k *known) ResolveName(name string) (any, bool) {
	if v, ok := k.made[name]; ok {
		return v, true
	}
	if !k.names.variables[name] {
		return nil, false
	}
	v := k.make(name)
	if k.made == nil {
		k.made = make(map[string]any, 2)
	}
	k.made[name] = v
	return v, v != nil
}

func (k *known) make(name string) any {
	s := k.facts.Now
	switch name {
	case "node":
		return nodesByName(s, k.names)
	case "nodes":
		return nodesOf(s, k.names, func(*view.Node) bool { return true })
	case "leader":
		return leaderOf(s, k.names)
	case "leaders":
		return nodesOf(s, k.names, leads)
	case "groups":
		return groupsOf(s)
	case "links":
		return linksOf(s)
	case "messages":
		return messagesOf(s)
	case "members":
		return membersOf(s)
	case "ops":
		return opsOf(k.facts, k.facts.Since)
	case "history":
		return opsOf(k.facts, k.facts.Start)
	case "events":
		return eventsOf(k.facts.Events)
	case "since":
		return atMoment(k.facts.Since, k.names)
	case "start":
		return atMoment(k.facts.Start, k.names)
	}
	return numberOf(s, name)
}

func numberOf(s *view.State, name string) any {
	switch name {
	case "commit":
		return commitOf(s)
	case "revision":
		return revisionOf(s)
	case "term":
		return termOf(s)
	case "voters":
		return votersOf(s)
	case "quorum":
		return votersOf(s)/2 + 1
	case "now":
		return millis(s.At)
	case "rate":
		return s.Rate.Float()
	case "lit":
		return lit(s)
	}
	return nil
}

func leads(n *view.Node) bool { return n.Up && n.Role == event.Leader }

func lit(s *view.State) bool {
	for _, lamp := range s.Safety {
		if !lamp.Holds {
			return false
		}
	}
	return true
}

// commitOf is the newest entry that any node knows to be committed.
func commitOf(s *view.State) (newest int64) {
	for i := range s.Nodes {
		newest = max(newest, int64(s.Nodes[i].Commit))
	}
	return newest
}

func revisionOf(s *view.State) (newest int64) {
	for i := range s.Nodes {
		newest = max(newest, s.Nodes[i].Revision)
	}
	return newest
}

func termOf(s *view.State) (newest int64) {
	for i := range s.Nodes {
		newest = max(newest, int64(s.Nodes[i].Term))
	}
	return newest
}

func votersOf(s *view.State) (n int64) {
	for _, m := range s.Members {
		if m.Suffrage == event.Voter {
			n++
		}
	}
	return n
}

// millis rounds up: what took any time at all did not take none.
func millis(d event.Micros) int64 { return int64(d+999) / 1000 }
