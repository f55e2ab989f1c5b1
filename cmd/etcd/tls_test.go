package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority signs certificates for a test.
type authority struct {
	t    testing.TB
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.file, _ = a.sign("ca", func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage, c.SubjectKeyId = true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign, []byte{1}
	})
	return a
}

// sign makes a certificate for this machine with that common name and gives the files of it and of its key. The first
// one signs itself and then the others.
func (a *authority) sign(name string, change func(*x509.Certificate)) (certFile, keyFile string) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		a.t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}}
	if change != nil {
		change(c)
	}
	if a.cert == nil {
		a.cert, a.key = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(a.dir, name+".crt"), filepath.Join(a.dir, name+".key")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "EC PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
	return certFile, keyFile
}

func TestTLSForClientsAndPeers(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	cert, key := ca.sign("member", nil)
	c := form(t, 3, "https", "--cert-file="+cert, "--key-file="+key, "--client-cert-auth", "--trusted-ca-file="+ca.file,
		"--peer-cert-file="+cert, "--peer-key-file="+key, "--peer-client-cert-auth", "--peer-trusted-ca-file="+ca.file, "--bcrypt-cost=4").start()
	annCert, annKey := ca.sign("ann", nil)
	ann := c.as("--cacert="+ca.file, "--cert="+annCert, "--key="+annKey)
	ann.says("OK", "put", "a", "1")
	for _, m := range c.members {
		ann.at(m).says("a\n1", "get", "a")
	}
	if got := ann.ctl("member", "list"); strings.Count(got, "https://") != 6 {
		t.Errorf("member list writes %s", got)
	}

	t.Run("who has no certificate is refused", func(t *testing.T) {
		c.as("--cacert="+ca.file, "--command-timeout=500ms").refused("", "get", "a")
		m := c.members[0]
		eventually(t, "the handshake is logged", func() bool { return strings.Contains(m.said(), "rejected connection on client endpoint") })
		strangeCert, strangeKey := stranger.sign("ann", nil)
		c.as("--cacert="+ca.file, "--cert="+strangeCert, "--key="+strangeKey, "--command-timeout=500ms").refused("", "get", "a")
	})
	t.Run("the common name is the user", func(t *testing.T) {
		ann.ctl("user", "add", "root", "--new-user-password=top")
		ann.ctl("user", "grant-role", "root", "root")
		ann.ctl("user", "add", "ann", "--no-password")
		ann.ctl("role", "add", "reader")
		ann.ctl("role", "grant-permission", "reader", "read", "a")
		ann.ctl("user", "grant-role", "ann", "reader")
		ann.ctl("auth", "enable")
		ann.says("a\n1", "get", "a")
		ann.refused("etcdserver: permission denied", "put", "a", "2")
		ann.as("--user=root:top").ctl("auth", "disable")
		ann.says("OK", "put", "a", "2")
	})
	t.Run("a stranger is no peer", func(t *testing.T) {
		strangeCert, strangeKey := stranger.sign("member", nil)
		for name, pair := range map[string][]string{"without a certificate": nil, "with one of another authority": {strangeCert, strangeKey}} {
			config := &tls.Config{InsecureSkipVerify: true}
			if pair != nil {
				own, err := tls.LoadX509KeyPair(pair[0], pair[1])
				if err != nil {
					t.Fatal(err)
				}
				config.Certificates = []tls.Certificate{own}
			}
			conn, err := tls.Dial("tcp", strings.TrimPrefix(c.members[0].peer, "https://"), config)
			if err == nil { // in TLS 1.3 the client hears of it when it reads
				_ = conn.SetReadDeadline(time.Now().Add(patience))
				_, err = conn.Read(make([]byte, 1))
				conn.Close()
			}
			if err == nil || !strings.Contains(err.Error(), "tls: ") {
				t.Errorf("%s a peer's port says %v", name, err)
			}
		}
	})
	t.Run("new certificates are taken from the files", func(t *testing.T) {
		m := c.members[2]
		before := serial(t, m, ca)
		ca.sign("member", nil) // over the old ones
		if after := serial(t, m, ca); after == before {
			t.Errorf("%s still shows the certificate %s", m.name, before)
		}
		ann.at(m).says("OK", "put", "a", "3")
	})
}

// serial is that of the certificate which a member shows to clients.
func serial(t testing.TB, m *member, ca *authority) string {
	t.Helper()
	certFile, keyFile := ca.sign("look", nil)
	own, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := tls.Dial("tcp", strings.TrimPrefix(m.client, "https://"), &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{own}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

func TestAutoTLS(t *testing.T) {
	t.Parallel()
	c := form(t, 1, "https", "--auto-tls", "--peer-auto-tls", "--heartbeat-interval=20", "--election-timeout=100").start()
	me := c.as("--insecure-skip-tls-verify", "--insecure-transport=false")
	me.says("OK", "put", "a", "1")
	c.members[0].stop()
	c.members[0].ready()
	me.says("a\n1", "get", "a")
}

// revoke writes a list that has one certificate.
func (a *authority) revoke(certFile string) (list string) {
	a.t.Helper()
	text, err := os.ReadFile(certFile)
	if err != nil {
		a.t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		a.t.Fatal(err)
	}
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: cert.SerialNumber, RevocationTime: time.Now()}}}, a.cert, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	list = filepath.Join(a.dir, "revoked")
	if err := os.WriteFile(list, der, 0o600); err != nil {
		a.t.Fatal(err)
	}
	return list
}

func TestWhatTLSTakes(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	cert, key := ca.sign("member", nil)
	goodCert, goodKey := ca.sign("good", func(c *x509.Certificate) { c.DNSNames = []string{"client.example"} })
	lostCert, lostKey := ca.sign("lost", func(c *x509.Certificate) { c.DNSNames = []string{"client.example"} })
	otherCert, otherKey := ca.sign("other", nil)
	c := form(t, 1, "https", append(quick, "--cert-file="+cert, "--key-file="+key, "--client-cert-auth", "--trusted-ca-file="+ca.file,
		"--peer-cert-file="+cert, "--peer-key-file="+key, "--peer-trusted-ca-file="+ca.file, "--client-crl-file="+ca.revoke(lostCert),
		"--client-cert-allowed-hostname=client.example", "--tls-max-version=TLS1.2", "--cipher-suites=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")...).start()
	all := c.as("--cacert="+ca.file, "--command-timeout=500ms")
	all.as("--cert="+goodCert, "--key="+goodKey).says("OK", "put", "a", "1")
	all.as("--cert="+lostCert, "--key="+lostKey).refused("", "get", "a")
	all.as("--cert="+otherCert, "--key="+otherKey).refused("", "get", "a")
	m := c.members[0]
	for _, want := range []string{"revoked", "client certificate authentication failed"} { // the second is of the name
		if !strings.Contains(m.said(), want) {
			t.Errorf("the log does not say %q", want)
		}
	}
	own, err := tls.LoadX509KeyPair(goodCert, goodKey)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := tls.Dial("tcp", strings.TrimPrefix(m.client, "https://"), &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{own}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if s := conn.ConnectionState(); s.Version != tls.VersionTLS12 || s.CipherSuite != tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 {
		t.Errorf("TLS is agreed on as %x with %s", s.Version, tls.CipherSuiteName(s.CipherSuite))
	}
}
