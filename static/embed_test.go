package static

import (
	"io/fs"
	"os"
	"testing"
)

// What lies in the folder is in the program.
func TestEverythingInTheFolderIsEmbedded(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name()[0] == '.' {
			continue
		}
		if _, err := fs.Stat(Files, e.Name()); err != nil {
			t.Errorf("%s is not embedded: %v", e.Name(), err)
		}
	}
}
