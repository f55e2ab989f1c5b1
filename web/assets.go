package web

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/quorumlab/quorumlab/static"
	"github.com/quorumlab/quorumlab/web/page"
)

// Assets serves a file system under /static/ with the hash of each file in its address, so that a browser
// keeps what has not changed and never mixes two builds. Beside a file there may be one compressed by brotli
// (.br) and one by gzip (.gz).
type Assets struct {
	files fs.FS

	mu    sync.Mutex
	known map[string]*asset
}

// asset is what is known of a file once it was asked for.
type asset struct {
	name     string
	forms    []form // the best first
	hash     string
	mimeType string
}

// form of a file: as it is or compressed.
type form struct {
	coding, suffix string
	size           int64
}

// forms there may be, the smallest first.
var forms = []form{{coding: "br", suffix: ".br"}, {coding: "gzip", suffix: ".gz"}, {}}

// StaticPath is where the assets are.
const StaticPath = "/static/"

// NewAssets serves files.
func NewAssets(files fs.FS) *Assets {
	return &Assets{files: files, known: map[string]*asset{}}
}

// URL is the address of a file, with its hash; "" if it is not there.
func (a *Assets) URL(name string) string {
	f := a.find(name)
	if f == nil {
		return ""
	}
	return StaticPath + name + "?v=" + f.hash
}

// Page is what a page needs to know of the assets. A nil Assets has none.
func (a *Assets) Page() page.Assets {
	if a == nil {
		return page.Assets{}
	}
	p := page.Assets{Icon: a.URL("icon.svg"), WasmExec: a.URL(static.RuntimeFile), Script: a.URL("app.js"), Painter: a.URL("painter.js"), App: a.URL(static.AppFile)}
	names, _ := fs.Glob(a.files, "*.css") // the pattern is well formed
	for _, name := range names {
		p.Styles = append(p.Styles, a.URL(name))
	}
	return p
}

func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := a.find(strings.TrimPrefix(r.URL.Path, StaticPath))
	if f == nil {
		http.Error(w, "There is no such file.", http.StatusNotFound)
		return
	}
	chosen, ok := f.choose(r.Header.Get("Accept-Encoding"))
	if !ok {
		http.Error(w, "This file is only there compressed, and the browser takes neither br nor gzip.", http.StatusNotAcceptable)
		return
	}
	tag := `"` + f.hash + "-" + chosen.coding + `"`
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
	h.Set("Content-Length", strconv.FormatInt(chosen.size, 10))
	if chosen.coding != "" {
		h.Set("Content-Encoding", chosen.coding)
	}
	if r.Method != http.MethodHead {
		a.copy(w, f.name+chosen.suffix)
	}
}

// copy writes a file that was there when the program was built.
func (a *Assets) copy(w io.Writer, name string) error {
	f, err := a.files.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

// choose takes the smallest form that the browser understands.
func (f *asset) choose(accepted string) (form, bool) {
	for _, c := range f.forms {
		if c.coding == "" || accepts(accepted, c.coding) {
			return c, true
		}
	}
	return form{}, false
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

// find returns nil when there is no such file.
func (a *Assets) find(name string) *asset {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f := a.known[name]; f != nil {
		return f
	}
	f := a.look(name)
	if f != nil {
		a.known[name] = f
	}
	return f
}

// look finds the forms of a file and hashes the smallest: they are built together. Compressed siblings and Go
// sources are no files of their own.
func (a *Assets) look(name string) *asset {
	ext := path.Ext(name)
	if !fs.ValidPath(name) || ext == ".br" || ext == ".gz" || ext == ".go" {
		return nil
	}
	f := &asset{name: name, mimeType: mimeType(ext)}
	for _, one := range forms {
		if info, err := fs.Stat(a.files, name+one.suffix); err == nil && info.Mode().IsRegular() {
			one.size = info.Size()
			f.forms = append(f.forms, one)
		}
	}
	if len(f.forms) == 0 {
		return nil
	}
	sum := sha256.New()
	if a.copy(sum, name+f.forms[0].suffix) != nil {
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
