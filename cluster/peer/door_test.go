package peer

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"go.etcd.io/etcd/client/pkg/v3/transport"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// silent is a connection without anything on it.
type silent struct{ net.Conn }

func (silent) Read([]byte) (int, error)         { return 0, io.EOF }
func (silent) SetReadDeadline(time.Time) error  { return nil }
func (silent) SetWriteDeadline(time.Time) error { return nil }

func TestWhoIsRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		adjust func(*Options) // of n1, who calls
		change func(*Roster)
		status int
		say    string
		both   bool // raft's messages too
	}{
		{"another cluster", func(o *Options) { o.Cluster = 0xc2 }, nil, 412, "cluster ID mismatch: member 12 is of cluster c1, and member 11, who called, of cluster c2", true},
		{"a removed member", nil, func(r *Roster) { r.Members, r.Removed = r.Members[1:], []uint64{0x11} }, 410, "the member 11 has been permanently removed from the cluster", true},
		{"somebody else lives there", nil, func(r *Roster) { r.Members[1].ID = 0x99 }, 404, "member 99 was called, but member 12 is here", true},
		{"on the list under another number", nil, func(r *Roster) { r.Members[0].Node = 7 }, 409, "the caller is member 11 and n1, but on the list n7 is member 11", true},
		{"on the list with another id", nil, func(r *Roster) { r.Members[0].ID = 0x77 }, 409, "but on the list n1 is member 77", true},
		{"a copy of itself", func(o *Options) { o.Member = 0x12 }, nil, 409, "two members been started on copies of one data directory", true},
		{"nobody knows it yet", nil, func(r *Roster) { r.Members = r.Members[1:] }, 404, "no member 11 is known here (yet)", false},
	} {
		t.Run(c.name, func(t *testing.T) { refuse(t, c.adjust, c.change, c.status, c.say, c.both) })
	}
}

func refuse(t *testing.T, adjust func(*Options), change func(*Roster), status int, say string, both bool) {
	var removed atomic.Int64
	r := newRig(t, 2, transport.TLSInfo{}, func(o *Options) {
		o.Removed = func(error) { removed.Add(1) }
		if o.Self == 1 && adjust != nil {
			adjust(o)
		}
	})
	r.peers[1].OnServe(echo)
	r.peers[1].OnGuard(func(any) (any, any) { return nil, &raft.RequestVoteResponse{} })
	if change != nil {
		r.change(change)
	}
	_, called := r.peers[0].Call(2, event.Forward, op(1), patience)
	voted := r.peers[0].RequestVote("n2", r.place(2), &raft.RequestVoteRequest{}, &raft.RequestVoteResponse{})
	if !both && voted != nil {
		t.Errorf("raft's messages: %v", voted)
	}
	for _, err := range []error{called, voted}[:map[bool]int{true: 2, false: 1}[both]] {
		if err == nil || !strings.Contains(err.Error(), say) || !strings.Contains(err.Error(), fmt.Sprint(status)) {
			t.Errorf("%v", err)
		}
	}
	if !Definite(called) {
		t.Error("the call was certainly not served, but that is not said")
	}
	if (removed.Load() > 0) != (status == http.StatusGone) {
		t.Errorf("who called heard %d times that it was removed", removed.Load())
	}
	if n := r.logs[1].FilterMessage("a peer was refused").Len(); n == 0 {
		t.Error("who refused does not log it")
	}
}

// A member that was removed while its connections were open loses them, and hears why when it comes again.
func TestARemovedMemberIsCutOff(t *testing.T) {
	removed := make(chan error, 100)
	r := newRig(t, 2, transport.TLSInfo{}, func(o *Options) {
		o.Removed = func(why error) {
			select {
			case removed <- why:
			default:
			}
		}
	})
	r.peers[1].OnServe(echo)
	r.peers[1].OnGuard(func(any) (any, any) { return nil, &raft.RequestVoteResponse{} })
	call := func() error { _, err := r.peers[0].Call(2, event.Forward, op(1), patience); return err }
	vote := func() error {
		return r.peers[0].RequestVote("n2", r.place(2), &raft.RequestVoteRequest{}, &raft.RequestVoteResponse{})
	}
	if err := errors.Join(call(), vote()); err != nil {
		t.Fatal(err)
	}
	r.change(func(l *Roster) { l.Members, l.Removed = l.Members[1:], []uint64{0x11} })
	for name, f := range map[string]func() error{"call": call, "vote": vote} {
		until(t, "a "+name+" is refused", func() bool {
			var refused *Refusal
			return errors.As(f(), &refused) && refused.Status == http.StatusGone
		})
	}
	if why := <-removed; !strings.Contains(why.Error(), "permanently removed") {
		t.Error(why)
	}
}

