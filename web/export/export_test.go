package export

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
)

// site are files as package static has them.
func site() fstest.MapFS {
	files := fstest.MapFS{}
	for _, name := range []string{"app.css", "app.js", "painter.js", "tape.js", "icon.svg", "wasm_exec.js", "app.wasm", "app.wasm.gz", "app.wasm.br", "tape.wasm.gz"} {
		files[name] = &fstest.MapFile{Data: []byte("content of " + name)}
	}
	return files
}

// recording is a file in which a machine was killed.
func recording(t *testing.T) []byte {
	t.Helper()
	j := journal.New(journal.Options{Epoch: 3})
	for i, e := range []event.Event{{Kind: event.RateSet, Factor: event.One}, {Kind: event.MachineAdded, Node: 1},
		{Kind: event.Started, Node: 1, Term: 1}, {Kind: event.Stopped, Node: 1, Reason: event.Killed}} {
		e.At = event.Micros(i) * 1_000_000
		j.Append(e)
		j.Flush(e.At)
	}
	var b bytes.Buffer
	if err := j.Write(&b, journal.Info{Room: "amber-otter"}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPagesNeedNothingButEachOther(t *testing.T) {
	dir, b := filepath.Join(t.TempDir(), "new", "folder"), recording(t)
	if err := Write(dir, b, site(), nil); err != nil {
		t.Fatal(err)
	}
	index, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(index)
	for _, address := range regexp.MustCompile(`(?:src|data-app|data-player|data-program|data-recording|rel="(?:stylesheet|icon)"[^>]* href)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		name, _, _ := strings.Cut(address[1], "?v=")
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil || strings.ContainsAny(name, "/:") {
			t.Errorf("the page needs %q, which is not beside it: %v", address[1], err)
		}
	}
	for _, want := range []string{`data-sealed="true"`, `data-recording="recording.qlr?v=`, `data-player="tape.js?v=`, `data-app="app.wasm.gz?v=`, "n1 down", "amber-otter"} {
		if !strings.Contains(page, want) {
			t.Errorf("there is no %s on the page", want)
		}
	}
	if kept, err := os.ReadFile(filepath.Join(dir, "recording.qlr")); err != nil || !bytes.Equal(kept, b) {
		t.Errorf("the recording is another one: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "app.wasm.br")); err == nil {
		t.Error("files are written that no page needs")
	}
}

func TestWhatCannotBeExportedIsASentence(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pages")
	if err := Write(dir, []byte("no recording at all"), site(), nil); err == nil || !strings.Contains(err.Error(), " ") {
		t.Errorf("what is no recording: %v", err)
	}
	torn := recording(t)
	if err := Write(dir, torn[:len(torn)-3], site(), nil); err == nil {
		t.Error("a recording that is cut off is taken")
	}
	without := site()
	delete(without, "tape.wasm.gz")
	if err := Write(dir, recording(t), without, nil); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("a program without the browser's side: %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("something was written all the same")
	}
}
