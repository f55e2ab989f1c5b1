package peer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"go.etcd.io/etcd/client/pkg/v3/transport"
)

// maxList bounds the list of members that another process tells, in bytes.
const maxList = 1 << 20

// ErrEtcd says that a peer URL belongs to an etcd.
var ErrEtcd = errors.New("an etcd answers there: a quorumlab node cannot join an etcd's cluster, nor an etcd a quorumlab's; " +
	"to move to quorumlab take a snapshot with etcdctl snapshot save and start new members from it")

// Members asks the member at a peer URL who is a member of its cluster.
func Members(ctx context.Context, to string, tls transport.TLSInfo) (r Roster, err error) {
	u, err := url.Parse(to)
	if err != nil {
		return r, fmt.Errorf("the peer URL %q cannot be read: %w", to, err)
	}
	d, err := newDialer(tls)
	if err != nil {
		return r, err
	}
	connect := func(ctx context.Context, _, _ string) (net.Conn, error) { return d.connect(ctx, u) }
	over := &http.Transport{DialContext: connect, DialTLSContext: connect, DisableKeepAlives: true}
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://peer/members", http.NoBody)
	if err != nil {
		return r, err
	}
	q.Host = u.Host
	answer, err := (&http.Client{Transport: over}).Do(q)
	if err != nil {
		var outer *url.Error
		if errors.As(err, &outer) {
			err = outer.Err // it names our stand-in for the host
		}
		return r, fmt.Errorf("%s/members could not be asked: %w", to, err)
	}
	r, err = readRoster(answer)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return r, fmt.Errorf("%s/members: %w", to, err)
	}
	return r, nil
}

func readRoster(answer *http.Response) (r Roster, err error) {
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxList+1))
	switch {
	case err != nil:
		return r, err
	case len(body) > maxList:
		return r, fmt.Errorf("the list is longer than %d MiB; is this a peer URL?", maxList>>20)
	case answer.StatusCode != http.StatusOK:
		return r, fmt.Errorf("the answer is %s (%.100s); is this a peer URL?", answer.Status, strings.TrimSpace(string(body)))
	}
	if r.Cluster, err = strconv.ParseUint(answer.Header.Get(clusterHeader), 16, 64); err != nil {
		return r, fmt.Errorf("the answer does not name its cluster (%s: %q); is this a peer URL?", clusterHeader, answer.Header.Get(clusterHeader))
	}
	if err := json.Unmarshal(body, &r.Members); err != nil {
		return r, fmt.Errorf("the answer is no list of members; is this a peer URL? (%w)", err)
	}
	for _, m := range r.Members {
		if m.Node == 0 {
			return r, ErrEtcd
		}
	}
	return r, nil
}
