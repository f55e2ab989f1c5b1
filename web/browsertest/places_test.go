package browsertest

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// recorded is a recording of a few faults, made in virtual time.
func recorded(t testing.TB) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "chaos.qlr")
	if said, err := exec.Command(lab.cmd.Path, "record", "--for", "30s", "--chaos", "0.8", "--seed", "7", file).CombinedOutput(); err != nil {
		t.Fatalf("record: %v\n%s", err, said)
	}
	return file
}

// replayed plays a recording as `quorumlab replay` does.
func replayed(t testing.TB, file string) (address string) {
	t.Helper()
	player, err := start(lab.cmd.Path, "replay", "--addr", "127.0.0.1:0", file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(player.stop)
	return player.base
}

// story opens a page that plays a recording and waits until it tells what happened.
func (p *page) story(address string) {
	p.t.Helper()
	p.do(chromedp.Navigate(address))
	p.until("the story is told", `live() && document.querySelector("#app[data-sealed] .story-chapters button")`)
}

// opens shows something that lies over the page, judges it, and shuts it.
func (p *page) opens(t *testing.T, name, button, there string) {
	t.Helper()
	p.until(name+" can be opened", `document.querySelector(`+quoted(button)+`)?.click() || true`)
	p.until(name+" is open", `document.querySelector(`+quoted(there)+`)`)
	p.inTwoLooks(t, name)
	p.do(chromedp.KeyEvent(kb.Escape))
	p.until(name+" is shut", `!document.querySelector("dialog[open], .menu")`)
}

// Pages of a recording are judged like those of a room: where it begins, at a fault, what lies over it, and without a server.
func TestNothingForAxeToComplainAboutInRecordings(t *testing.T) {
	t.Parallel()
	axe, file := axeSource(t), recorded(t)
	p := newPage(t)
	p.story(replayed(t, file))
	p.do(chromedp.Evaluate[chromedp.Void](axe))
	p.inEveryLook(t, "replay")
	p.do(chromedp.KeyEvent("."))
	p.until("the story has come to a fault", `document.querySelector(".story-lines [aria-current]")`)
	p.inTwoLooks(t, "replay-fault")
	p.opens(t, "replay-share", "#share-open", "#dialog[open] code")
	p.opens(t, "replay-marks", "#tape-marks", "#dialog[open] h2")
	p.opens(t, "replay-palette", "#palette", "#dialog[open] #palette-find")
	p.do(chromedp.KeyEvent("3"))
	p.until("a machine is told of", `document.querySelector("#side h2")`)
	p.inTwoLooks(t, "replay-node")

	folder := filepath.Join(t.TempDir(), "pages")
	if said, err := exec.Command(lab.cmd.Path, "export", file, folder).CombinedOutput(); err != nil {
		t.Fatalf("export: %v\n%s", err, said)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(folder)))
	defer server.Close()
	p.story(server.URL)
	p.do(chromedp.Evaluate[chromedp.Void](axe))
	p.inTwoLooks(t, "export")
	p.clean()
}

// Whoever cannot go on is told so on a page that everybody can read: an address at which there is nothing, a wish that cannot be
// had, a room that cannot be reached, one that is no more.
func TestNothingForAxeToComplainAboutInErrors(t *testing.T) {
	t.Parallel()
	axe := axeSource(t)
	p := newPage(t)
	for name, path := range map[string]string{"nothing": "/nothing", "no-lesson": "/lessons/zz", "no-view": "/w/none", "no-size": "/?nodes=99"} {
		p.do(chromedp.Navigate(lab.base+path), chromedp.Evaluate[chromedp.Void](axe))
		p.inTwoLooks(t, name)
	}
	p.open(lab.base + "/?rate=1")
	r := lab.at(t, eval[string](p, `location.href`))
	p.do(chromedp.Evaluate[chromedp.Void](axe))
	p.offline(true)
	p.until("the page says that it has no network", `document.querySelector("#banner.lost")`)
	p.inTwoLooks(t, "lost")
	p.offline(false)
	p.until("it goes on", `live()`)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, r.url(""), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil || answer.StatusCode >= http.StatusBadRequest {
		t.Fatalf("the room cannot be deleted: %v %v", answer, err)
	}
	answer.Body.Close()
	p.until("the page says that the room is no more", `document.querySelector("#banner.gone")`)
	p.inTwoLooks(t, "gone")
}

// German is longer: what lies over the page is judged in it, too.
func TestNothingForAxeToComplainAboutInGermanDialogs(t *testing.T) {
	t.Parallel()
	axe := axeSource(t)
	p := newPage(t)
	p.prefer("de")
	p.open(lab.base + "/?rate=1")
	p.still()
	p.do(chromedp.Evaluate[chromedp.Void](axe))
	p.opens(t, "de-share", "#share-open", "#dialog[open] code")
	p.opens(t, "de-marks", "#tape-marks", "#dialog[open] #mark-note")
	p.opens(t, "de-chaos", "#chaos", "#dialog[open] #chaos-seed")
	p.opens(t, "de-palette", "#palette", "#dialog[open] #palette-find")
	p.opens(t, "de-rules", "#rules-open", "dialog[open] #rules-close")
	p.opens(t, "de-split", "#partition", ".parting")
	p.do(chromedp.Navigate(lab.base+"/nothing"), chromedp.Evaluate[chromedp.Void](axe))
	p.inTwoLooks(t, "de-nothing")
}
