package ctl_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/crypto/bcrypt"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/ctl"
	"github.com/quorumlab/quorumlab/cluster/etcdapi"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cmd/reference"
)

// patience is how long a test waits for what has to come.
const patience = time.Minute

// lab is a room of three nodes with endpoints, as lines find it.
type lab struct {
	*testing.T
	room *cluster.Room
}

func newLab(t *testing.T) *lab {
	ports := &etcdapi.Ports{BcryptCost: bcrypt.MinCost}
	doors := cluster.Doors{Open: func(s *cluster.Session, before string) (string, error) { return ports.Open(s, before) }, Shut: ports.Shut}
	room, err := cluster.Open(cluster.Options{Dir: t.TempDir(), Nodes: 3, NoSync: true, Rate: event.One, Doors: doors, Warn: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := room.Close(); err != nil {
			t.Error(err)
		}
	})
	return &lab{t, room}
}

func (l *lab) Nodes() []string { return []string{"n1", "n2", "n3"} }
func (l *lab) Client(node string) (*clientv3.Client, error) {
	id, err := event.ParseNodeID(node)
	return etcdapi.NewClient(func() etcdapi.Member { return l.room.Guest(id, "").Pinned() }), err
}
func (l *lab) As(ctx context.Context, token string) context.Context {
	return etcdapi.WithToken(ctx, token)
}
func (l *lab) Endpoint(url string) (string, error) {
	for _, e := range l.room.Endpoints() {
		if e.URL == url {
			return e.Node.String(), nil
		}
	}
	return "", errors.New("no endpoint")
}
func (l *lab) Member(node string) (uint64, bool) {
	id, err := event.ParseNodeID(node)
	return l.room.Peer(id).ID, err == nil && id > 0
}

// screen is a terminal on which lines are typed beforehand.
type screen struct {
	mu      sync.Mutex
	said    bytes.Buffer
	typed   []string
	offered string
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.Write(b)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.String()
}
func (s *screen) Out() io.Writer          { return s }
func (s *screen) Err() io.Writer          { return s }
func (s *screen) Offer(node, name string) { s.offered = node + " " + name }
func (s *screen) Ask(ctx context.Context, prompt string) (string, error) {
	if len(s.typed) == 0 {
		<-ctx.Done()
		return "", ctx.Err()
	}
	if prompt != "" {
		fmt.Fprintln(s, prompt)
	}
	line := s.typed[0]
	s.typed = s.typed[1:]
	return line, nil
}

// run runs a line to its end.
func (l *lab) run(line string, typed ...string) string {
	ctx, cancel := context.WithTimeout(l.Context(), patience)
	defer cancel()
	s := &screen{typed: typed}
	_ = ctl.Run(ctx, l, s, line)
	return s.String()
}

// real has etcdctl run the line.
func (l *lab) real(etcdctl, line string, typed ...string) string {
	words := strings.Fields(strings.NewReplacer("''", `""`).Replace(line))
	for i, w := range words {
		if w == `""` {
			words[i] = ""
		}
	}
	cmd := exec.CommandContext(l.Context(), etcdctl, append([]string{"--endpoints=" + l.room.Endpoints()[0].URL}, words...)...)
	cmd.Stdin = strings.NewReader(strings.Join(typed, "\n") + "\n")
	out, _ := cmd.CombinedOutput() // how it ends is in what it says
	return string(out)
}

var (
	logged  = regexp.MustCompile(`(?m)^\{"level".*\n`)
	varying = regexp.MustCompile(`"(revision|raft_term|member_id|mod_revision|create_revision|version)":\d+|"(Revision|RaftTerm|MemberID|ModRevision|CreateRevision|Version)" : \d+|took = .*|AuthRevision: \d+`)
	ids     = regexp.MustCompile(`[0-9a-f]{15,16}|(\\x[0-9a-f]{2})+|"key":"[^"]*"`)
)

