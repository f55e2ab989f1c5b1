package web

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// Assets serves a file system under /static/ with the hash of each file in its address, so that a browser
// keeps what has not changed and never mixes two builds. Beside a file there may be one compressed by brotli
// (.br) and one by gzip (.gz).
type Assets struct {
	files fs.FS

	mu    sync.Mutex
	known map[string]*asset
}

// asset is one file, read and hashed when it is first asked for.
type asset struct {
	data     map[string][]byte // by content coding; "" as it is
	hash     string
	mimeType string
}

// StaticPath is where the assets are.
const StaticPath = "/static/"

// NewAssets serves files.
func NewAssets(files fs.FS) *Assets {
	return &Assets{files: files, known: map[string]*asset{}}
}

// Has says whether there is a file of this name, plain or compressed.
func (a *Assets) Has(name string) bool {
	_, ok := a.find(name)
	return ok
}

// URL is the address of a file, with its hash; one that is not there gets none.
func (a *Assets) URL(name string) string {
	f, ok := a.find(name)
	if !ok {
		return StaticPath + name
	}
	return StaticPath + name + "?v=" + f.hash
}

// Styles are the addresses of the style sheets.
func (a *Assets) Styles() []string {
	names, err := fs.Glob(a.files, "*.css")
	if err != nil {
		return nil // the pattern is well formed
	}
	for i, name := range names {
		names[i] = a.URL(name)
	}
	return names
}

func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, StaticPath)
	f, ok := a.find(name)
	if !ok {
		http.Error(w, "There is no such file.", http.StatusNotFound)
		return
	}
	coding, data := f.choose(r.Header.Get("Accept-Encoding"))
	if data == nil {
		http.Error(w, "This file is only there compressed, and the browser takes neither br nor gzip.", http.StatusNotAcceptable)
		return
	}
	tag := `"` + f.hash + "-" + coding + `"`
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == f.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if strings.Contains(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.mimeType)
	h.Set("Content-Length", strconv.Itoa(len(data)))
	if coding != "" {
		h.Set("Content-Encoding", coding)
	}
	if r.Method != http.MethodHead {
		w.Write(data)
	}
}

// choose takes the smallest form that the browser understands.
func (f *asset) choose(accepted string) (coding string, data []byte) {
	for _, c := range []string{"br", "gzip"} {
		if d := f.data[c]; d != nil && accepts(accepted, c) {
			return c, d
		}
	}
	return "", f.data[""]
}

// accepts reads Accept-Encoding (RFC 9110 §12.5.3) as far as browsers and curl use it.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(part, ";")
		if strings.TrimSpace(name) == coding {
			return strings.ReplaceAll(weight, " ", "") != "q=0"
		}
	}
	return false
}

func (a *Assets) find(name string) (*asset, bool) {
	if !fs.ValidPath(name) || name == "." {
		return nil, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if f, ok := a.known[name]; ok {
		return f, true
	}
	f := a.read(name)
	if f == nil {
		return nil, false
	}
	a.known[name] = f
	return f, true
}

// read returns nil when there is no such file. Directories and compressed siblings are not files of their own.
func (a *Assets) read(name string) *asset {
	ext := path.Ext(name)
	if ext == ".br" || ext == ".gz" || ext == ".go" {
		return nil
	}
	f := &asset{data: map[string][]byte{}, mimeType: mimeType(ext)}
	sum := sha256.New()
	for _, form := range []struct{ coding, suffix string }{{"", ""}, {"br", ".br"}, {"gzip", ".gz"}} {
		if b, err := fs.ReadFile(a.files, name+form.suffix); err == nil {
			f.data[form.coding] = b
			sum.Write(b)
		}
	}
	if len(f.data) == 0 {
		return nil
	}
	f.hash = hex.EncodeToString(sum.Sum(nil)[:10])
	return f
}

// mimeType does not ask the machine's own tables for what we serve: they differ.
func mimeType(ext string) string {
	switch ext {
	case ".wasm":
		return "application/wasm"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".webmanifest":
		return "application/manifest+json"
	}
	if t := mime.TypeByExtension(ext); t != "" {
		return t
	}
	return "application/octet-stream"
}
