package peer

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"go.uber.org/zap"
)

// named lets in who connects from where its certificate says, as etcd does between members: its addresses or host names, if
// it has any.
func (t *Transport) named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 && !t.o.TLS.SkipClientSANVerify {
			if err := livesThere(r.Context(), r.TLS.PeerCertificates[0], r.RemoteAddr); err != nil {
				t.o.Log.Warn("a peer was refused", zap.String("remote-addr", r.RemoteAddr), zap.Int("status", http.StatusForbidden), zap.Error(err))
				http.Error(w, err.Error(), http.StatusForbidden)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func livesThere(ctx context.Context, c *x509.Certificate, from string) error {
	host, _, err := net.SplitHostPort(from)
	if err != nil || len(c.IPAddresses)+len(c.DNSNames) == 0 || len(c.IPAddresses) > 0 && c.VerifyHostname(host) == nil {
		return nil // over a unix socket nobody has an address
	}
	for _, name := range c.DNSNames {
		if isCalled(ctx, host, name) {
			return nil
		}
	}
	return fmt.Errorf("the certificate is for %v%q, not for %s, from where it came; give it a certificate with that address", c.IPAddresses, c.DNSNames, host)
}

// isCalled says whether a name belongs to an address. One with an asterisk does if the address has a name like that.
func isCalled(ctx context.Context, address, name string) bool {
	if zone, many := strings.CutPrefix(name, "*"); many {
		names, err := net.DefaultResolver.LookupAddr(ctx, address)
		return err == nil && slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(strings.TrimSuffix(n, "."), zone) })
	}
	all, err := net.DefaultResolver.LookupHost(ctx, name)
	return err == nil && slices.Contains(all, address)
}