// masked is what etcdctl says without what differs from one run to the next. Of an error the first line counts: after it comes
// how the program is used.
func masked(s, who string) string {
	s = logged.ReplaceAllString(s, "")
	s = varying.ReplaceAllString(s, "…")
	s = strings.ReplaceAll(ids.ReplaceAllString(s, "ID"), who, "@")
	s = strings.ReplaceAll(s, clientv3.GetPrefixRangeEnd(who), "@+")
	if strings.HasPrefix(s, "Error: ") {
		s, _, _ = strings.Cut(s, "\n")
	}
	return strings.TrimSpace(s)
}

// What a line says is what etcdctl says; @ is another name for each of the two.
func TestLinesSayWhatEtcdctlSays(t *testing.T) {
	l := newLab(t)
	built, err := reference.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"put @ 1", "put @ 2 --prev-kv", "put @ --ignore-value", "get @", "get @ -w json", "get @ -w fields", "get @ --print-value-only", "get @ --hex",
		"get @ --keys-only", "get @ --count-only -w fields", "get @ --count-only", "get @ --rev 100000", "get nothing", "put @/b 1", "put @/a 2",
		"get @/ --prefix", "get @/ --prefix --order DESCEND", "get @/ --prefix --sort-by value --limit 1", "get @/ --prefix --order up",
		"get @/a @/b", "get @/a @/b --prefix", "get @ --prefix --from-key", "get @ --consistency s", "get @ --consistency x", "get",
		"del @/a --prev-kv", "del @/ --prefix", "del nothing", "del @ -w json", "put @ -w json 1", "put @ 1 --lease 99", "put @ 1 --lease xyz", "put", "put x",
		"lease list -w fields", "lease timetolive 99", "lease revoke 99", "lease revoke zz", "lease grant x", "lease grant", "lease keep-alive --once 99",
		"member list", "member list -w json", "member list -w fields", "member list -w table", "get @ -w table", "user list -w table", "member remove 1", "member remove zz", "member promote 1", "alarm list", "alarm disarm",
		"user add @:secret", "user add @:secret", "user add @2 --no-password", "role add r@", "role grant-permission r@ readwrite k@ --prefix",
		"role grant-permission r@ read x@", "role grant-permission r@ write a@ b@", "role grant-permission r@ read z@ --from-key", "role get r@",
		"role get nobody", "user grant-role @ r@", "user get @", "user get @ --detail", "user revoke-role @ r@", "role revoke-permission r@ x@",
		"role delete r@", "user delete @", "user delete @2", "user list", "role list", "auth status", "compaction 100000", "compaction x", "watch", "lock", "elect chair",
		"get @ --nonsense", "frobnicate", "lease frobnicate", "move-leader zz",
	} {
		mine, theirs := l.run(strings.ReplaceAll(line, "@", "mine")), l.real(built.Etcdctl, strings.ReplaceAll(line, "@", "real"))
		if mine, theirs := masked(mine, "mine"), masked(theirs, "real"); mine != theirs && !known[line] {
			t.Errorf("%s says\n%s\netcdctl says\n%s", line, mine, theirs)
		}
	}
}

// known are the lines of which more is said here, or which mean more.
var known = map[string]bool{"put": true, "put x": true, "watch": true, "lock": true, // nothing is read from the standard input, no program is run
	"member remove zz": true, "move-leader zz": true, "lease frobnicate": true} // nodes' names do; a word that nobody knows is named

func TestTransactionThatIsTyped(t *testing.T) {
	l := newLab(t)
	typed := []string{`mod("t") = "0"`, `version("t") < "1"`, "", "put t 1", "get t", "", "put t 2", "del u --prev-kv", ""}
	prompts := "compares:\nsuccess requests (get, put, del):\nfailure requests (get, put, del):\n"
	if got := l.run("txn -i", typed...); got != prompts+"SUCCESS\n\nOK\n\nt\n1\n" {
		t.Errorf("the comparisons hold: %q", got)
	}
	if got := l.run("txn", typed...); got != prompts+"FAILURE\n\nOK\n\n0\n" {
		t.Errorf("they do not: %q", got)
	}
	if got := l.run("txn -i -w json", "", "put t 1", "", ""); !strings.Contains(got, `"responses":[{"Response":{"response_put":{"header":`) {
		t.Errorf("as JSON: %q", got)
	}
	for line, want := range map[string]string{`size("x") = "1"`: "unknown target size", `mod("x") ~ "1"`: "unknown sign ~", "mod(x) = 1": "malformed comparison",
		`mod("x") = "y"`: "invalid txn compare request"} {
		if got := l.run("txn", line); !strings.Contains(got, want) {
			t.Errorf("%s: %q, wanted %q", line, got, want)
		}
	}
	if got := l.run("txn", "", "kill x 1"); !strings.Contains(got, "invalid txn request: kill x 1") {
		t.Errorf("kill: %q", got)
	}
}

