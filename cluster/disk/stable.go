package disk

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/hashicorp/raft"
	"github.com/quorumlab/quorumlab/cluster/event"
	bolt "go.etcd.io/bbolt"
)

// Stable keeps term and vote: raft.StableStore on bbolt, one transaction a Set. Each value carries a checksum.
//
// Raft writes a vote in two steps, first its term, then its candidate. A crash between them would leave the new term
// with the candidate of an older vote, and raft would then grant that candidate the new term without looking at its
// log. Both are therefore written together, with the second.
//
// A term or a vote is never on disk before the entries that this node has taken into its log until then: see Log.StoreAhead.
type Stable struct {
	db  *bolt.DB
	o   Options
	log *Log // nil: alone

	mu       sync.Mutex
	voteTerm []byte // waits for its candidate
}

var (
	_ raft.StableStore = (*Stable)(nil)

	stableBucket = []byte("stable")
	keyTerm      = []byte("CurrentTerm") // the names are raft's
	keyVoteTerm  = []byte("LastVoteTerm")
	keyVoteCand  = []byte("LastVoteCand")
	castagnoli   = crc32.MakeTable(crc32.Castagnoli)
)

func openStable(o Options) (s *Stable, err error) {
	path := filepath.Join(o.Dir, stableFile)
	defer func() {
		if p := recover(); p != nil { // bbolt panics on pages it cannot make sense of
			s, err = nil, &Damage{stableFile, 0, fmt.Sprint("it cannot be opened, ", p)}
		}
	}()
	db, err := bolt.Open(path, 0o600, &bolt.Options{NoSync: !o.Sync, NoGrowSync: !o.Sync, Timeout: time.Second})
	if err != nil {
		return nil, fmt.Errorf("term and vote in %s cannot be opened: %w", path, err)
	}
	s = &Stable{db: db, o: o}
	if err := db.Update(func(tx *bolt.Tx) error { _, err := tx.CreateBucketIfNotExists(stableBucket); return err }); err != nil {
		db.Close()
		return nil, fmt.Errorf("term and vote in %s cannot be opened: %w", path, err)
	}
	if err := s.check(); err != nil {
		db.Close()
		return nil, err
	}
	o.witness.bolt(stableFile)
	return s, nil
}

// check reads every value once.
func (s *Stable) check() error {
	return s.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(stableBucket).ForEach(func(k, sealed []byte) error {
			if _, ok := unsealValue(k, sealed); !ok {
				return &Damage{stableFile, 0, fmt.Sprintf("the value of %q does not match its checksum", k)}
			}
			return nil
		})
	})
}

// Set stores a value; it is on disk when Set returns.
func (s *Stable) Set(key, value []byte) error {
	s.o.Fence.pass()
	if string(key) == string(keyVoteTerm) {
		s.holdVoteTerm(value)
		return nil
	}
	s.log.Settle()
	s.sleep()
	term := s.takeVoteTerm(key)
	if err := s.write(key, value, term); err != nil {
		s.o.Failed(fmt.Errorf("term and vote of %s could not be written: %w; free some space and restart the node", s.o.Node, err))
		s.o.Fence.Arm(event.Now)
		runtime.Goexit()
	}
	s.o.witness.bolt(stableFile)
	if term != nil {
		s.o.Tap(event.Event{Kind: event.VoteCast, Node: s.o.Node, Peer: s.o.Peer(value), Term: binary.BigEndian.Uint64(term)})
	}
	return nil
}

func (s *Stable) sleep() {
	if d := s.o.Delay(); d > 0 {
		time.Sleep(d)
		s.o.Fence.pass()
	}
}

func (s *Stable) holdVoteTerm(value []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.voteTerm = append([]byte(nil), value...)
}

// takeVoteTerm is the vote's term if key is its candidate.
func (s *Stable) takeVoteTerm(key []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if string(key) != string(keyVoteCand) {
		return nil
	}
	term := s.voteTerm
	s.voteTerm = nil
	return term
}

func (s *Stable) write(key, value, voteTerm []byte) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket(stableBucket)
		if voteTerm != nil {
			if err := b.Put(keyVoteTerm, sealValue(keyVoteTerm, voteTerm)); err != nil {
				return err
			}
		}
		return b.Put(key, sealValue(key, value))
	})
}

// Get reads a value; one that was never set is empty.
func (s *Stable) Get(key []byte) (value []byte, err error) {
	if v := s.heldVoteTerm(key); v != nil {
		return v, nil
	}
	err = s.db.View(func(tx *bolt.Tx) error {
		sealed := tx.Bucket(stableBucket).Get(key)
		if sealed == nil {
			return nil
		}
		v, ok := unsealValue(key, sealed)
		if !ok {
			return &Damage{stableFile, 0, fmt.Sprintf("the value of %q does not match its checksum", key)}
		}
		value = append(value, v...)
		return nil
	})
	return value, err
}

func (s *Stable) heldVoteTerm(key []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if string(key) != string(keyVoteTerm) {
		return nil
	}
	return s.voteTerm
}

// SetUint64 stores a number.
func (s *Stable) SetUint64(key []byte, v uint64) error {
	return s.Set(key, binary.BigEndian.AppendUint64(nil, v))
}

// GetUint64 reads a number; one that was never set is 0.
func (s *Stable) GetUint64(key []byte) (uint64, error) {
	b, err := s.Get(key)
	if err != nil || len(b) != 8 {
		return 0, err
	}
	return binary.BigEndian.Uint64(b), nil
}

// Close closes the file.
func (s *Stable) Close() error { return s.db.Close() }

// sealValue puts the checksum of key and value behind the value.
func sealValue(key, value []byte) []byte {
	return binary.BigEndian.AppendUint32(append([]byte(nil), value...), valueSum(key, value))
}

func unsealValue(key, sealed []byte) (value []byte, ok bool) {
	n := len(sealed) - 4
	if n < 0 {
		return nil, false
	}
	return sealed[:n], binary.BigEndian.Uint32(sealed[n:]) == valueSum(key, sealed[:n])
}

func valueSum(key, value []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value)
}
