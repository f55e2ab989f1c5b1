package desk

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
)

// complained has the names of the drawers that have panicked: each is reported once, for a panel is drawn again and again.
var complained sync.Map

// broken is the panel whose drawing panicked. The program's log gets the cause and the stack, the viewer a sentence.
func broken(m Moment, words string, cause any) Panel {
	name, _, _ := strings.Cut(words, " ")
	if _, before := complained.LoadOrStore(name, true); !before {
		place := uint64(0)
		if m.State != nil {
			place = m.State.Seq
		}
		slog.Error("a panel could not be drawn", "panel", words, "event", place, "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
	}
	c := &content{body: brokenPanel()}
	return c.panel(m)
}
