package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// linked is a small program as Go's linker writes it.
func linked(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	source, out := filepath.Join(dir, "main.go"), filepath.Join(dir, "main.wasm")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() { println(\"quorum\") }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-w", "-o", out, source)
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0", "GOEXPERIMENT="+experiment) // as the app, whose packages are built already
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, said)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// memoryOf is what a module's memory begins with.
func memoryOf(t *testing.T, module []byte) []byte {
	t.Helper()
	_, _, segments, err := dataOf(module)
	if err != nil {
		t.Fatal(err)
	}
	memory, err := laidOut(segments)
	if err != nil {
		t.Fatal(err)
	}
	return memory
}

// A slim module has the same code and the same memory, but for what only file and line are read from.
func TestSlimTakesLinesAwayAndNothingElse(t *testing.T) {
	module := linked(t)
	slimmed, err := slim(module)
	if err != nil {
		t.Fatal(err)
	}
	if module, err = silence(module); err != nil {
		t.Fatal(err)
	}
	if len(gzipped(slimmed)) > len(gzipped(module))*9/10 {
		t.Errorf("%d bytes became %d", len(gzipped(module)), len(gzipped(slimmed)))
	}
	from, to, _, _ := dataOf(module)
	slimFrom, slimTo, segments, _ := dataOf(slimmed)
	if !bytes.Equal(module[:from], slimmed[:slimFrom]) || !bytes.Equal(module[to:], slimmed[slimTo:]) {
		t.Error("something beside the data has changed")
	}
	if len(segments) > 1000 {
		t.Errorf("%d segments", len(segments))
	}
	before, after := memoryOf(t, module), memoryOf(t, slimmed)
	was, err := tableIn(before)
	if err != nil {
		t.Fatal(err)
	}
	is, err := tableIn(after)
	if err != nil {
		t.Fatal(err)
	}
	start := bytes.Index(before, tableMagic)
	if !bytes.Equal(before[:start], after[:start]) {
		t.Error("memory before the table of functions has changed")
	}
	end := was.index + 8*was.functions
	if !bytes.Equal(before[start:start+72], after[start:start+72]) || !bytes.Equal(before[was.index:end], after[is.index:end]) {
		t.Error("the index of functions has changed")
	}
	for i := range was.functions {
		same(t, i, &was, &is)
	}
}

// same compares what the runtime needs of a function.
func same(t *testing.T, i int, was, is *table) {
	t.Helper()
	a, err := was.record(i)
	if err != nil {
		t.Fatal(err)
	}
	b, err := is.record(i)
	if err != nil {
		t.Fatal(err)
	}
	tables := int(binary.LittleEndian.Uint32(a[funcTables:]))
	if !bytes.Equal(a[:funcFile], b[:funcFile]) || !bytes.Equal(a[funcTables:funcUnit], b[funcTables:funcUnit]) ||
		!bytes.Equal(a[funcStart+4:funcOwn+4*tables], b[funcStart+4:funcOwn+4*tables]) {
		t.Fatalf("the record of function %d has changed", i)
	}
	for n := -1; n < tables; n++ {
		place := funcStack
		if n >= 0 {
			place = funcOwn + 4*n
		}
		offset := int(binary.LittleEndian.Uint32(a[place:]))
		needed := make([]bool, len(was.pcs))
		if err := was.need(needed, offset); err != nil {
			t.Fatal(err)
		}
		for at := offset; offset > 0 && at < len(needed) && needed[at]; at++ {
			if was.pcs[at] != is.pcs[at] {
				t.Fatalf("table %d of function %d has changed", n, i)
			}
		}
	}
}

func TestSlimRefusesWhatItDoesNotKnow(t *testing.T) {
	module := linked(t)
	from, to, segments, err := dataOf(module)
	if err != nil {
		t.Fatal(err)
	}
	memory, err := laidOut(segments)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(memory, tableMagic)
	memory[at]++ // the magic number of another Go version
	if _, err := slim(withData(module, from, to, apart(memory))); !errors.Is(err, errLayout) {
		t.Errorf("tables of an unknown kind: %v", err)
	}
	memory[at]--
	binary.LittleEndian.PutUint64(memory[at+8:], 1<<40)
	if _, err := slim(withData(module, from, to, apart(memory))); !errors.Is(err, errLayout) {
		t.Errorf("a table of too many functions: %v", err)
	}
	for n := range 64 {
		if _, err := slim(module[:n*len(module)/64]); err == nil {
			t.Errorf("%d of %d bytes are taken for a module", n*len(module)/64, len(module))
		}
	}
}

func TestSignedNumbersReadBack(t *testing.T) {
	for _, x := range []int64{0, 1, -1, 63, 64, -64, -65, 127, 128, 1 << 20, -(1 << 20), 1<<31 - 1, -(1 << 31)} {
		b := appendSigned(nil, x)
		if got, n := signed(b); got != x || n != len(b) {
			t.Errorf("%d is written as %x and reads as %d of %d bytes", x, b, got, n)
		}
	}
	if _, n := signed(bytes.Repeat([]byte{0x80}, 12)); n != 0 {
		t.Error("a number without an end was read")
	}
}

func TestMemoryIsCutAtLongZerosOnly(t *testing.T) {
	memory := make([]byte, 1000)
	memory[3], memory[10], memory[10+gap], memory[500], memory[999] = 1, 2, 3, 4, 5
	segments := apart(memory)
	back, err := laidOut(segments)
	if err != nil || !bytes.Equal(back, memory) {
		t.Errorf("%d segments do not add up to the memory: %v", len(segments), err)
	}
	if len(segments) != 3 {
		t.Errorf("%d segments", len(segments))
	}
}