func TestWhoIsAsked(t *testing.T) {
	l := newLab(t)
	l.run("put k v")
	for _, line := range []string{"get k @n2", "get k --from n2", "get k -n n2", "get k --endpoints=n2,n1", "get k --endpoints " + l.room.Endpoints()[1].URL} {
		id := fmt.Sprint(l.room.Peer(2).ID)
		if got := l.run(line + " -w json"); !strings.Contains(got, `"member_id":`+id) {
			t.Errorf("%s: n2 is %s, and it says %q", line, id, got)
		}
	}
	if got := l.run("get k -n n7"); got != "Error: there is no node \"n7\" here: there are n1, n2, n3\n" {
		t.Errorf("n7: %q", got)
	}
	leader := uint64(0)
	for _, line := range strings.Split(strings.TrimSpace(l.run("endpoint status")), "\n") {
		if cells := strings.Split(line, ", "); cells[8] == "true" {
			leader, _ = l.Member(cells[0])
		}
	}
	to := "n1"
	if id, _ := l.Member(to); id == leader {
		to = "n2"
	}
	if got := l.run("move-leader " + to); !strings.HasPrefix(got, "Leadership transferred from ") {
		t.Errorf("move-leader %s: %q", to, got)
	}
	if got := l.run("endpoint health"); strings.Count(got, " is healthy") != 3 {
		t.Errorf("health: %q", got)
	}
	if got := l.run("endpoint hashkv -w fields"); strings.Count(got, `"HashRevision" : 2`) != 3 {
		t.Errorf("hashkv: %q", got)
	}
	if got := l.run("defrag"); strings.Count(got, "Finished defragmenting etcd member[n") != 3 {
		t.Errorf("defrag: %q", got)
	}
}

func TestUsers(t *testing.T) {
	l := newLab(t)
	for _, line := range []string{"user add root:r", "user grant-role root root", "user add ann", "role add reader", "role grant-permission reader read a", "user grant-role ann reader", "auth enable"} {
		if got := l.run(line, "secret"); strings.Contains(got, "Error") {
			t.Fatalf("%s: %s", line, got)
		}
	}
	for line, want := range map[string]string{"get a": "user name is empty", "get a -w json --user ann:secret": `"header"`, "put a 1 --user ann:secret": "permission denied",
		"put a 1 --user root:r": "OK", "get a --user root:x": "authentication failed"} {
		if got := l.run(line); !strings.Contains(got, want) {
			t.Errorf("%s: %q, wanted %q", line, got, want)
		}
	}
	if got := l.run("auth disable --user root --password r"); got != "Authentication Disabled\n" {
		t.Errorf("auth disable: %q", got)
	}
}

// begin runs a line until stop is called, which waits for its end.
func (l *lab) begin(line string) (s *screen, stop func()) {
	ctx, cancel := context.WithCancel(l.Context())
	s = &screen{}
	var running sync.WaitGroup
	running.Go(func() { _ = ctl.Run(ctx, l, s, line) })
	return s, func() { cancel(); running.Wait() }
}

func (l *lab) until(what string, holds func() bool) {
	l.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for end := time.After(patience); !holds(); {
		select {
		case <-again.C:
		case <-end:
			l.Fatalf("waited %v for: %s", patience, what)
		}
	}
}

