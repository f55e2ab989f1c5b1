package disk

import (
	"errors"
	"fmt"

	"github.com/hashicorp/raft"
)

// Alone makes what a stopped node's disk holds a cluster of that node alone: it appends a configuration with it as the
// only member to the log. All entries that the log has are kept, and will be committed, whether they had been or not;
// etcd's force-new-cluster does the same. The other members must never be started again. The address counts where the
// disk knows no other.
func Alone(o Options, id raft.ServerID, address raft.ServerAddress) error {
	d, err := Open(o)
	if err != nil {
		return err
	}
	return errors.Join(d.makeAlone(raft.Server{ID: id, Address: address}), d.Close())
}

func (d *Drive) makeAlone(self raft.Server) error {
	last, term, c, err := d.latest()
	if err != nil {
		return err
	}
	if last == 0 {
		return fmt.Errorf("%s holds no entries and no snapshot, so there is nothing to make a cluster of; start this member as the first one of a new cluster", d.dir)
	}
	for _, s := range c.Servers {
		if s.ID == self.ID {
			self.Address = s.Address
		}
	}
	if len(c.Servers) == 1 && c.Servers[0] == self {
		return nil
	}
	now, err := d.Stable.GetUint64(keyTerm)
	if err != nil {
		return err
	}
	alone := raft.EncodeConfiguration(raft.Configuration{Servers: []raft.Server{self}})
	return d.Log.StoreLog(&raft.Log{Index: last + 1, Term: max(term, now), Type: raft.LogConfiguration, Data: alone})
}

// latest is the last entry that the disk holds, and the newest configuration.
func (d *Drive) latest() (index, term uint64, c raft.Configuration, err error) {
	shots, err := d.Snapshots.List()
	if err != nil {
		return 0, 0, c, err
	}
	configured := uint64(0)
	if len(shots) > 0 {
		index, term, c, configured = shots[0].Index, shots[0].Term, shots[0].Configuration, shots[0].ConfigurationIndex
	}
	first, err := d.Log.FirstIndex()
	if err != nil {
		return 0, 0, c, err
	}
	last, err := d.Log.LastIndex()
	if err != nil {
		return 0, 0, c, err
	}
	for i := first; i != 0 && i <= last; i++ {
		var l raft.Log
		if err := d.Log.GetLog(i, &l); err != nil {
			return 0, 0, c, err
		}
		if l.Type == raft.LogConfiguration && i > configured {
			c = raft.DecodeConfiguration(l.Data)
		}
		if i > index {
			index, term = i, l.Term
		}
	}
	return index, term, c, nil
}
