package browsertest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// fall is a room in which a leader has fallen: it stands still, some time after that.
type fall struct {
	*page
	room *room
	old  string // the leader that was killed
	at   int64  // a moment when it still led, virtual µs
	end  int64  // now
}

func fallen(t *testing.T) *fall {
	p := newPage(t)
	p.open(lab.base + "/?rate=5")
	f := &fall{page: p, room: lab.at(t, eval[string](p, `location.href`))}
	f.old = f.room.leader().ID
	f.room.do(map[string]any{"kind": "put", "key": "before", "value": "1"})
	f.at = f.room.state().At
	f.room.until("some time has passed", func(s state) bool { return s.At > f.at+2_000_000 })
	f.room.do(map[string]any{"kind": "kill", "node": f.old})
	f.room.until("another one leads", func(s state) bool {
		for _, n := range s.Nodes {
			if n.Role == "leader" && n.ID != f.old {
				return s.At > f.at+8_000_000
			}
		}
		return false
	})
	f.room.do(map[string]any{"kind": "freeze"})
	f.end = f.room.state().At
	return f
}

// scrub presses the pointer on the timeline where a moment is.
func (p *page) scrub(at, end int64) {
	p.t.Helper()
	to := eval[point](p, fmt.Sprintf(`(e => (r => ({X: r.left + r.width * parseFloat(e.dataset.scrub) / 100 * %d / %d, Y: r.top + r.height / 2}))
		(e.getBoundingClientRect()))(document.querySelector("#tape"))`, at, end))
	p.do(chromedp.MouseClickXY(to.X, to.Y))
}

// oldLeads is true while the picture shows the leader that fell later, and says that it is of the past.
func (f *fall) oldLeads() string {
	return fmt.Sprintf(`document.querySelector("#app").dataset.past && leader()?.dataset.node === %q && document.querySelector("#tape-place").textContent.startsWith("Recording at")`, f.old)
}

// Who drags the recording back sees the old leader; who shares that shows it to others; who does something is LIVE again. Pages
// made of the recording show the same without any server.
func TestLookingBack(t *testing.T) {
	t.Parallel()
	f := fallen(t)
	f.until("the fall is on the timeline", fmt.Sprintf(`document.querySelector("#timeline").textContent.includes("%s down")`, f.old))
	f.scrub(f.at, f.end)
	f.until("the old leader leads", f.oldLeads())
	f.until("the page says how far behind it is", `document.querySelector("#tape-place").textContent.endsWith("behind LIVE")`)
	f.shot("past")

	f.do(chromedp.KeyEvent("."))
	f.until("on to the fault: it is down", fmt.Sprintf(`node(%q).dataset.role === "none"`, f.old))
	f.do(chromedp.KeyEvent(kb.ArrowLeft))
	f.until("a step back it still leads", f.oldLeads())

	moment, folder := f.shared(), f.exported(t)
	f.console("thaw")
	f.until("whoever acts is LIVE", `!document.querySelector("#app").dataset.past && !frozen() && all(".notice").some(n => n.textContent.includes("LIVE"))`)
	f.clean()

	t.Run("SharedMoment", func(t *testing.T) {
		other := &fall{page: newPage(t), old: f.old}
		other.do(chromedp.Navigate(moment))
		other.until("a second browser opens at that moment", other.oldLeads())
		other.do(chromedp.KeyEvent("l"))
		other.until("and finds the present", fmt.Sprintf(`!document.querySelector("#app").dataset.past && leader()?.dataset.node !== %q`, f.old))
		other.clean()
	})
	t.Run("Embedded", func(t *testing.T) {
		frame := newPage(t)
		frame.open(f.room.base + "/r/" + f.room.id + "?embed")
		frame.until("stage and timeline, and nothing else", `["#stage", "#tape"].every(s => document.querySelector(s).checkVisibility()) &&
			[".top .btn", ".guide", ".side", ".lamps", "#log"].every(s => !document.querySelector(s)?.checkVisibility())`)
		frame.clean()
	})
	t.Run("EmbeddedElsewhere", func(t *testing.T) { f.embeddedElsewhere(t) })
	t.Run("WithoutAServer", func(t *testing.T) { f.withoutServer(t, folder) })
}

