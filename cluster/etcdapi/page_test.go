package etcdapi_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// page reads one over HTTP/1.1.
func page(url, method string) (code int, header http.Header, body string) {
	q, err := http.NewRequest(method, url, nil)
	if err != nil {
		return 0, nil, err.Error()
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		return 0, nil, err.Error()
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, nil, err.Error()
	}
	return r.StatusCode, r.Header, string(b)
}

// shown is a page in words: its lines in no order, because etcd has none, and what says how to read it.
func shown(path, method string) func(*subject) (any, error) {
	return func(s *subject) (any, error) {
		code, h, body := page(s.url+path, method)
		lines := strings.SplitAfter(body, "\n")
		slices.Sort(lines)
		return fmt.Sprintf("%d %q %q %q %q", code, lines, h.Get("Content-Type"), h.Get("Allow"), h.Get("X-Content-Type-Options")), nil
	}
}

func pageDeeds(paths ...string) (all []deed) {
	for _, p := range paths {
		method, path, found := strings.Cut(p, " ")
		if !found {
			method, path = "GET", p
		}
		all = append(all, deed{what: p, do: shown(path, method)})
	}
	return all
}

// The pages are etcd's to the letter, in health and in sickness.
func TestSamePages(t *testing.T) {
	t.Parallel()
	all := subjects(t)
	paths := []string{"/health", "/health?serializable=true", "/health?exclude=NOSPACE", "/health?exclude=NOSPACE&exclude=CORRUPT", "POST /health", "HEAD /health",
		"/livez", "/livez?verbose", "/livez?exclude=serializable_read&verbose", "/livez/serializable_read", "/livez/serializable_read?verbose", "/livez/nothing",
		"/readyz", "/readyz?verbose", "/readyz?exclude=nothing&verbose", "/readyz?exclude=data_corruption", "/readyz/data_corruption", "/readyz/data_corruption?verbose",
		"/readyz/linearizable_read?verbose", "/readyz/non_learner", "PUT /readyz", "/version", "POST /version", "HEAD /version", "/", "/nothing", "/health/"}
	same(t, all, pageDeeds(paths...))
	for _, alarm := range []pb.AlarmType{pb.AlarmType_NOSPACE, pb.AlarmType_CORRUPT} {
		same(t, all, []deed{{what: "raise", do: func(s *subject) (any, error) {
			return s.care.Alarm(s.ctx, &pb.AlarmRequest{Action: raise, MemberID: 7, Alarm: alarm})
		}}})
		same(t, all, pageDeeds(paths...))
		same(t, all, []deed{{what: "disarm", do: func(s *subject) (any, error) {
			return s.care.Alarm(s.ctx, &pb.AlarmRequest{Action: disarm, MemberID: 7, Alarm: alarm})
		}}})
	}
}