func TestMembersAndVersionAreAskedForAsAnEtcdIs(t *testing.T) {
	r := newRig(t, 2, transport.TLSInfo{}, nil)
	r.change(func(r *Roster) { r.Members[1].IsLearner, r.Members[1].Name = true, "" })
	got, err := Members(t.Context(), r.list().Members[0].PeerURLs[0], transport.TLSInfo{})
	if err != nil || !reflect.DeepEqual(got, r.list()) {
		t.Errorf("%+v, %v", got, err)
	}
	get := func(path string) (*http.Response, map[string]string) {
		a, err := http.Get(r.list().Members[0].PeerURLs[0] + path)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		var body map[string]string
		_ = json.NewDecoder(a.Body).Decode(&body)
		return a, body
	}
	if _, v := get("/version"); v["etcdserver"] != "3.7.3" || v["etcdcluster"] != "3.7.0" || v["storage"] != "unknown" {
		t.Errorf("%v", v)
	}
	if a, _ := get("/members"); a.Header.Get("X-Etcd-Cluster-ID") != "c1" {
		t.Errorf("%v", a.Header)
	}
	if a, _ := get(prefix + raftProtocol); a.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("without an upgrade: %v", a.Status)
	}
	if a, _ := get("/raft/stream"); a.StatusCode != http.StatusNotFound {
		t.Errorf("a path of etcd's own: %v", a.Status)
	}
}

