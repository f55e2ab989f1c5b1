package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func testAssets() *Assets {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	return NewAssets(fstest.MapFS{"app.wasm": file("plain"), "app.wasm.br": file("brotli"), "app.wasm.gz": file("gzip"),
		"room.css": file("body{}"), "embed.go": file("package static"), "dir/x.js": file("x")})
}

func TestAssetIsServedInTheBestFormTheBrowserTakes(t *testing.T) {
	a := testAssets()
	for accepted, want := range map[string]string{"": "plain", "gzip": "gzip", "gzip, br": "brotli", "br;q=0, gzip": "gzip", "deflate": "plain", "br ; q=0.5": "brotli"} {
		w := askAsset(a, a.URL("app.wasm"), map[string]string{"Accept-Encoding": accepted})
		if w.Body.String() != want || w.Header().Get("Content-Type") != "application/wasm" || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: %q, %v", accepted, w.Body, w.Header())
		}
	}
}

func TestAssetWithItsHashIsKeptForEverWithoutItAskedForAgain(t *testing.T) {
	a := testAssets()
	if c := askAsset(a, a.URL("room.css"), nil).Header().Get("Cache-Control"); !strings.Contains(c, "immutable") {
		t.Errorf("with its hash: %s", c)
	}
	w := askAsset(a, "/static/room.css?v=old", nil)
	if c := w.Header().Get("Cache-Control"); c != "no-cache" {
		t.Errorf("with another hash: %s", c)
	}
	again := askAsset(a, "/static/room.css", map[string]string{"If-None-Match": w.Header().Get("ETag")})
	if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("asked again: %d", again.Code)
	}
}

func TestOnlyAssetsAreServed(t *testing.T) {
	a := testAssets()
	for _, path := range []string{"/static/", "/static/none.js", "/static/embed.go", "/static/app.wasm.br", "/static/dir", "/static/../static/embed.go"} {
		if w := askAsset(a, path, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if p := a.Page(); p.App == "" || p.Icon != "" || len(p.Styles) != 1 {
		t.Errorf("for a page: %+v", p)
	}
}

func askAsset(a *Assets, url string, header map[string]string) *httptest.ResponseRecorder {
	r, w := httptest.NewRequest(http.MethodGet, url, nil), httptest.NewRecorder()
	for k, v := range header {
		r.Header.Set(k, v)
	}
	a.ServeHTTP(w, r)
	return w
}
