package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestKeepLeavesAloneWhatIsRightAndMendsWhatIsNot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.wasm")
	b := bytes.Repeat([]byte("quorum "), 1000)
	first, err := keep(b, path)
	if err != nil {
		t.Fatal(err)
	}
	if first.brotli == 0 || first.brotli > first.gzip || first.gzip > len(b)/10 {
		t.Errorf("%d bytes became %+v", len(b), first)
	}
	if again, ok := kept(b, path); !ok || again != first {
		t.Errorf("what was just written is %+v, %v", again, ok)
	}
	for _, suffix := range []string{"", ".br", ".gz"} {
		if err := os.WriteFile(path+suffix, []byte("torn"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, ok := kept(b, path); ok {
			t.Errorf("a torn %s counts as right", "app.wasm"+suffix)
		}
		if _, err := keep(b, path); err != nil {
			t.Fatal(err)
		}
		if _, ok := kept(b, path); !ok {
			t.Errorf("a torn %s was not mended", "app.wasm"+suffix)
		}
	}
}