func TestWhatIsNoMemberOfAQuorumlab(t *testing.T) {
	answer := func(cluster, body string, status int) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if cluster != "" {
				w.Header().Set("X-Etcd-Cluster-ID", cluster)
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	gone := listen(t)
	_ = gone.Close()
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		url  string
		say  string
	}{
		{"an etcd", t.Context(), answer("cdf818194e3a8c32", `[{"id":10276657743932975437,"peerURLs":["http://localhost:2380"],"name":"default","clientURLs":["http://localhost:2379"]}]`, 200), "an etcd answers there"},
		{"a web site", t.Context(), answer("", "<html>", 200), "is this a peer URL?"},
		{"one of a cluster that is no list", t.Context(), answer("c1", "<html>", 200), "is no list of members"},
		{"not found", t.Context(), answer("c1", "404 page not found", 404), "the answer is 404 Not Found (404 page not found)"},
		{"too long", t.Context(), answer("c1", strings.Repeat(" ", maxList+1), 200), "longer than 1 MiB"},
		{"nobody", t.Context(), "http://" + gone.Addr().String(), "connection refused"},
		{"one that says nothing", short, "http://" + mute(t).Addr().String(), "context deadline exceeded"},
		{"no URL", t.Context(), "http://%", "cannot be read"},
	} {
		_, err := Members(c.ctx, c.url, transport.TLSInfo{})
		if err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: %v", c.name, err)
		}
		if errors.Is(err, ErrEtcd) != (c.name == "an etcd") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestTLS(t *testing.T) {
	ours, other := authority(t), authority(t)
	r := newRig(t, 2, ours.info, nil)
	r.peers[1].OnServe(echo)
	call := func() error {
		_, err := r.peers[0].Call(2, event.Forward, op(1), patience)
		return err
	}
	if err := call(); err != nil {
		t.Fatal(err)
	}
	url := r.list().Members[1].PeerURLs[0]
	if got, err := Members(t.Context(), url, ours.info); err != nil || len(got.Members) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	info := ours.info
	config, err := info.ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	for _, two := range []bool{false, true} { // what the client of an etcd or curl may speak
		over := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: two, DisableKeepAlives: !two}
		a, err := (&http.Client{Transport: over}).Get(url + "/members")
		if err != nil || a.StatusCode != http.StatusOK || (a.ProtoMajor == 2) != two {
			t.Errorf("HTTP/2 %v: %+v, %v", two, a, err)
		}
		if err == nil {
			_ = a.Body.Close()
		}
		over.CloseIdleConnections()
	}
	foreign := other.member("foreign", "127.0.0.1")
	foreign.TrustedCAFile = ours.info.TrustedCAFile
	elsewhere := ours.member("elsewhere", "127.9.9.9")
	elsewhere.TrustedCAFile = ours.info.TrustedCAFile
	for _, c := range []struct {
		name string
		url  string
		info transport.TLSInfo
		say  string
	}{
		{"no certificate", url, transport.TLSInfo{TrustedCAFile: ours.info.TrustedCAFile}, "certificate required"},
		{"of an authority that is not trusted", url, foreign, "tls: "},
		{"for another address", url, elsewhere, "403"},
		{"who trusts another authority", url, transport.TLSInfo{TrustedCAFile: other.info.TrustedCAFile}, "certificate signed by unknown authority"},
		{"without TLS", strings.Replace(url, "https", "http", 1), transport.TLSInfo{}, "could not be asked"},
	} {
		if _, err := Members(t.Context(), c.url, c.info); err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if n := r.logs[1].FilterMessageSnippet("TLS was not agreed on").Len(); n == 0 {
		t.Error("who refused does not log it")
	}
	r.change(func(l *Roster) { l.Members[1].PeerURLs = []string{strings.Replace(url, "https", "http", 1)} })
	for _, d := range r.peers[1].allDesks() {
		_ = d.s.Close()
	}
	until(t, "the link has noticed", func() bool {
		err := call()
		return Definite(err) && strings.Contains(err.Error(), "is its peer URL http where it should be https?")
	})
}

func TestTLSAgainstAPlainMember(t *testing.T) {
	ours := authority(t)
	r := newRig(t, 2, transport.TLSInfo{}, func(o *Options) {
		if o.Self == 1 {
			o.TLS = ours.info
		}
	})
	r.change(func(l *Roster) {
		l.Members[1].PeerURLs = []string{strings.Replace(l.Members[1].PeerURLs[0], "http", "https", 1)}
	})
	_, err := r.peers[0].Call(2, event.Forward, op(1), patience)
	if !Definite(err) || !strings.Contains(err.Error(), "it does not speak TLS") {
		t.Fatal(err)
	}
}

// Certificates are read anew for every connection, so that they can be renewed while members run.
func TestCertificatesAreReloaded(t *testing.T) {
	ours := authority(t)
	r := newRig(t, 1, ours.info, nil)
	serial := func() string {
		info := ours.info
		c, err := info.ClientConfig()
		if err != nil {
			t.Fatal(err)
		}
		conn, err := tls.Dial("tcp", r.peers[0].o.Listeners[0].Addr().String(), c)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	before := serial()
	ours.member("member", "127.0.0.1")
	if after := serial(); after == before {
		t.Errorf("the certificate is still number %s", after)
	}
}

func TestGarbage(t *testing.T) {
	r := newRig(t, 2, transport.TLSInfo{}, func(o *Options) { o.Timeout = 200 * time.Millisecond })
	r.peers[1].OnServe(echo)
	r.peers[1].OnGuard(nil)
	head := func(protocol string) string {
		return "GET " + prefix + protocol + " HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: " + protocol +
			"\r\nX-Etcd-Cluster-ID: c1\r\nX-Server-From: 11\r\nX-Raft-To: 12\r\nX-Quorumlab-Node: n1\r\n\r\n"
	}
	for _, c := range []struct{ name, send, answer string }{
		{"no HTTP", "\x00\x01\x02\x03\r\n\r\n", "400"},
		{"half a request", "GET /mem", ""},
		{"a header without end", "GET /members HTTP/1.1\r\nX: " + strings.Repeat("x", 1<<20), "431"},
		{"an upgrade without ids", "GET " + prefix + raftProtocol + " HTTP/1.1\r\nHost: x\r\nUpgrade: " + raftProtocol + "\r\n\r\n", "400"},
		{"an etcd that calls", strings.Replace(head(raftProtocol), "X-Quorumlab-Node: n1\r\n", "", 1), "400"},
		{"garbage behind the upgrade of raft", head(raftProtocol) + "\xffgarbage", "101"},
		{"half of a raft message", head(raftProtocol) + "\x01", "101"},
		{"garbage behind the upgrade of calls", head(callsProtocol) + strings.Repeat("\xff", 100), "101"},
		{"half of a call", head(callsProtocol) + "\x40\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01half", "101"},
		{"a call that asks nothing", head(callsProtocol) + string(endFrame(startFrame(nil, 1, request), 0)), "101"},
		{"a call that cannot be read", head(callsProtocol) + string(endFrame(append(startFrame(nil, 1, request), 1, 0xff, 0xff, 0xff), 0)), "101"},
	} {
		within(t, c.name, func() {
			conn, err := net.Dial("tcp", r.peers[1].o.Listeners[0].Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, c.send) // it may be cut off before all is sent
			all, _ := io.ReadAll(conn)          // until the other side closes it
			if !strings.Contains(strings.SplitN(string(all), "\r\n", 2)[0], c.answer) {
				t.Errorf("%s was answered with %q, not %s", c.name, all, c.answer)
			}
		})
	}
	if _, err := r.peers[0].Call(2, event.Forward, op(1), patience); err != nil {
		t.Errorf("after all that: %v", err)
	}
}

// What came in one piece with the request for the upgrade is not lost.
func TestBytesBehindTheUpgradeCount(t *testing.T) {
	r := newRig(t, 2, transport.TLSInfo{}, nil)
	r.peers[1].OnServe(echo)
	conn, err := net.Dial("tcp", r.peers[1].o.Listeners[0].Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	q, err := http.NewRequest(http.MethodGet, "http://peer"+prefix+callsProtocol, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	caller{cluster: testCluster, member: 0x11, node: 1, to: 0x12}.write(q.Header)
	q.Header.Set("Connection", "Upgrade")
	q.Header.Set("Upgrade", callsProtocol)
	var all strings.Builder
	if err := q.Write(&all); err != nil {
		t.Fatal(err)
	}
	all.Write(endFrame(appendAsk(append(startFrame(nil, 1, request), byte(event.Forward)), op(77)), 0))
	if _, err := io.WriteString(conn, all.String()); err != nil {
		t.Fatal(err)
	}
	b := bufio.NewReader(conn)
	answered, err := http.ReadResponse(b, q)
	if err != nil || answered.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(answered, err)
	}
	in := newFrames(&stream{Conn: readerConn{silent{}, b}, timeout: time.Second}, MaxAnswer)
	f, err := in.next()
	if err != nil {
		t.Fatal(err)
	}
	if a, err := readAnswer(f.payload); err != nil || a.Index != 77 {
		t.Errorf("%+v, %v", a, err)
	}
}

type readerConn struct {
	net.Conn
	from io.Reader
}

func (c readerConn) Read(b []byte) (int, error) { return c.from.Read(b) }

// A leader that stands still in the midst of a snapshot does not hold its follower's raft up.
func TestASnapshotThatStopsIsGivenUp(t *testing.T) {
	r := newRig(t, 2, transport.TLSInfo{}, func(o *Options) { o.Timeout = 100 * time.Millisecond })
	r.peers[1].OnGuard(nil)
	read := make(chan error, 1)
	go func() {
		q := <-r.peers[1].Consumer()
		_, err := io.Copy(io.Discard, q.Reader)
		read <- err
		q.Respond(&raft.InstallSnapshotResponse{}, err)
	}()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		half := io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<20)), untilClosed{stop})
		_ = r.peers[0].InstallSnapshot("n2", r.place(2), &raft.InstallSnapshotRequest{Size: 2 << 20}, &raft.InstallSnapshotResponse{}, half)
	}()
	within(t, "reading half a snapshot", func() {
		if err := <-read; err == nil || !strings.Contains(err.Error(), "timeout") {
			t.Errorf("%v", err)
		}
	})
}

type untilClosed struct{ c chan struct{} }

func (u untilClosed) Read([]byte) (int, error) { <-u.c; return 0, io.EOF }
