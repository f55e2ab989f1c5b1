package etcdapi_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/authpb"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"golang.org/x/crypto/bcrypt"
	"google.golang.org/grpc/credentials"

	"github.com/quorumlab/quorumlab/cluster/etcdapi"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/server"
)

// authority signs certificates.
type authority struct {
	*testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{T: t, pool: x509.NewCertPool()}
	a.cert = &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotAfter: time.Now().Add(time.Hour)}
	signed := a.sign(a.cert)
	a.cert, a.key = signed.Leaf, signed.PrivateKey.(*ecdsa.PrivateKey)
	a.pool.AddCert(a.cert)
	return a
}

// sign makes a key and a certificate for it; the first one signs itself.
func (a *authority) sign(c *x509.Certificate) tls.Certificate {
	a.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	parent, by := a.cert, a.key
	if by == nil {
		by = key
	}
	var der []byte
	if err == nil {
		der, err = x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, by)
	}
	var leaf *x509.Certificate
	if err == nil {
		leaf, err = x509.ParseCertificate(der)
	}
	if err != nil {
		a.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func (a *authority) server() tls.Certificate {
	return a.sign(&x509.Certificate{SerialNumber: big.NewInt(2), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
}

// client is how somebody of that name connects; nobody has no certificate.
func (a *authority) client(name string) *tls.Config {
	c := &tls.Config{RootCAs: a.pool}
	if name != "" {
		c.Certificates = []tls.Certificate{a.sign(&x509.Certificate{SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})}
	}
	return c
}

// another serves a node once more, perhaps over TLS.
func (r *rig) another(id event.NodeID, o etcdapi.Options) string {
	r.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	r.check(err)
	o.Member, o.BcryptCost = r.room.Session(id), bcrypt.MinCost
	s := etcdapi.New(o)
	var served sync.WaitGroup
	served.Go(func() {
		if err := s.Serve(l); err != nil {
			r.Error(err)
		}
	})
	r.Cleanup(func() { s.Close(); served.Wait() })
	return "https://" + l.Addr().String()
}

func (r *rig) dial(url string, c *tls.Config, user string) (*clientv3.Client, error) {
	o := clientv3.Config{Endpoints: []string{url}, TLS: c, Logger: zap.NewNop(), DialTimeout: patience}
	if user != "" {
		o.Username, o.Password = user, user+"pw"
	}
	client, err := clientv3.New(o)
	if err == nil {
		r.Cleanup(func() { _ = client.Close() })
	}
	return client, err
}

// Over TLS one port serves gRPC and the pages, over either version of HTTP, and a client without a certificate where one
// is needed gets nothing.
func TestSecure(t *testing.T) {
	t.Parallel()
	r, a := open(t), newAuthority(t)
	open := r.another(1, etcdapi.Options{TLS: &tls.Config{Certificates: []tls.Certificate{a.server()}}})
	closed := r.another(1, etcdapi.Options{TLS: &tls.Config{Certificates: []tls.Certificate{a.server()}, ClientCAs: a.pool, ClientAuth: tls.RequireAndVerifyClientCert}})
	metrics := r.another(1, etcdapi.Options{PlainHTTP: true, TLS: &tls.Config{Certificates: []tls.Certificate{a.server()}}})
	for url, who := range map[string]string{open: "", closed: "me"} {
		c, err := r.dial(url, a.client(who), "")
		r.check(err)
		if _, err := c.Put(r.ctx, "k", "v"); err != nil {
			t.Errorf("a put over TLS: %v", err)
		}
	}
	for _, protocols := range [][]string{nil, {"http/1.1"}, {"h2", "http/1.1"}} {
		for url, paths := range map[string][]string{open: {"/health", "/version", "/metrics"}, metrics: {"/health", "/metrics", "/readyz"}} {
			conf := a.client("")
			conf.NextProtos = protocols
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: conf, ForceAttemptHTTP2: len(protocols) == 2}}
			for _, path := range paths {
				if code, major := fetch(r, client, url+path); code != http.StatusOK || len(protocols) == 2 && major != 2 {
					t.Errorf("%s as %v: %d over HTTP/%d", path, protocols, code, major)
				}
			}
			client.CloseIdleConnections()
		}
	}
	impatient, cancel := context.WithTimeout(r.ctx, time.Second)
	defer cancel()
	c, err := r.dial(closed, a.client(""), "")
	r.check(err)
	if _, err := c.Get(impatient, "k"); err == nil {
		t.Error("somebody without a certificate was answered")
	}
	c, err = r.dial(strings.Replace(open, "https", "http", 1), nil, "")
	r.check(err)
	if _, err := c.Get(impatient, "k"); err == nil {
		t.Error("somebody without TLS was answered")
	}
	if code, _ := fetch(r, &http.Client{Transport: &http.Transport{TLSClientConfig: a.client("")}}, metrics+"/version"); code != http.StatusNotFound {
		t.Errorf("the metrics URL has the version: %d", code)
	}
}

func fetch(r *rig, c *http.Client, url string) (code, major int) {
	r.Helper()
	q, err := http.NewRequestWithContext(r.ctx, http.MethodGet, url, nil)
	r.check(err)
	got, err := c.Do(q)
	r.check(err)
	defer got.Body.Close()
	_, err = io.Copy(io.Discard, got.Body)
	r.check(err)
	return got.StatusCode, got.ProtoMajor
}

// write puts a certificate and its key where flags and configurations name them.
func (a *authority) write(c tls.Certificate, cert, key string) {
	a.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err == nil {
		err = os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}), 0o600)
	}
	if err == nil {
		err = os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
	}
	if err != nil {
		a.Fatal(err)
	}
}

