package etcdapi_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/quorumlab/quorumlab/cluster/etcdapi"
	"github.com/quorumlab/quorumlab/cluster/server"
)

// Other limits than etcd's defaults are kept like etcd keeps them.
func TestLimitsAreEtcds(t *testing.T) {
	t.Parallel()
	all := []*subject{meet(t, realEtcd, startEtcd(t, "--max-txn-ops=2", fmt.Sprint("--max-request-bytes=", 4*mebibyte))),
		meet(t, process, startMember(t, func(c *server.Config) { c.MaxTxnOps, c.MaxRequestBytes = 2, 4*mebibyte }))}
	same(t, all, []deed{
		{what: "two operations", do: then(puts(2)...)},
		{what: "three", do: then(puts(3)...)},
		{what: "3 MiB", do: put(&pb.PutRequest{Key: k, Value: make([]byte, 3*mebibyte)})},
		{what: "4 MiB", do: put(&pb.PutRequest{Key: k, Value: make([]byte, 4*mebibyte)})},
		{what: "4.5 MiB", do: put(&pb.PutRequest{Key: k, Value: make([]byte, 9*mebibyte/2)})},
	})
}

// A full store refuses what would make it larger before it is written anywhere, says so to all, and goes on when there is
// room again.
func TestQuota(t *testing.T) {
	t.Parallel()
	const quota = 8 * mebibyte
	for _, s := range []*subject{meet(t, realEtcd, startEtcd(t, fmt.Sprint("--quota-backend-bytes=", quota))),
		meet(t, process, startMember(t, func(c *server.Config) { c.Quota = quota }))} {
		var err error
		last := 0
		for ; err == nil && last < 20; last++ {
			_, err = s.kv.Put(s.ctx, &pb.PutRequest{Key: fmt.Append(nil, last), Value: make([]byte, mebibyte)})
		}
		noSpace := "ResourceExhausted: etcdserver: mvcc: database space exceeded"
		if got := heard(nil, err); got != noSpace {
			t.Fatalf("%s: the put that finds no room: %s", s.kind, got)
		}
		for _, d := range []deed{{what: "put", do: put(&pb.PutRequest{Key: k})}, {what: "txn", do: then(opPut("k"))}, {what: "grant", do: grant(1, 100)}} {
			if got := heard(d.do(s)); got != noSpace {
				t.Errorf("%s: %s: %s", s.kind, d.what, got)
			}
		}
		// The first one may have been written all the same, as the file may have grown after it was let into the log.
		got, err := s.kv.Range(s.ctx, &pb.RangeRequest{Key: k})
		if err != nil || got.Count != 0 {
			t.Errorf("%s: a put that was refused while the alarm was on is there: %v, %v", s.kind, got.GetCount(), err)
		}
		alarms, err := s.care.Alarm(s.ctx, &pb.AlarmRequest{})
		if err != nil || len(alarms.Alarms) != 1 || alarms.Alarms[0].MemberID != s.first().ID {
			t.Errorf("%s: the alarms are %v, %v", s.kind, alarms, err)
		}
		deleted, err := s.kv.DeleteRange(s.ctx, &pb.DeleteRangeRequest{Key: nul, RangeEnd: nul})
		if err != nil {
			t.Fatalf("%s: deleting all: %v", s.kind, err)
		}
		for _, do := range []func(*subject) (any, error){
			// Counting the puts would not tell the revision: one more was made if the first that was refused was written.
			compaction(&pb.CompactionRequest{Revision: deleted.Header.Revision, Physical: true}),
			func(s *subject) (any, error) { return s.care.Defragment(s.ctx, &pb.DefragmentRequest{}) },
			func(s *subject) (any, error) {
				return s.care.Alarm(s.ctx, &pb.AlarmRequest{Action: disarm, MemberID: s.first().ID, Alarm: pb.AlarmType_NOSPACE})
			}, put(&pb.PutRequest{Key: k})} {
			if _, err := do(s); err != nil {
				t.Errorf("%s: making room: %v", s.kind, err)
			}
		}
	}
}

// Tokens that are signed are etcd's, too: each takes those of the other.
func TestSignedTokens(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"private": {Type: "PRIVATE KEY", Bytes: private}, "public": {Type: "PUBLIC KEY", Bytes: public}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tokens := "jwt,pub-key=" + filepath.Join(dir, "public") + ",priv-key=" + filepath.Join(dir, "private") + ",sign-method=ES256,ttl=10m"
	all := []*subject{meet(t, realEtcd, startEtcd(t, "--auth-token="+tokens)), meet(t, process, startMember(t, func(c *server.Config) { c.AuthToken = tokens }))}
	same(t, all, noAuthDeeds)
	same(t, all, userDeeds)
	all[0].kept["u"], all[1].kept["u"] = all[1].kept["u"], all[0].kept["u"]
	same(t, all, authDeeds)
}

