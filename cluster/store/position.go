package store

import (
	"encoding/binary"
	"sync"

	"go.etcd.io/etcd/server/v3/etcdserver/cindex"
	"go.etcd.io/etcd/server/v3/storage/backend"
	"go.etcd.io/etcd/server/v3/storage/schema"
)

// position is how far the store has come: the consistent index, up to which all entries are applied, and how many requests
// of the entry behind it are, if that is a joined one. Both are written with every transaction of the file, and a
// request's writes are in one transaction; so wherever a crash falls, each request is applied once.
type position struct {
	index cindex.ConsistentIndexer

	mu      sync.Mutex
	part    part   // of the entry being applied, that counts as applied with the next commit
	request uint64 // being applied
	of      uint64 // requests of that entry; 0: none is being applied
	resume  part   // what the file said when it was opened
	saved   bool   // the file has a part

	synced func() // Options.Synced
}

// part of an entry: so many of its requests, from the first on.
type part struct{ index, term, done uint64 }

// partKey is where the part lies, beside etcd's consistent index: its three numbers, big-endian.
var partKey = []byte("quorumlab_part")

const partBytes = 24

// load reads the part from a file that was just opened, whose index counts from now on.
func (p *position) load(tx backend.ReadTx) {
	index := p.index.ConsistentIndex()
	tx.RLock()
	_, values := tx.UnsafeRange(schema.Meta, partKey, nil, 0)
	found := part{}
	if len(values) == 1 && len(values[0]) == partBytes {
		found = decodePart(values[0])
	}
	tx.RUnlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.part, p.of, p.resume, p.saved = part{}, 0, part{}, len(values) > 0
	if found.index > index {
		p.resume = found
	}
}

// begin starts an entry of so many requests, and gives how many of them are applied already.
func (p *position) begin(index, term uint64, requests int) (done int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.part, p.of = part{index: index, term: term}, uint64(requests)
	if p.resume.index == index && p.resume.term == term {
		p.part.done = min(p.resume.done, p.of)
	}
	p.resume, p.request = part{}, p.part.done
	return int(p.part.done)
}

// write is called in every transaction that a request writes to, once it has the lock: what is committed from now on
// holds the request.
func (p *position) write() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.apply(p.request + 1)
}

// next says that a request is applied, written or not.
func (p *position) next() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.request++
	p.apply(p.request)
}

func (p *position) apply(done uint64) {
	if p.of == 0 || done <= p.part.done {
		return
	}
	p.part.done = done
	if done >= p.of {
		p.index.SetConsistentIndex(p.part.index, p.part.term)
		p.of = 0
	}
}

// pass says that an entry is applied that wrote nothing, or does no harm if it is applied again.
func (p *position) pass(index, term uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.index.SetConsistentIndex(index, term)
}

// OnPreCommitUnsafe writes the position into the transaction that is about to be committed.
func (p *position) OnPreCommitUnsafe(tx backend.UnsafeReadWriter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.synced != nil {
		p.synced()
	}
	p.index.UnsafeSave(tx)
	switch {
	case p.resume != part{}: // the file has it, and it counts
	case p.of > 0 && p.part.done > 0:
		tx.UnsafePut(schema.Meta, partKey, encodePart(p.part))
		p.saved = true
	case p.saved:
		tx.UnsafeDelete(schema.Meta, partKey)
		p.saved = false
	}
}

func encodePart(p part) []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, partBytes), p.index)
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, p.term), p.done)
}

func decodePart(b []byte) part {
	return part{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:])}
}

// applyingIndex has etcd name a token after the entry that makes it, which is not applied yet: who sees the token waits
// for it.
type applyingIndex struct {
	cindex.ConsistentIndexer
	s *Store
}

func (i applyingIndex) ConsistentIndex() uint64 { return i.s.lastIndex.Load() }
