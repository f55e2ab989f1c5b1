package main

import (
	"bytes"
	"testing"
)

// functionsOf are the bodies of a module's functions.
func functionsOf(t *testing.T, module []byte) (bodies [][]byte) {
	t.Helper()
	all, err := sectionsOf(module)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.id == codeSection {
			r := &bytesReader{b: s.body}
			for range r.size() {
				bodies = append(bodies, r.bytes(r.size()))
			}
			if r.bad || len(r.b) > 0 {
				t.Fatal("the section of code cannot be read")
			}
		}
	}
	return bodies
}

// What nobody can start in a page is a trap; everything else has its code.
func TestDormantFunctionsTrap(t *testing.T) {
	module := linked(t)
	silent, err := silence(module)
	if err != nil {
		t.Fatal(err)
	}
	all, err := sectionsOf(module)
	if err != nil {
		t.Fatal(err)
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
	}
	before, after := functionsOf(t, module), functionsOf(t, silent)
	if len(before) != len(after) || len(names) < len(before) {
		t.Fatalf("%d functions became %d; %d have names", len(before), len(after), len(names))
	}
	trapped, saved := 0, 0
	for i := range before {
		name := names[imported+i]
		switch {
		case dormant.MatchString(name):
			trapped++
			saved += len(before[i]) - len(after[i])
			if !bytes.Equal(after[i], trap) {
				t.Errorf("%s has kept its code", name)
			}
		case !bytes.Equal(before[i], after[i]):
			t.Errorf("%s has lost its code", name)
		}
	}
	if trapped < 60 || saved < 50_000 {
		t.Errorf("%d functions trap, which saves %d bytes: has Go given them other names?", trapped, saved)
	}
	for _, needed := range []string{"runtime.traceback2", "runtime.tracebackPCs", "runtime.traceAcquire", "runtime.traceLockInit", "runtime.traceReader",
		"runtime.traceLocker.ok", "runtime.traceRelease", "runtime.gcStart", "runtime.printpanics", "internal_strconv.AppendInt"} {
		if dormant.MatchString(needed) {
			t.Errorf("%s is called in every page", needed)
		}
	}
}

func TestOddModulesAreRefused(t *testing.T) {
	module := linked(t)
	for n := range 64 {
		if cut := n * len(module) / 64; cut != len(module) {
			if _, err := silence(module[:cut]); err == nil {
				t.Errorf("%d of %d bytes are taken for a module", cut, len(module))
			}
		}
	}
}

func FuzzSilence(f *testing.F) {
	f.Add([]byte("\x00asm\x01\x00\x00\x00\x0a\x05\x01\x03\x00\x00\x0b"))
	f.Add([]byte("\x00asm\x01\x00\x00\x00\x02\x07\x01\x01a\x01b\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if out, err := silence(b); err == nil && len(out) < header {
			t.Errorf("%x became %x", b, out)
		}
	})
}
