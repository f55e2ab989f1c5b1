package lessons

import "github.com/quorumlab/quorumlab/cluster/event"

// Check is a condition in CEL over Facts.
type Check struct{}

// Holds says whether the check is true of f. One that fails (a node that is not there) does not hold.
func (c *Check) Holds(f *Facts) bool { panic("to come") }

// Tells says whether the check wants events of this kind in Facts.Events: it names the kind in words.
func (c *Check) Tells(k event.Kind) bool { panic("to come") }

// Wakes says whether an event of this kind may change what the check says.
func (c *Check) Wakes(k event.Kind) bool { panic("to come") }

func (c *Check) String() string { panic("to come") }