// A certificate names its user where that is asked for, as with etcd: with and without a token, with a name that nobody has,
// and with none.
func TestCertificateNamesUser(t *testing.T) {
	t.Parallel()
	a, dir := newAuthority(t), t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	a.write(tls.Certificate{Certificate: [][]byte{a.cert.Raw}, PrivateKey: a.key}, file("ca"), file("ca-key"))
	a.write(a.server(), file("cert"), file("key"))
	at := map[string]string{
		realEtcd: startEtcdWith(t, "https", "--cert-file="+file("cert"), "--key-file="+file("key"), "--trusted-ca-file="+file("ca"), "--client-cert-auth"),
		process: startMember(t, func(c *server.Config) {
			c.ListenClient[0].Scheme = "https"
			c.ClientTLS = transport.TLSInfo{CertFile: file("cert"), KeyFile: file("key"), TrustedCAFile: file("ca"), ClientCertAuth: true}
		}),
	}
	named := func(name string) (all []*subject) {
		for _, kind := range []string{realEtcd, process} {
			all = append(all, meetWith(t, kind, at[kind], credentials.NewTLS(a.client(name))))
		}
		return all
	}
	root := named("root")
	same(t, root, []deed{
		{what: "root, whose certificate is enough", do: func(s *subject) (any, error) {
			return s.users.UserAdd(s.ctx, &pb.AuthUserAddRequest{Name: "root", Options: &authpb.UserAddOptions{NoPassword: true}})
		}},
		{what: "u, who has a password too", do: addUser("", "u", "p")},
		{what: "role root", do: addRole("", "root")},
		{what: "give it", do: giveRole("", "root", "root")},
		{what: "role", do: addRole("", "r")},
		{what: "permit", do: permit("", "r", &authpb.Permission{PermType: authpb.READWRITE, Key: []byte("mine")})},
		{what: "give it", do: giveRole("", "u", "r")},
		{what: "enable", do: enable},
		{what: "u logs in at root's connection", do: login("u", "p")},
		{what: "root logs in without a password", do: login("root", "")},
	})
	nobody := func(s *subject) context.Context { return s.ctx }
	same(t, root, by("root by certificate, u by token", user("u")))
	same(t, root, by("root by certificate", nobody))
	same(t, named("u"), by("u by certificate", nobody))
	same(t, named("stranger"), by("a stranger by certificate", nobody))
	same(t, named("-"), by("a name that is a sign", token("made up.7")))
}
