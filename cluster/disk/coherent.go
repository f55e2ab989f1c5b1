package disk

import "fmt"

// Coherent refuses a disk whose parts do not fit together, each of which may be whole by itself: something was lost or
// damaged that raft relies on. Call it before raft is made.
func (d *Drive) Coherent() error {
	gone, last := d.Log.ends()
	found, err := d.Snapshots.List()
	if err != nil {
		return fmt.Errorf("the snapshots in %s cannot be read: %w", d.dir, err)
	}
	covered := uint64(0)
	if len(found) > 0 {
		covered, last = found[0].Index, max(last, found[0].Term)
	}
	if covered < gone {
		return &Damage{snapshotDir, 0, fmt.Sprintf("the log begins behind entry %d, and no snapshot that can be read goes that far", gone)}
	}
	now, err := d.Stable.GetUint64(keyTerm)
	if err != nil {
		return err
	}
	if now < last {
		return &Damage{stableFile, 0, fmt.Sprintf("it says that the term is %d, but there are entries of term %d", now, last)}
	}
	return nil
}

// ends are the entry behind which the log begins and the term of its last one.
func (l *Log) ends() (gone, term uint64) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if n := len(l.entries); n > 0 {
		term = l.entries[n-1].Term
	}
	return l.base, term
}
