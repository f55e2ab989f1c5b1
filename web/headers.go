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

// guards are the security headers of every answer.
var guards = [...][2]string{
	{"Content-Security-Policy", policy},
	{"X-Content-Type-Options", "nosniff"},
	{"Referrer-Policy", "same-origin"}, // a room's address is its key
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
}

// KeepInner is for who passes on the answer of a server that has a Guard as well: of each header that both have set, the
// inner one's stays, which knows the page. A browser would obey both, so that no page could be let into a frame.
func KeepInner(h http.Header) {
	for _, guard := range guards {
		if all := h.Values(guard[0]); len(all) > 1 {
			h.Set(guard[0], all[len(all)-1])
		}
	}
}

// Guard sets the security headers of every answer and refuses requests that change something and come from
// another site's page. (The websocket checks its origin itself.)
func Guard(next http.Handler) http.Handler {
	sites := http.NewCrossOriginProtection()
	sites.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		WriteFault(w, &Fault{http.StatusForbidden, CodeForbidden, "Another site's page may not do this; open the room itself.", ""})
	}))
	guarded := sites.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, guard := range guards {
			w.Header().Set(guard[0], guard[1])
		}
		guarded.ServeHTTP(w, r)
	})
}
