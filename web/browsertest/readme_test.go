package browsertest

import (
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

// The README's picture is taken from the real page, at a moment in which there is something to see.
func TestGoldenScreenshotOfTheReadme(t *testing.T) {
	picture := filepath.Join("..", "..", "docs", "screenshot.png")
	if os.Getenv("QUORUMLAB_GOLDEN") == "write" {
		takeScreenshot(t, picture)
	}
	f, err := os.Open(picture)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if size, err := png.DecodeConfig(f); err != nil || size.Width != 1440 || size.Height != 900 {
		t.Errorf("%s is %d×%d, %v", picture, size.Width, size.Height, err)
	}
}

// takeScreenshot shows a cluster cut in two while the majority's put is on its way.
func takeScreenshot(t *testing.T, path string) {
	p := newPage(t)
	p.media("light")
	p.open(lab.base + "/?rate=1")
	s := &story{page: p, room: lab.at(t, eval[string](p, `location.href`))}
	s.put()
	s.partition()
	leader := s.room.leader()
	p.console("rate 0.025")
	p.until("the page shows slow motion", `rate() === 0.025`)
	p.console("put drink water --from " + leader.ID)
	p.until("the leader has the entry", `cells("`+leader.ID+`").some(c => says(c, "drink"))`)
	p.until("its copies are halfway", `(window.began ??= performance.now()) < performance.now() - 900`)
	p.keep("readme")
	taken, err := os.ReadFile(filepath.Join(artefacts, "readme.png"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, taken, 0o644); err != nil {
		t.Fatal(err)
	}
}
