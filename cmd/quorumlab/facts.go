package main

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/quorumlab/quorumlab/cluster/server"
	"github.com/quorumlab/quorumlab/web"
)

// readHeader is how long a viewer may take to say what it wants.
const readHeader = 10 * time.Second

// serveFacts lets programs see what a member that is a process of its own tells of itself: the facts as they happen, what
// they add up to, and its log, in the form that rooms give them. There is no page: it would show a whole cluster, of which a
// member knows only its own part. Stop ends it.
func serveFacts(address string, member *server.Server) (stop func(), err error) {
	seen, err := member.Watched()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	facts := web.New(web.Options{Cluster: seen, Room: member.Name(), Log: log})
	mux := http.NewServeMux()
	for _, path := range []string{"/ws", "/state", "/events", "/log"} {
		mux.Handle("GET "+path, facts)
	}
	h := &http.Server{Handler: mux, ReadHeaderTimeout: readHeader}
	go func() {
		if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Warn("the member's facts are not served any more", "error", err)
		}
	}()
	return func() { facts.Close(); _ = h.Close() }, nil
}
