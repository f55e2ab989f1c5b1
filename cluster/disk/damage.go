package disk

import "fmt"

// Damage says that a file does not hold what was written to it. The node must not start: what it would believe about its
// log, term or data might be false, and Raft is safe only for machines that crash, not for machines that lie.
type Damage struct {
	File   string // below the node's directory
	Offset int64  // of the first byte known to be wrong, or of the record or block that it is in
	What   string // what was found there
}

// Error is one sentence with file, byte and what can be done.
func (d *Damage) Error() string {
	return fmt.Sprintf("%s is damaged at byte %d: %s; wipe this node and let it join again as a new member, or put the file back from a copy", d.File, d.Offset, d.What)
}