// A client that does not read what it watches costs no more than the bounds, and hears of everything once it reads.
func TestWatchNobodyReads(t *testing.T) {
	t.Parallel()
	s := meet(t, process, startMember(t))
	stream, err := s.watch.Watch(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(create(&pb.WatchCreateRequest{Key: nul, RangeEnd: nul})); err != nil {
		t.Fatal(err)
	}
	if r, err := stream.Recv(); err != nil || !r.Created { // the last that it reads for now
		t.Fatalf("%v: %v", r, err)
	}
	const puts, at = 800, 64
	var all sync.WaitGroup
	for i := range at {
		all.Go(func() {
			for j := range puts / at {
				if _, err := s.kv.Put(s.ctx, &pb.PutRequest{Key: fmt.Append(nil, i), Value: bytes.Repeat([]byte{byte(j)}, 32<<10)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for next := int64(2); next < 2+puts/at*at; {
		r, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range r.Events {
			if e.Kv.ModRevision != next {
				t.Fatalf("it hears of revision %d, and %d comes next", e.Kv.ModRevision, next)
			}
			next++
		}
	}
}

// begun is a connection of HTTP/2 as gRPC's, without a client behind it.
type begun struct {
	*http2.Framer
	net.Conn
}

func (r *rig) begin(url string) begun {
	r.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	r.check(err)
	r.Cleanup(func() { _ = c.Close() })
	r.check(c.SetDeadline(time.Now().Add(patience)))
	_, err = io.WriteString(c, http2.ClientPreface)
	r.check(err)
	b := begun{http2.NewFramer(c, c), c}
	r.check(b.WriteSettings())
	return b
}

// open begins a call that stays open.
func (b begun) open(method string) error {
	var block bytes.Buffer
	e := hpack.NewEncoder(&block)
	for _, f := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":path", method}, {":authority", "here"}, {"content-type", "application/grpc"}, {"te", "trailers"}} {
		if err := e.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}); err != nil {
			return err
		}
	}
	return b.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true})
}

// A connection whose other end is gone without a word is closed; one whose other end answers stays.
func TestHalfOpenConnection(t *testing.T) {
	t.Parallel()
	r := open(t)
	url := strings.Replace(r.another(1, etcdapi.Options{KeepAliveEvery: time.Second, KeepAliveTimeout: 100 * time.Millisecond}), "https", "http", 1)
	s := meet(t, room, url)
	stream, err := s.watch.Watch(s.ctx)
	r.check(err)
	r.check(stream.Send(create(&pb.WatchCreateRequest{Key: k})))
	b := r.begin(url)
	pinged := false
	for {
		f, err := b.ReadFrame()
		if err != nil {
			if !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset") {
				t.Errorf("it ended with %v", err)
			}
			break
		}
		p, ok := f.(*http2.PingFrame)
		pinged = pinged || ok && !p.IsAck()
	}
	if !pinged {
		t.Error("nobody asked whether the other end is there")
	}
	_, err = s.kv.Put(s.ctx, &pb.PutRequest{Key: k})
	r.check(err)
	for events := 0; events == 0; {
		got, err := stream.Recv()
		r.check(err)
		events = len(got.Events)
	}
}

// A client that asks too often whether the server is there is sent away, and how often that is can be said.
func TestTooManyPings(t *testing.T) {
	t.Parallel()
	r := open(t)
	for least, away := range map[time.Duration]bool{time.Hour: true, time.Nanosecond: false} {
		b := r.begin(strings.Replace(r.another(1, etcdapi.Options{KeepAliveLeast: least, MaxStreams: 7}), "https", "http", 1))
		r.check(b.open("/etcdserverpb.Watch/Watch"))
		sent, acks, streams, gone := 0, 0, uint32(0), false
		for !gone && acks < 10 {
			if acks == sent {
				r.check(b.WritePing(false, [8]byte{byte(sent)}))
				sent++
			}
			f, err := b.ReadFrame()
			if errors.Is(err, io.EOF) {
				break
			}
			r.check(err)
			switch f := f.(type) {
			case *http2.PingFrame:
				acks++
			case *http2.GoAwayFrame:
				gone = string(f.DebugData()) == "too_many_pings"
			case *http2.SettingsFrame:
				if v, ok := f.Value(http2.SettingMaxConcurrentStreams); ok {
					streams = v
				}
			}
		}
		if gone != away || streams != 7 {
			t.Errorf("pings with at least %v between them: sent away %v; %d streams at once", least, gone, streams)
		}
	}
}

// A watch that wants to know where it stands is told as often as the server was told to.
func TestProgressInterval(t *testing.T) {
	t.Parallel()
	r := open(t)
	s := meet(t, room, strings.Replace(r.another(1, etcdapi.Options{ProgressEvery: 200 * time.Millisecond}), "https", "http", 1))
	stream, err := s.watch.Watch(s.ctx)
	r.check(err)
	r.check(stream.Send(create(&pb.WatchCreateRequest{Key: k, ProgressNotify: true})))
	r.check(stream.Send(create(&pb.WatchCreateRequest{Key: k})))
	for told := map[int64]int{}; told[0] < 3; {
		got, err := stream.Recv()
		r.check(err)
		if !got.Created {
			told[got.WatchId]++
			if got.WatchId != 0 || len(got.Events) != 0 || got.Header.Revision != 1 {
				t.Errorf("it was told %v", got)
			}
		}
	}
}
