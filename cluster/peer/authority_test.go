package peer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
)

// certifier makes certificates.
type certifier struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	next int64
	info transport.TLSInfo // of a member: a certificate for 127.0.0.1, and whoever connects needs one too
}

func authority(t *testing.T) *certifier {
	t.Helper()
	c := &certifier{t: t, dir: t.TempDir(), next: 1}
	c.cert = &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	c.key = newKey(t)
	ca := c.write("ca.pem", "CERTIFICATE", c.sign(c.cert, &c.key.PublicKey))
	c.info = c.member("member", "127.0.0.1")
	c.info.TrustedCAFile, c.info.ClientCertAuth = ca, true
	return c
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (c *certifier) sign(template *x509.Certificate, key *ecdsa.PublicKey) []byte {
	c.t.Helper()
	b, err := x509.CreateCertificate(rand.Reader, template, c.cert, key, c.key)
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

func (c *certifier) write(name, kind string, b []byte) string {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return path
}

// member writes a certificate for an address.
func (c *certifier) member(name, ip string) transport.TLSInfo {
	c.t.Helper()
	c.next++
	key := newKey(c.t)
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		c.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(c.next), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(ip)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	return transport.TLSInfo{CertFile: c.write(name+".pem", "CERTIFICATE", c.sign(template, &key.PublicKey)), KeyFile: c.write(name+"-key.pem", "EC PRIVATE KEY", der)}
}
