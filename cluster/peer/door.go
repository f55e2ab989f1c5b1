package peer

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/version"
	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.uber.org/zap"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// What connections are upgraded to. A new version of one has a new name.
const (
	prefix        = "/quorumlab/"
	raftProtocol  = "quorumlab-raft-1"
	callsProtocol = "quorumlab-calls-1"
)

// maxHeader bounds what is read of a request, and of an answer to one, before the upgrade.
const maxHeader = 16 << 10

// secured puts TLS on the listeners if there are certificates.
func secured(o Options) ([]net.Listener, error) {
	if o.TLS.Empty() {
		return o.Listeners, nil
	}
	info := o.TLS
	failed := info.HandshakeFailure
	info.HandshakeFailure = func(c *tls.Conn, err error) {
		o.Log.Warn("a peer was refused: TLS was not agreed on; does it use https, and a certificate of the same authority?",
			zap.String("remote-addr", c.RemoteAddr().String()), zap.Error(err))
		if failed != nil {
			failed(c, err)
		}
	}
	var all []net.Listener
	for _, l := range o.Listeners {
		secure, err := transport.NewTLSListener(l, &info)
		if err != nil {
			return nil, fmt.Errorf("the certificates for peers cannot be used: %w", err)
		}
		all = append(all, secure)
	}
	return all, nil
}

func (t *Transport) newServer() *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /members", t.membersPage)
	mux.HandleFunc("GET /version", t.versionPage)
	mux.HandleFunc("GET "+prefix+raftProtocol, t.upgrade(raftProtocol, func(_ event.NodeID, s *stream) { t.streams.give(s) }))
	mux.HandleFunc("GET "+prefix+callsProtocol, t.upgrade(callsProtocol, t.answerCalls))
	return &http.Server{Handler: t.named(mux), ReadTimeout: t.o.Timeout, WriteTimeout: t.o.Timeout, IdleTimeout: t.o.Timeout,
		MaxHeaderBytes: maxHeader, ErrorLog: log.New(complaints{t.o.Log}, "", 0)}
}

// complaints are what net/http says of connections that go wrong.
type complaints struct{ to *zap.Logger }

func (c complaints) Write(line []byte) (int, error) {
	c.to.Warn(strings.TrimSpace(string(line)))
	return len(line), nil
}

// membersPage is etcd's, with our numbers.
func (t *Transport) membersPage(w http.ResponseWriter, _ *http.Request) {
	r := t.o.Roster()
	w.Header().Set(clusterHeader, strconv.FormatUint(r.Cluster, 16))
	t.writeJSON(w, r.Members)
}

func (t *Transport) versionPage(w http.ResponseWriter, _ *http.Request) {
	v := version.Versions{Server: version.Version, Cluster: version.Cluster(version.Version) + ".0", Storage: "unknown"}
	if t.o.Storage != nil {
		v.Storage = t.o.Storage()
	}
	t.writeJSON(w, v)
}

func (t *Transport) writeJSON(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(body); err != nil {
		t.o.Log.Debug("who asked has gone away", zap.Error(err))
	}
}

// upgrade makes an HTTP request into a stream, if the caller is welcome.
func (t *Transport) upgrade(protocol string, take func(event.NodeID, *stream)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(clusterHeader, strconv.FormatUint(t.o.Cluster, 16))
		w.Header().Set("Connection", "close") // after a refusal
		if r.Header.Get("Upgrade") != protocol || r.ProtoMajor != 1 {
			w.Header().Set("Upgrade", protocol)
			http.Error(w, "only members of the cluster talk here, in "+protocol, http.StatusUpgradeRequired)
			return
		}
		c, err := readCaller(r.Header)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if refusal := t.refused(c, protocol == callsProtocol); refusal != nil {
			t.o.Log.Warn("a peer was refused", zap.String("remote-addr", r.RemoteAddr), zap.Int("status", refusal.Status), zap.String("reason", refusal.Why))
			http.Error(w, refusal.Why, refusal.Status)
			return
		}
		s, err := t.hijack(w, protocol, c.member)
		if err != nil {
			t.o.Log.Warn("a peer's connection was lost", zap.String("remote-addr", r.RemoteAddr), zap.Error(err))
			return
		}
		take(c.node, s)
	}
}

// hijack takes the connection from net/http and agrees to the upgrade. What the caller sent behind its request is kept.
func (t *Transport) hijack(w http.ResponseWriter, protocol string, member uint64) (*stream, error) {
	c, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, err
	}
	early := make([]byte, buffered.Reader.Buffered())
	if _, err := io.ReadFull(buffered.Reader, early); err != nil {
		return nil, errors.Join(err, closeFailed(c))
	}
	if err := errors.Join(c.SetDeadline(time.Time{}), keepAlong(c)); err != nil {
		return nil, errors.Join(err, closeFailed(c))
	}
	s, ok := t.streams.wrap(c, early, member)
	if !ok {
		return nil, net.ErrClosed
	}
	_, err = fmt.Fprintf(s, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", protocol)
	if err != nil {
		_ = s.Close()
	}
	return s, err
}

// keepAlong has the system find out when the other machine has vanished.
func keepAlong(c net.Conn) error {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		return tcp.SetKeepAliveConfig(keepAlive)
	}
	return nil
}
