package ui

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// TestGallery writes pages that show the scene in many states, when GALLERY names a folder:
//
//	GALLERY=/some/folder go test -run Gallery ./wasm/ui
//
// Serve the folder (a browser lets no page from a file start a worker) and open them, or have a browser make pictures of them. They show what one cannot test: whether it is beautiful.
func TestGallery(t *testing.T) {
	dir := os.Getenv("GALLERY")
	if dir == "" {
		dir = t.TempDir()
	}
	for _, name := range []string{"app.css", "app.js", "painter.js"} {
		b, err := os.ReadFile(filepath.Join("..", "..", "static", name))
		if err != nil {
			t.Fatal(err)
		}
		hang(t, dir, name, string(b))
	}
	for name, s := range gallery() {
		for _, theme := range []string{"light", "dark"} {
			s.m.theme = theme
			for size, wh := range map[string][2]int{"wide": {1440, 900}, "medium": {1024, 768}, "phone": {390, 844}, "projector": {1920, 1080}} {
				s.do(Resized{wh[0], wh[1]})
				hang(t, dir, name+"-"+size+"-"+theme+".html", document(&s.m))
			}
		}
	}
}

func hang(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// document is a page whose canvas is painted once, by the page's own script, without the app.
func document(m *Model) string {
	packets := base64.StdEncoding.EncodeToString(Packets(m, nil))
	return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>gallery</title><link rel="stylesheet" href="app.css"></head><body><div data-socket="none">` +
		string(Scene(m).AppendHTML(nil)) + `</div><script>window.Go = class { importObject = {}; run() {} }</script><script src="app.js" data-app="none.wasm" data-painter="painter.js"></script><script>
const q = window.quorumlab, b = Uint8Array.from(atob("` + packets + `"), (c) => c.charCodeAt(0));
q.colours("` + strings.Join(PacketColours[:], " ") + `");
const paint = () => { q.reserve(b.length).set(b); q.paint(b.length); };
setInterval(paint, 50);
</script></body></html>`
}

// gallery are the states to look at.
func gallery() map[string]*story {
	all := map[string]*story{"healthy": healthy(), "parted": parted(), "contested": contested(), "held": held()}
	for name, nodes := range map[string]int{"one": 1, "three": 3, "nine": 9} {
		s := watch(nodes)
		s.elect(1, 2)
		s.write(2, 2, "", 1)
		all[name] = s
	}
	menu := healthy()
	menu.do(Acted{"node", "n2"})
	all["menu"] = menu
	link := parted()
	link.do(Acted{"link", "n1-n3"})
	all["link"] = link
	node := parted()
	node.do(Acted{"tab", "node"})
	node.do(Pressed{Key: "2"})
	all["node"] = node
	feed := contested()
	feed.do(Acted{"tab", "feed"})
	all["feed"] = feed
	split := healthy()
	split.do(Acted{"partition", ""})
	all["split"] = split
	empty := &story{m: New(Seed{Words: tongue, Room: "amber-otter"})}
	all["opening"] = empty
	lost := parted()
	lost.do(Disconnected{LostCrashed})
	lost.m.notify(true, "n3 refuses to start: its log n3/wal/0000000000000001.wal is damaged at byte 8192. Wipe it, remove it and add a new machine.")
	all["lost"] = lost
	all["long"] = long()
	return all
}

// long is a log of a few hundred entries and a lagging node that needs a snapshot.
func long() *story {
	s := watch(5)
	s.elect(2, 3, 1, 3)
	for i := uint64(2); i < 300; i++ {
		s.write(i, 3+i/40, "key-"+number(i)+"=some longer value", 1, 2, 3, 4)
	}
	s.write(2, 3, "", 5)
	s.commit(297, 1, 2, 3, 4)
	s.tell(event.Event{Kind: event.SnapshotTaken, Node: 2, Index: 290, LogTerm: 10, N: 5000}, event.Event{Kind: event.Compacted, Node: 2, Index: 291})
	s.match(2, 299, 1, 3, 4)
	s.match(2, 2, 5)
	s.put("put key-300 some longer value", event.OK, 400*ms, 1, 2, 3)
	s.tick(5_000_000)
	return s
}
