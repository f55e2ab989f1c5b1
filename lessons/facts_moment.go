package lessons

import (
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

var momentSchema = describe(Moment{}, map[string]func(*view.State) ref.Val{
	"node":     func(s *view.State) ref.Val { return ring{s} },
	"nodes":    nodesOf,
	"leader":   leaderOf,
	"leaders":  leadersOf,
	"members":  membersOf,
	"commit":   commitOf,
	"revision": revisionOf,
	"term":     termOf,
	"now":      nowOf,
	"rate":     rateOf,
})

// schemas are all kinds of things that expressions know.
var schemas = []*schema{nodeSchema, entrySchema, progressSchema, groupSchema, wireSchema, messageSchema, memberSchema, opSchema, eventSchema, momentSchema}

// known tells an expression what it asks for: a variable is made when it is first looked at.
type known struct {
	facts *Facts
	made  []binding
}

type binding struct {
	name  string
	value ref.Val
}

// Parent is nil: nobody knows more.
func (k *known) Parent() interpreter.Activation { return nil }

// ResolveName gives a variable.
func (k *known) ResolveName(name string) (any, bool) {
	for i := range k.made {
		if k.made[i].name == name {
			return k.made[i].value, true
		}
	}
	tell := told[name]
	if tell == nil {
		return nil, false
	}
	v := tell(k.facts)
	k.made = append(k.made, binding{name, v})
	return v, true
}

// told are the variables.
var told = map[string]func(*Facts) ref.Val{
	"node":     func(f *Facts) ref.Val { return ring{f.Now} },
	"nodes":    func(f *Facts) ref.Val { return nodesOf(f.Now) },
	"leader":   func(f *Facts) ref.Val { return leaderOf(f.Now) },
	"leaders":  func(f *Facts) ref.Val { return leadersOf(f.Now) },
	"groups":   func(f *Facts) ref.Val { return groupsOf(f.Now) },
	"links":    func(f *Facts) ref.Val { return linksOf(f.Now) },
	"messages": func(f *Facts) ref.Val { return messagesOf(f.Now) },
	"members":  func(f *Facts) ref.Val { return membersOf(f.Now) },
	"ops":      func(f *Facts) ref.Val { return opsOf(f, f.Since) },
	"history":  func(f *Facts) ref.Val { return opsOf(f, f.Start) },
	"events":   func(f *Facts) ref.Val { return eventsOf(f.Events) },
	"commit":   func(f *Facts) ref.Val { return commitOf(f.Now) },
	"revision": func(f *Facts) ref.Val { return revisionOf(f.Now) },
	"term":     func(f *Facts) ref.Val { return termOf(f.Now) },
	"voters":   func(f *Facts) ref.Val { return whole(votersOf(f.Now)) },
	"quorum":   func(f *Facts) ref.Val { return whole(votersOf(f.Now)/2 + 1) },
	"now":      func(f *Facts) ref.Val { return nowOf(f.Now) },
	"rate":     func(f *Facts) ref.Val { return rateOf(f.Now) },
	"lit":      func(f *Facts) ref.Val { return types.Bool(allLit(f.Now)) },
	"since":    func(f *Facts) ref.Val { return momentValue(f.Since) },
	"start":    func(f *Facts) ref.Val { return momentValue(f.Start) },
}

func momentValue(s *view.State) ref.Val {
	if s == nil {
		s = &view.State{}
	}
	return &thing[*view.State]{momentSchema, s}
}

func nowOf(s *view.State) ref.Val  { return millis(s.At) }
func rateOf(s *view.State) ref.Val { return ratio(s.Rate) }

func allLit(s *view.State) bool {
	for _, lamp := range s.Safety {
		if !lamp.Holds {
			return false
		}
	}
	return true
}

// commitOf is the newest entry that any node knows to be committed.
func commitOf(s *view.State) ref.Val {
	var newest uint64
	for i := range s.Nodes {
		newest = max(newest, s.Nodes[i].Commit)
	}
	return whole(newest)
}

func revisionOf(s *view.State) ref.Val {
	var newest int64
	for i := range s.Nodes {
		newest = max(newest, s.Nodes[i].Revision)
	}
	return whole(newest)
}

func termOf(s *view.State) ref.Val {
	var newest uint64
	for i := range s.Nodes {
		newest = max(newest, s.Nodes[i].Term)
	}
	return whole(newest)
}

func votersOf(s *view.State) (n int) {
	for _, m := range s.Members {
		if m.Suffrage == event.Voter {
			n++
		}
	}
	return n
}
