package web

import "net/http"

// page is GET /.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	http.Error(w, "no page yet", http.StatusNotImplemented)
}
