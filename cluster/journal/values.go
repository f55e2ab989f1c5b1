package journal

import (
	"encoding"
	"fmt"
	"sync"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// named is an enumeration of package event.
type named[T any] interface {
	*T
	encoding.TextUnmarshaler
}

// count is how many values an enumeration has.
func count[T interface {
	~uint8
	fmt.Stringer
}, P named[T]]() (n int) {
	for x := T(0); n <= int(^T(0)); n++ {
		var again T
		if P(&again).UnmarshalText([]byte(x.String())) != nil {
			break
		}
		x++
	}
	return n
}

// values are how many values the enumerations of an event have.
type values struct{ roles, types, entries, commands, outcomes, reasons, properties, suffrages int }

var valuesOf = sync.OnceValue(func() *values {
	return &values{roles: count[event.Role](), types: count[event.MessageType](), entries: count[event.EntryType](), commands: count[event.CommandKind](),
		outcomes: count[event.Outcome](), reasons: count[event.Reason](), properties: count[event.Property](), suffrages: count[event.Suffrage]()}
})

// most bounds indexes and terms: who counts up to one of them, or adds to it, comes to an end.
const most = 1 << 53

// possible says whether events hold only values that there are. A file with right checksums may hold others, which everything that reads
// facts would have to reckon with.
func possible(events []event.Event) bool {
	v := valuesOf()
	for i := range events {
		e := &events[i]
		if int(e.Kind) >= event.Kinds || int(e.Role) >= v.roles || int(e.Type) >= v.types || int(e.Entry) >= v.entries || int(e.Command) >= v.commands ||
			int(e.Outcome) >= v.outcomes || int(e.Reason) >= v.reasons || int(e.Property) >= v.properties {
			return false
		}
		if max(e.Index, e.Term) > most {
			return false
		}
		for _, m := range e.Members {
			if int(m.Suffrage) >= v.suffrages {
				return false
			}
		}
	}
	return true
}
