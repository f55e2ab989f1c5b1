package main

import (
	"encoding/binary"
	"regexp"
)

// The runtime carries what nobody can start in a page: execution traces, profiles, dumps of the scheduler, bubbles of synctest,
// comparing the types of plugins, hexadecimal floats. Go's linker keeps it, because the scheduler and the collector call it behind
// a flag (trace.enabled, debug.schedtrace, a rate that is 0) that only runtime/trace, runtime/pprof and GODEBUG set, or where there
// is more than one module. The bodies of those functions become one trap: the instruction after which
// a module stops, should they be called all the same. That is worth 26 KB of what a page loads. A function that a Go
// version calls otherwise is not named here, and keeps its body.
var dormant = regexp.MustCompile(`^runtime\.(` +
	`traceLocker\.[A-Z]|traceLocker\.(eventWriter|emitUnblockStatus|startPC)|trace(Event)?Writer\.|` +
	`__trace(Map|StringTable|RegionAlloc|StackTable|TypeTable|Buf|AdvancerState)_\.|` +
	`trace(Advance|ReadCPU|StopReadCPU|SyncBatch|Stack|BufFlush|CPUFlush|RegisterLabelsAndReasons)(\.|$)|` +
	`dump(Stacks|Types)Rec$|__profBuf_\.|schedtrace(\.|$)|gcDumpObject$|checkFinalizersAndCleanups(\.|$)|` +
	`tracebackHexdump(\.|$)|__hexdumper_\.|printcomplex(64|128)$|` +
	`typesEqual$|dumpScanStats$|printScavTrace$|__mspan_\.reportZombies$|` +
	`saveblockevent$|saveBlockEventStack$|(do|try)RecordGoroutineProfile|` +
	`__synctestBubble_\.|findGoroutineLeaks|printAncestorTraceback|print(One)?CgoTraceback)|` +
	`^internal_strconv\.(AppendComplex|fmtX|fmtB)$`)

// The sections that matter here.
const (
	customSection = 0
	importSection = 2
	codeSection   = 10
	nameOfNames   = "name"
	functionNames = 1 // a part of the section of names
	importedFunc  = 0
)

// trap is a function's body: no variables, unreachable, end.
var trap = []byte{0, 0x00, opEnd}

// section of a module: its id and what is in it.
type section struct {
	id   byte
	body []byte
}

// silence gives the module without the bodies of dormant functions, and without the sections that only debuggers read. The
// module's functions must have names: the linker writes them when it is not asked to strip them (-s).
func silence(module []byte) ([]byte, error) {
	all, err := sectionsOf(module)
	if err != nil {
		return nil, err
	}
	names, imported := map[int]string{}, 0
	for _, s := range all {
		r := &bytesReader{b: s.body}
		switch s.id {
		case importSection:
			imported = r.imports()
		case customSection:
			if string(r.bytes(r.size())) == nameOfNames {
				names = r.names()
			}
		}
		if r.bad {
			return nil, errModule
		}
	}
	out := append([]byte(nil), module[:header]...)
	for _, s := range all {
		switch s.id {
		case customSection:
			continue
		case codeSection:
			if s.body, err = withTraps(s.body, imported, names); err != nil {
				return nil, err
			}
		}
		out = append(binary.AppendUvarint(append(out, s.id), uint64(len(s.body))), s.body...)
	}
	return out, nil
}

func sectionsOf(module []byte) (all []section, err error) {
	if len(module) < header {
		return nil, errModule
	}
	for r := (&bytesReader{b: module[header:]}); len(r.b) > 0; {
		s := section{id: r.bytes(1)[0]}
		s.body = r.bytes(r.size())
		if r.bad {
			return nil, errModule
		}
		all = append(all, s)
	}
	return all, nil
}

// withTraps is a section of code in which dormant functions trap.
func withTraps(code []byte, imported int, names map[int]string) ([]byte, error) {
	r := &bytesReader{b: code}
	count := r.size()
	out := binary.AppendUvarint(nil, uint64(count))
	for i := range count {
		body := r.bytes(r.size())
		if r.bad {
			return nil, errModule
		}
		if dormant.MatchString(names[imported+i]) {
			body = trap
		}
		out = append(binary.AppendUvarint(out, uint64(len(body))), body...)
	}
	return out, nil
}

// bytesReader reads a module piece by piece. What goes beyond its end makes it bad, and reads as nothing.
type bytesReader struct {
	b   []byte
	bad bool
}

// size is how many there are of something that takes at least a byte each.
func (r *bytesReader) size() int {
	n := r.number()
	if n > len(r.b) {
		r.b, r.bad = nil, true
		return 0
	}
	return n
}

func (r *bytesReader) number() int {
	n, used := binary.Uvarint(r.b)
	if used <= 0 || n > 1<<32 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[used:]
	return int(n)
}

func (r *bytesReader) bytes(n int) []byte {
	if n > len(r.b) {
		r.b, r.bad = nil, true
		return make([]byte, 1)
	}
	taken := r.b[:n]
	r.b = r.b[n:]
	return taken
}

// imports counts imported functions. Go imports nothing else.
func (r *bytesReader) imports() int {
	count := r.size()
	for range count {
		r.bytes(r.size())
		r.bytes(r.size())
		if r.bytes(1)[0] != importedFunc {
			r.bad = true
			return 0
		}
		r.number() // its type
	}
	return count
}

// names are the functions' by number.
func (r *bytesReader) names() map[int]string {
	all := map[int]string{}
	for len(r.b) > 0 && !r.bad {
		kind := r.bytes(1)[0]
		part := &bytesReader{b: r.bytes(r.size())}
		if kind != functionNames {
			continue
		}
		for range part.size() {
			i := part.number()
			all[i] = string(part.bytes(part.size()))
		}
		r.bad = r.bad || part.bad
	}
	return all
}