// embeddedElsewhere has another site's page show the room in a frame: the page runs there once it asks for its websocket.
func (f *fall) embeddedElsewhere(t *testing.T) {
	target, err := url.Parse(f.room.base)
	if err != nil {
		t.Fatal(err)
	}
	runs := make(chan struct{}, 1)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/ws") {
			proxy.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		select {
		case runs <- struct{}{}:
		default:
		}
	}))
	defer front.Close()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<!doctype html><title>a blog</title><iframe src="%s/r/%s?embed" width="720" height="480"></iframe>`, front.URL, f.room.id)
	}))
	defer site.Close()
	newPage(t).do(chromedp.Navigate(site.URL))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	select {
	case <-runs:
	case <-ctx.Done():
		t.Error("the page does not run in a frame of another site's page")
	}
}

// shared is the address of the moment that the page looks at, as its dialog gives it.
func (f *fall) shared() string {
	f.t.Helper()
	f.do(chromedp.Click(chromedp.CSS("#share-open")))
	f.until("the dialog is open", `document.querySelector("#dialog[open] code")`)
	moment := eval[string](f.page, `all("#dialog code").map(c => c.textContent).find(c => c.startsWith("http") && c.includes("#seq="))`)
	f.do(chromedp.KeyEvent(kb.Escape))
	f.until("Esc closes it", `!document.querySelector("#dialog")`)
	return moment
}

func (f *fall) withoutServer(t *testing.T, folder string) {
	server := httptest.NewServer(http.StripPrefix("/some/path/", http.FileServer(http.Dir(folder))))
	defer server.Close()
	p := &fall{page: newPage(t), old: f.old}
	p.do(chromedp.Navigate(server.URL + "/some/path/"))
	p.until("the recording is there", `live() && document.querySelector("#app").dataset.sealed && document.querySelector("#timeline").textContent.includes("down")`)
	server.Close()
	p.offline(true)

	p.do(chromedp.KeyEvent(" "))
	p.until("it plays", `document.querySelector("#app").dataset.past === "playing" && leaders().length > 0`)
	p.do(chromedp.KeyEvent(" "))
	p.until("it rests", `document.querySelector("#app").dataset.past === "paused"`)
	p.scrub(f.at, f.end)
	p.until("the old leader leads", p.oldLeads())
	p.do(chromedp.KeyEvent("."))
	p.until("its fall is seen", fmt.Sprintf(`node(%q).dataset.role === "none"`, f.old))
	p.until("nobody can act", `!["#cut", "#heal", "#freeze", "#tape-live", "#console"].some(s => document.querySelector(s)?.checkVisibility())`)
	p.shot("without-server")
	p.clean()

	t.Run("Damaged", func(t *testing.T) { damaged(t, folder) })
}

// exported is a folder with pages of the room's recording up to now.
func (f *fall) exported(t *testing.T) string {
	answer, err := http.Get(f.room.url("/recording"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	recording, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("the recording: %s, %v", answer.Status, err)
	}
	file, folder := filepath.Join(t.TempDir(), "room.qlr"), filepath.Join(t.TempDir(), "pages")
	if err := os.WriteFile(file, recording, 0o644); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command(lab.cmd.Path, "export", file, folder).CombinedOutput(); err != nil {
		t.Fatalf("export: %v\n%s", err, said)
	}
	return folder
}

// offline takes the browser's network away, or gives it back.
func (p *page) offline(away bool) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: away})
		return err
	}))
}

// damaged shows a recording of which a byte is another, and one of a newer program: each is a sentence on the page.
func damaged(t *testing.T, folder string) {
	file := filepath.Join(folder, "recording.qlr")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for what, spoil := range map[string]func(b []byte){
		"damaged": func(b []byte) { b[len(b)/2] ^= 1 },
		"newer":   func(b []byte) { b[len("\x89QLR\r\n\x1a\n")] = 200 },
	} {
		b := []byte(string(whole))
		spoil(b)
		if err := os.WriteFile(file, b, 0o644); err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(http.FileServer(http.Dir(folder)))
		p := newPage(t)
		p.do(chromedp.Navigate(server.URL))
		p.until("a sentence says that it is "+what, fmt.Sprintf(`document.querySelector("[role=alert]")?.textContent.includes(%q)`, what))
		server.Close()
	}
}
