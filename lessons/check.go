package lessons

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Check is a condition in CEL over Facts. It may be used from several goroutines.
type Check struct {
	expression *expression
	wakes      [event.Kinds]bool
}

// newCheck compiles a condition that can begin and cease to hold.
func newCheck(source string) (*Check, []fault) {
	x, faults := express(source, cel.BoolType)
	if len(faults) > 0 {
		return nil, faults
	}
	c := &Check{expression: x, wakes: wakesOf(x.names)}
	switch {
	case c.wakes == [event.Kinds]bool{} && x.names.variables["events"]:
		return nil, []fault{{1, `it asks for events but names no kind of event in words, such as "truncated", so it would see none`}}
	case c.wakes == [event.Kinds]bool{}:
		return nil, []fault{{1, "nothing that happens can change it, so the step could not be reached or would be done at once"}}
	}
	return c, nil
}

// Holds says whether the check is true of f. One that fails (a node that is not there) does not hold.
func (c *Check) Holds(f *Facts) bool {
	v, ok := c.expression.value(f)
	return ok && v == types.True
}

// Tells says whether the check wants events of this kind in Facts.Events: it names the kind in words.
func (c *Check) Tells(k event.Kind) bool {
	return c.expression.names.variables["events"] && c.expression.names.kinds[k]
}

// Wakes says whether an event of this kind may change what the check says.
func (c *Check) Wakes(k event.Kind) bool { return int(k) < len(c.wakes) && c.wakes[k] }

func (c *Check) String() string { return c.expression.source }
