package tale

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// propertyNames as the paper calls them (Figure 3).
var propertyNames = [event.Properties]string{
	event.ElectionSafety: words.Of("Election Safety"), event.LeaderAppendOnly: words.Of("Leader Append-Only"), event.LogMatching: words.Of("Log Matching"),
	event.LeaderCompleteness: words.Of("Leader Completeness"), event.StateMachineSafety: words.Of("State Machine Safety"),
	event.Linearizable: words.Of("Linearizability"),
}

// PropertyName is what the paper calls a safety property, in English; "" if it has no name.
func PropertyName(p event.Property) string {
	if int(p) < len(propertyNames) {
		return propertyNames[p]
	}
	return ""
}

// Clock is a place in virtual time: "61.500 s".
func Clock(at event.Micros) string { return strconv.FormatFloat(float64(at)/1e6, 'f', 3, 64) + " s" }

func count(n int) string { return strconv.Itoa(n) }

// nodes are machines in a row: "n1, n2 and n3".
func nodes(l *words.Language, ids []event.NodeID) string {
	if len(ids) == 0 {
		return l.Say("nobody")
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id.String()
	}
	return l.List(names)
}

func (q *inquiry) list(ids []event.NodeID) string { return nodes(q.Language, ids) }

func (q *inquiry) span(d event.Micros) string {
	if d == 0 {
		return q.Say("{0} ms", "0")
	}
	return q.Duration(int64(d))
}

func (q *inquiry) ratio(f event.Factor) string { return q.Decimal(int64(f), int64(event.One), 2) }
