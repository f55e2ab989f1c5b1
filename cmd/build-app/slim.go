package main

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// Go's linker writes a module that compresses badly: memory's first contents in forty thousand segments, each with a
// header of its own, and with every function the tables that translate a place in the code into file and line. A
// quarter of what a page would load goes away when the segments are joined and those tables left out. A panic in the
// browser's console then names functions, and ? for the line.

// errLayout says that this Go version has other tables. The app works as the linker wrote it, only larger.
var errLayout = errors.New("the line tables of this Go version are laid out in another way than slim.go knows")

// gap is the shortest run of zeros, in bytes, that is worth a new segment.
const gap = 64

// slim returns the module with the same code, but for what never runs, and fewer bytes to load.
func slim(module []byte) ([]byte, error) {
	module, err := silence(module)
	if err != nil {
		return nil, err
	}
	from, to, segments, err := dataOf(module)
	if err != nil {
		return nil, err
	}
	memory, err := laidOut(segments)
	if err != nil {
		return nil, err
	}
	if err := dropLines(memory); err != nil {
		return nil, err
	}
	return withData(module, from, to, apart(memory)), nil
}

// laidOut is the memory that the segments describe.
func laidOut(segments []segment) ([]byte, error) {
	const most = 64 << 20
	var end int64
	for _, s := range segments {
		end = max(end, s.at+int64(len(s.bytes)))
		if s.at < 0 || end > most {
			return nil, errModule
		}
	}
	memory := make([]byte, end)
	for _, s := range segments {
		copy(memory[s.at:], s.bytes)
	}
	return memory, nil
}

// apart cuts memory into segments at long runs of zeros: memory is zero where nothing is written.
func apart(memory []byte) []segment {
	var all []segment
	for at := 0; at < len(memory); {
		for at < len(memory) && memory[at] == 0 {
			at++
		}
		if at == len(memory) {
			break
		}
		end := len(memory)
		if n := bytes.Index(memory[at:], make([]byte, gap)); n >= 0 {
			end = at + n
		}
		all, at = append(all, segment{int64(at), memory[at:end]}), end
	}
	return all
}

// The beginning of Go's table of functions on wasm (runtime.pcHeader, since Go 1.20): magic number, two zeros, the
// smallest instruction, the size of a pointer; then eight words: functions, files, text, and the offsets of names,
// compilation units, files, pc tables, and functions.
var tableMagic = []byte{0xF1, 0xFF, 0xFF, 0xFF, 0, 0, 1, 8}

// A function's record (runtime._func): offsets of its fields in bytes.
const (
	funcStack    = 16 // pcsp, always needed
	funcFile     = 20 // pcfile
	funcLine     = 24 // pcln
	funcTables   = 28 // how many further tables
	funcUnit     = 32 // cuOffset, where its files are named
	funcStart    = 36 // startLine
	funcOwn      = 44 // their offsets
	wordsOfTable = 8
)

// table is Go's table of functions, in memory.
type table struct {
	memory    []byte
	functions int
	pcs       []byte // the pc tables, one after another
	index     int    // in memory: for each function its code and its record, both as offsets
}

// dropLines clears the file and line tables of every function, and what else only they need. A function whose table is at offset 0 has none
// (runtime.pcvalue), which the runtime shows as "?".
func dropLines(memory []byte) error {
	t, err := tableIn(memory)
	if err != nil {
		return err
	}
	needed := make([]bool, len(t.pcs))
	for i := range t.functions {
		f, err := t.record(i)
		if err != nil {
			return err
		}
		clear(f[funcFile : funcLine+4])
		clear(f[funcUnit : funcStart+4])
		tables := [][]byte{f[funcStack:]}
		for n := range int(binary.LittleEndian.Uint32(f[funcTables:])) {
			tables = append(tables, f[funcOwn+4*n:])
		}
		for _, offset := range tables {
			if err := t.need(needed, int(binary.LittleEndian.Uint32(offset))); err != nil {
				return err
			}
		}
	}
	for i, yes := range needed {
		if !yes {
			t.pcs[i] = 0
		}
	}
	return nil
}

func tableIn(memory []byte) (table, error) {
	at := bytes.Index(memory, tableMagic)
	if at < 0 || at+8+8*wordsOfTable > len(memory) || bytes.Contains(memory[at+1:], tableMagic) {
		return table{}, errLayout
	}
	var words [wordsOfTable]int
	for i := range words {
		words[i] = int(binary.LittleEndian.Uint64(memory[at+8+8*i:]))
	}
	functions, pcs, records := words[0], words[6], words[7]
	if functions < 1 || functions > 1<<20 || pcs < 72 || records < pcs || at+records+8*functions > len(memory) {
		return table{}, errLayout
	}
	return table{memory, functions, memory[at+pcs : at+records], at + records}, nil
}

// record is a function's record and what follows it.
func (t *table) record(i int) ([]byte, error) {
	at := t.index + int(binary.LittleEndian.Uint32(t.memory[t.index+8*i+4:]))
	if at+funcOwn > len(t.memory) {
		return nil, errLayout
	}
	f := t.memory[at:]
	if n := int(binary.LittleEndian.Uint32(f[funcTables:])); n > 16 || at+funcOwn+4*n > len(t.memory) {
		return nil, errLayout
	}
	return f, nil
}

// need marks one pc table: pairs of varints, value and pc, until a value of 0 that is not the first.
func (t *table) need(needed []bool, from int) error {
	if from == 0 {
		return nil
	}
	for at, first := from, true; ; first = false {
		if at >= len(t.pcs) {
			return errLayout
		}
		value, n := binary.Uvarint(t.pcs[at:])
		if n <= 0 {
			return errLayout
		}
		if at += n; value != 0 || first {
			_, n := binary.Uvarint(t.pcs[at:])
			if n <= 0 {
				return errLayout
			}
			at += n
			continue
		}
		for i := from; i < at; i++ {
			needed[i] = true
		}
		return nil
	}
}