func TestWhatRunsUntilItIsStopped(t *testing.T) {
	l := newLab(t)
	watch, stopWatch := l.begin("watch k --prev-kv")
	l.until("the watch is told", func() bool {
		s := l.room.State()
		return len(s.Ops) > 0 && s.Ops[0].Text == "watch k" && s.Ops[0].Outcome == event.Pending
	})
	lock, stopLock := l.begin("lock door --ttl 600")
	l.until("the lock is held", func() bool { return strings.HasPrefix(lock.String(), "door/") })
	second, stopSecond := l.begin("lock door")
	elect, stopElect := l.begin("elect chair me")
	l.until("somebody is elected", func() bool { return strings.HasSuffix(elect.String(), "\nme\n") })
	seen, stopSeen := l.begin("elect -l chair")
	l.until("it is seen", func() bool { return strings.HasSuffix(seen.String(), "\nme\n") })
	lease := strings.Fields(l.run("lease grant 2"))[1]
	alive, stopAlive := l.begin("lease keep-alive " + lease)
	l.until("it is kept alive again and again", func() bool { return strings.Count(alive.String(), "keepalived with TTL(2)") > 1 })
	l.run("put k 1")
	l.run("del k")
	l.until("the watch has seen both", func() bool { return watch.String() == "PUT\nk\n1\nDELETE\nk\n1\nk\n\n" })
	if second.String() != "" {
		t.Errorf("two hold the lock: %q", second)
	}
	stopLock()
	l.until("the other gets it", func() bool { return strings.HasPrefix(second.String(), "door/") })
	for _, stop := range []func(){stopSecond, stopElect, stopSeen, stopAlive, stopWatch} {
		stop()
	}
	if got := l.run("get '' --prefix --keys-only"); got != "" {
		t.Errorf("what was held is still there: %q", got)
	}
	if got := l.run("lease list"); got != "found 1 leases\n"+lease+"\n" {
		t.Errorf("leases: %q", got)
	}
	l.until("the end of the watch is told", func() bool { s := l.room.State(); return s.Ops[0].Outcome == event.OK })
}

func TestAFrozenRoomIsWaitedFor(t *testing.T) {
	l := newLab(t)
	l.room.Do(t.Context(), event.Command{Kind: event.Freeze})
	get, _ := l.begin("put k v")
	_, stopGet := l.begin("get k")
	stopGet() // it can be stopped
	if got := l.run("put k w --command-timeout 20ms"); !strings.Contains(got, "context deadline exceeded") {
		t.Errorf("its time is up: %q", got)
	}
	if get.String() != "" {
		t.Errorf("a frozen room has answered %q", get)
	}
	l.room.Do(t.Context(), event.Command{Kind: event.Thaw})
	l.until("it goes on", func() bool { return get.String() == "OK\n" })
}

func TestOfferOfASnapshot(t *testing.T) {
	l, s := newLab(t), &screen{}
	if err := ctl.Run(t.Context(), l, s, "snapshot save /tmp/x.db @n3"); err != nil || s.offered != "n3 x.db" {
		t.Errorf("offered %q, %v: %s", s.offered, err, s)
	}
	if got := l.run("help lease"); !strings.Contains(got, "grant – Creates leases") {
		t.Errorf("help lease: %q", got)
	}
	if got := l.run("put 'x"); got != "Error: a quote is not closed\n" {
		t.Errorf("an open quote: %q", got)
	}
}

// TestTablesAreEtcdctls: the same heads, cells and frames, in columns as wide as what stands in them; endpoints have other names here.
func TestTablesAreEtcdctls(t *testing.T) {
	l := newLab(t)
	built, err := reference.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	narrow := func(said string) string {
		said = regexp.MustCompile(`http://\S+|\bn\d\b`).ReplaceAllString(said, "N")
		said = regexp.MustCompile(`[\d.]+ ?(ms|µs|s|kB|MB|GB|%)|\d+`).ReplaceAllString(said, "#")
		return regexp.MustCompile(` +|─+`).ReplaceAllStringFunc(said, func(run string) string { return string([]rune(run)[:1]) })
	}
	for _, line := range []string{"endpoint status -w table", "endpoint health -w table", "endpoint hashkv -w table"} {
		mine, theirs := l.run(line+" -n n1"), l.real(built.Etcdctl, line)
		if rows := strings.Count(mine, "\n"); rows < 5 || narrow(mine) != narrow(theirs) {
			t.Errorf("%s says\n%s\netcdctl says\n%s", line, mine, theirs)
		}
	}
}
