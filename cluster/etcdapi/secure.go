package etcdapi

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/credentials"
)

// handshakePatience is how long a TLS handshake may take, as with etcd.
const handshakePatience = 10 * time.Second

// offered is a connection before its handshake.
type offered struct {
	net.Conn
	browser bool // the client could speak HTTP/1.1 too: it may want pages
}

// offering notes of every connection, which has to be an *offered, what its client offers to speak.
func offering(c *tls.Config) *tls.Config {
	before := c.GetConfigForClient
	c = c.Clone()
	c.NextProtos = []string{"h2"} // Go lets clients of HTTP/1.1 alone in all the same
	c.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		h.Conn.(*offered).browser = slices.Contains(h.SupportedProtos, "http/1.1")
		if before != nil {
			return before(h)
		}
		return nil, nil
	}
	return c
}

// sortSecure shakes hands. What speaks nothing but HTTP/2 is a client of gRPC; all others are answered by the server of
// pages, which passes gRPC on.
func (s *splitter) sortSecure(c net.Conn) {
	o := &offered{Conn: c}
	t := tls.Server(o, s.tls)
	ctx, cancel := context.WithTimeout(context.Background(), handshakePatience)
	defer cancel()
	if err := t.HandshakeContext(ctx); err != nil {
		if s.failed != nil {
			s.failed(t, err)
		}
		t.Close()
		return
	}
	if t.ConnectionState().NegotiatedProtocol == "h2" && !o.browser {
		s.grpc.take(t)
	} else {
		s.http.take(t)
	}
}

// either answers calls of gRPC that come over a connection of the pages, and pages.
func (s *Server) either(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			s.grpc.ServeHTTP(w, r)
		} else {
			pages.ServeHTTP(w, r)
		}
	})
}

// handshaken tells gRPC of connections whose handshake the splitter made.
type handshaken struct{}

var errOnlyServes = errors.New("these are the credentials of a server")

func (handshaken) ServerHandshake(c net.Conn) (net.Conn, credentials.AuthInfo, error) {
	t, ok := c.(*tls.Conn)
	if !ok {
		return nil, nil, errors.New("the connection is not one of TLS")
	}
	return c, credentials.TLSInfo{State: t.ConnectionState(), CommonAuthInfo: credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}}, nil
}

func (handshaken) ClientHandshake(context.Context, string, net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, errOnlyServes
}

func (handshaken) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "tls"}
}

func (h handshaken) Clone() credentials.TransportCredentials { return h }

func (handshaken) OverrideServerName(string) error { return errOnlyServes }

// certified is a member at which the certificate of a client names its user.
type certified struct{ Member }
