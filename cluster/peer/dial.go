package peer

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/raft"
	"go.etcd.io/etcd/client/pkg/v3/transport"

	"github.com/quorumlab/quorumlab/cluster/node"
)

// keepAlive finds machines that vanished: after 15 s of silence on a connection.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 5}

// Refusal is another member's answer that it does not talk to this one.
type Refusal struct {
	URL    string
	Status int    // HTTP's: 412 another cluster, 410 this member was removed, 404 not the one that was called, 409 this member is not who it says
	Why    string // a sentence
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("%s refused this member (%d %s): %s", r.URL, r.Status, http.StatusText(r.Status), r.Why)
}

// final says that no other URL of the same member helps.
func (r *Refusal) final() bool {
	return r.Status == http.StatusGone || r.Status == http.StatusPreconditionFailed
}

// dialer connects to peer URLs.
type dialer struct {
	net.Dialer
	tls *tls.Config
}

func newDialer(info transport.TLSInfo) (*dialer, error) {
	c, err := info.ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("the certificates for peers cannot be used: %w", err)
	}
	c.NextProtos = nil // HTTP/1.1, which can be upgraded
	d := &dialer{Dialer: net.Dialer{KeepAliveConfig: keepAlive}, tls: c}
	if ip := net.ParseIP(info.LocalAddr); ip != nil {
		d.LocalAddr = &net.TCPAddr{IP: ip}
	}
	return d, nil
}

// connect makes a connection to a peer URL: with TLS if it is https.
func (d *dialer) connect(ctx context.Context, u *url.URL) (net.Conn, error) {
	network, address := "tcp", u.Host
	if u.Scheme == "unix" || u.Scheme == "unixs" {
		network, address = "unix", u.Host+u.Path
	}
	c, err := d.DialContext(ctx, network, address)
	if err != nil || u.Scheme == "http" || u.Scheme == "unix" {
		return c, err
	}
	config := d.tls
	if config.ServerName == "" {
		config = config.Clone()
		config.ServerName = u.Hostname()
	}
	secure := tls.Client(c, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(explained(err), closeFailed(c))
	}
	return secure, nil
}

// closeFailed closes a connection that came to nothing.
func closeFailed(c net.Conn) error {
	_ = c.Close() // why it came to nothing is already known
	return nil
}

func explained(err error) error {
	var plain tls.RecordHeaderError
	if errors.As(err, &plain) {
		return fmt.Errorf("it does not speak TLS; is its peer URL http, not https, or is it without certificates? (%w)", err)
	}
	return fmt.Errorf("TLS was not agreed on: %w", err)
}

// dial connects to the member whose place is a, by the first of its URLs that answers.
func (t *Transport) dial(a raft.ServerAddress, protocol string, timeout time.Duration) (*stream, error) {
	place, err := node.ParsePlace(a)
	if err != nil {
		return nil, err
	}
	var failed []string
	deadline := time.Now().Add(timeout)
	for i, u := range place.URLs {
		share := time.Until(deadline) / time.Duration(len(place.URLs)-i)
		s, err := t.knock(u, place.Member, protocol, time.Now().Add(share))
		if err == nil {
			return s, nil
		}
		var r *Refusal
		if errors.As(err, &r) && r.final() {
			if r.Status == http.StatusGone {
				t.o.Removed(r)
			}
			return nil, r
		}
		failed = append(failed, err.Error())
	}
	return nil, fmt.Errorf("member %x cannot be reached: %s", place.Member, strings.Join(failed, "; "))
}

// knock connects to one URL and has the connection upgraded.
func (t *Transport) knock(to string, member uint64, protocol string, deadline time.Time) (*stream, error) {
	u, err := url.Parse(to)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithDeadline(t.context, deadline)
	defer cancel()
	c, err := t.streams.dialer.connect(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", to, err)
	}
	inTime := context.AfterFunc(ctx, func() { _ = c.Close() }) // what waits for it fails
	early, err := t.introduce(c, to, member, protocol)
	if !inTime() {
		err = fmt.Errorf("%s did not answer within the time; does it stand still? (%w)", to, context.Cause(ctx))
	}
	if err != nil {
		return nil, errors.Join(err, closeFailed(c))
	}
	s, ok := t.streams.wrap(c, early, 0)
	if !ok {
		return nil, net.ErrClosed
	}
	return s, nil
}

// introduce says who calls whom, and reads whether that is welcome. What came behind the answer is returned.
func (t *Transport) introduce(c net.Conn, to string, member uint64, protocol string) (early []byte, err error) {
	r, err := http.NewRequest(http.MethodGet, "http://peer"+prefix+protocol, http.NoBody)
	if err != nil {
		return nil, err
	}
	caller{cluster: t.o.Cluster, member: t.o.Member, node: t.o.Self, to: member}.write(r.Header)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", protocol)
	if err := r.Write(c); err != nil {
		return nil, fmt.Errorf("%s: %w", to, err)
	}
	b := bufio.NewReader(io.LimitReader(c, maxHeader))
	answer, err := http.ReadResponse(b, r)
	if err != nil {
		return nil, fmt.Errorf("%s does not answer as a member does; is it one, and is its peer URL http where it should be https? (%w)", to, err)
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		why, _ := io.ReadAll(answer.Body) // as far as it came
		return nil, &Refusal{URL: to, Status: answer.StatusCode, Why: strings.TrimSpace(string(why))}
	}
	if answer.Header.Get("Upgrade") != protocol {
		return nil, fmt.Errorf("%s offers %q where %s was asked for; run the same version on all members", to, answer.Header.Get("Upgrade"), protocol)
	}
	early = make([]byte, b.Buffered())
	_, err = io.ReadFull(b, early)
	return early, err
}
