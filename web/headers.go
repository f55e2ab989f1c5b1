package web

import (
	"net/http"
	"strings"
)

// policy lets a page run our own scripts and WebAssembly, and nothing inline or foreign.
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"

// embeddedPolicy lets pages of other sites have the page in a frame.
var embeddedPolicy = strings.Replace(policy, "frame-ancestors 'self'", "frame-ancestors *", 1)

// Guard sets the security headers of every answer and refuses requests that change something and come from
// another site's page. (The websocket checks its origin itself.)
func Guard(next http.Handler) http.Handler {
	sites := http.NewCrossOriginProtection()
	sites.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		WriteFault(w, &Fault{http.StatusForbidden, CodeForbidden, "Another site's page may not do this; open the room itself.", ""})
	}))
	guarded := sites.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin") // a room's address is its key
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		guarded.ServeHTTP(w, r)
	})
}
