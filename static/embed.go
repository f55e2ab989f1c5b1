// Package static holds the files that the server gives away as they are: scripts, style sheets, icons, and
// the browser's side of the program, which cmd/build-app builds into this folder.
package static

import "embed"

// Files are all files of this folder that were there when the program was built. AppFile, RuntimeFile and TapeFile may be
// missing: a clean clone builds without them, and the server then says how to build them. Beside a file there may be
// one compressed by brotli (.br) or gzip (.gz).
//
//go:embed *
var Files embed.FS

// The files that cmd/build-app leaves here.
const (
	AppFile     = "app.wasm"     // the program that runs in the browser
	RuntimeFile = "wasm_exec.js" // Go's own, of the same Go version
	TapeFile    = "tape.wasm.gz" // the program that plays a recording on a page without a server
)
