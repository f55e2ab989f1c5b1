package static

import (
	"io/fs"
	"os"
	"testing"
)

// What lies in the folder is in the program, and App says whether the browser's side was among it.
func TestEverythingInTheFolderIsEmbedded(t *testing.T) {
	there := map[string]bool{}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if there[e.Name()] = true; e.Name()[0] == '.' {
			continue
		}
		if _, err := fs.Stat(Files, e.Name()); err != nil {
			t.Errorf("%s is not embedded: %v", e.Name(), err)
		}
	}
	if App() != (there[AppFile] && there[RuntimeFile]) {
		t.Errorf("App says %v; the folder has %v and %v", App(), there[AppFile], there[RuntimeFile])
	}
}
