package web

import (
	"net/http"
	"time"
)

// NewHTTPServer bounds how long a client may take for a request's head, and how large that is. Bodies and answers
// are bounded where they are read and written: some of them are meant to last.
func NewHTTPServer(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
}
