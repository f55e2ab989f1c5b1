package store

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// A token that a key signed needs nobody to remember it.
func TestSignedTokens(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	inBubble(t, func(r *rig) {
		r.enableAuth()
		r.reopen(func() { r.o.Tokens = "jwt,sign-method=ES256,priv-key=" + file })
		m := r.must(nil, &pb.InternalRaftRequest{Authenticate: &pb.InternalAuthenticateRequest{Name: "root"}})
		token := m.(*pb.AuthenticateResponse).Token
		if strings.Count(token, ".") != 2 {
			t.Errorf("the token is %q", token)
		}
		r.reopen(nil)
		if err := r.s.Administrates(withToken(token)); err != nil {
			t.Errorf("after a restart the token is worth %v", err)
		}
		r.reopen(func() { r.o.Tokens = "" })
		if err := r.s.Administrates(withToken(token)); err == nil {
			t.Error("a store with simple tokens took a signed one")
		}
	})
	if _, err := Open(Options{Dir: t.TempDir(), Tokens: "paper"}); err == nil || !strings.Contains(err.Error(), `"paper"`) {
		t.Errorf("tokens of paper: %v", err)
	}
}

// The certificate of a connection names its user where no token does, if the store was told to believe it.
func TestCertificateNamesUser(t *testing.T) {
	state := tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{{Subject: pkix.Name{CommonName: "root"}}}}}
	from := peer.NewContext(metadata.NewIncomingContext(context.Background(), metadata.MD{}), &peer.Peer{AuthInfo: credentials.TLSInfo{State: state}})
	inBubble(t, func(r *rig) {
		_, user := r.enableAuth()
		if err := r.s.Administrates(from); err == nil {
			t.Error("a certificate counts though the store was not told so")
		}
		r.s.o.CertAuth = true
		if err := r.s.Administrates(from); err != nil {
			t.Errorf("the certificate of root is worth %v", err)
		}
		if err := r.s.Administrates(user); err == nil {
			t.Error("a user without certificate administrates")
		}
	})
}
