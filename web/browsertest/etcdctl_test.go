package browsertest

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/quorumlab/quorumlab/cmd/reference"
)

// client is the real etcdctl.
type client struct {
	t    testing.TB
	path string
}

func newClient(t testing.TB) *client {
	t.Helper()
	built, err := reference.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &client{t, built.Etcdctl}
}

// does runs one line at an endpoint and gives what it says, and how it ended.
func (c *client) does(endpoint string, words ...string) (said string, err error) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, c.path, append([]string{"--endpoints=" + endpoint}, words...)...).CombinedOutput()
	return string(out), err
}

// must is does for what has to go well.
func (c *client) must(endpoint string, words ...string) string {
	c.t.Helper()
	said, err := c.does(endpoint, words...)
	if err != nil {
		c.t.Fatalf("etcdctl %s: %v: %s", strings.Join(words, " "), err, said)
	}
	return said
}

// printed is what a running etcdctl has said so far.
type printed struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(b)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

// begins starts a line that runs until the test ends.
func (c *client) begins(endpoint string, words ...string) *printed {
	c.t.Helper()
	cmd, out := exec.Command(c.path, append([]string{"--endpoints=" + endpoint}, words...)...), new(printed)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		_ = cmd.Process.Kill() // an interrupt is ignored where the tests are a background job
		_ = cmd.Wait()
	})
	return out
}

// until waits until something that etcdctl says holds.
func (c *client) until(what string, holds func() bool) {
	c.t.Helper()
	again := time.NewTicker(30 * time.Millisecond)
	defer again.Stop()
	for end := time.After(patience); !holds(); {
		select {
		case <-again.C:
		case <-end:
			c.t.Fatalf("waited %v for: %s", patience, what)
		}
	}
}

// endpoints are those in the line that the page shows, by node.
func (p *page) endpoints(r *room) map[string]string {
	p.t.Helper()
	p.until("the page shows the endpoints", `document.querySelector('#endpoints')`)
	line := eval[string](p, `document.querySelector('#endpoints').textContent`)
	if copied := eval[string](p, `document.querySelector('.joining [data-action=copy]').dataset.arg`); copied != line {
		p.t.Fatalf("what is copied is %q, what is shown %q", copied, line)
	}
	urls := strings.Split(strings.TrimPrefix(line, "etcdctl --endpoints="), ",")
	ring, by := r.ring(), map[string]string{}
	if len(urls) != len(ring) {
		p.t.Fatalf("%d nodes, and the line is %q", len(ring), line)
	}
	for i, id := range ring {
		by[id] = urls[i]
	}
	return by
}

// cutOff draws a stroke across all links of a node, which stands between two others.
func (s *story) cutOff(id, before, after string) {
	s.t.Helper()
	at := func(id string) point { return s.centre(`[data-node="` + id + `"][data-role]`) }
	half := func(p, q point) point { return point{(p.X + q.X) / 2, (p.Y + q.Y) / 2} }
	from, to := half(at(before), at(id)), half(at(id), at(after))
	const beyond = 0.15 // of the stroke, at either end
	dx, dy := (to.X-from.X)*beyond, (to.Y-from.Y)*beyond
	s.stroke(point{from.X - dx, from.Y - dy}, point{to.X + dx, to.Y + dy})
}

// waits is true when the timeline shows a request that has not ended.
const waits = `!!document.querySelector('.deed.pending')?.getAttribute('d')`

// A real etcdctl works in the room while somebody cuts the leader off in the page, and its watch misses and repeats nothing.
func TestEtcdctlInTheRoom(t *testing.T) {
	t.Parallel()
	c, p := newClient(t), newPage(t)
	p.open(lab.base + "/?rate=1")
	s := &story{page: p, room: lab.at(t, eval[string](p, `location.href`))}
	s.room.until("all rows are equal", equal)
	at, old := p.endpoints(s.room), s.room.leader()
	ring := s.room.ring()
	i := slices.Index(ring, old.ID)
	next := func(n int) string { return ring[(i+n+len(ring))%len(ring)] }

	watch := c.begins(at[next(2)], "watch", "pizza/", "--prefix")
	p.until("the page tells of the watch", waits)
	c.must(at[old.ID], "put", "pizza/margherita", "1")
	p.until("the entry is in every row", `rows().length === 5 && rows().every(row => cells(row).some(c => solid(c) && says(c, "pizza/margherita=1")))`)
	c.until("the watch prints it", func() bool { return watch.String() == "PUT\npizza/margherita\n1\n" })

	s.cutOff(old.ID, next(-1), next(1))
	p.until("the leader is alone", `document.querySelector('.groups').textContent.includes('1 of 5')`)
	said, err := c.does(at[old.ID], "--command-timeout=2s", "put", "pizza/funghi", "2")
	if err == nil || !strings.Contains(said, "context deadline exceeded") && !strings.Contains(said, "request timed out") {
		t.Fatalf("etcdctl put at the leader that is cut off says %q (%v)", said, err)
	}
	p.shot("etcdctl-cut")
	p.until("the others have a leader", fmt.Sprintf(`leader().dataset.node !== %q`, old.ID))
	c.must(at[next(1)], "put", "pizza/quattro", "3")
	c.until("the watch prints it", func() bool { return strings.HasSuffix(watch.String(), "PUT\npizza/quattro\n3\n") })

	p.do(chromedp.Click(chromedp.CSS("#heal")))
	s.room.until("all rows are equal again", equal)
	c.must(at[old.ID], "put", "pizza/last", "4")
	c.until("the watch prints the last put", func() bool { return strings.HasSuffix(watch.String(), "PUT\npizza/last\n4\n") })
	again := c.begins(at[old.ID], "watch", "pizza/", "--prefix", "--rev=1")
	c.until("all events are read again", func() bool { return strings.HasSuffix(again.String(), "PUT\npizza/last\n4\n") })
	if watch.String() != again.String() {
		t.Errorf("the watch that was open all the time printed\n%s\nwhat happened is\n%s", watch, again)
	}
	p.until("the feed tells of them", `document.querySelector('#tab-feed').click() || all('.news li').some(l => l.textContent.includes('pizza/quattro'))`)
	p.clean()
}

// The console's watch and lock run until they are stopped, and are what etcdctl's are.
func TestConsoleWatchAndLock(t *testing.T) {
	t.Parallel()
	c, one, two := newClient(t), newPage(t), newPage(t)
	one.open(lab.base + "/?nodes=3&rate=1")
	r := lab.at(t, eval[string](one, `location.href`))
	two.open(eval[string](one, `location.href`))
	at := one.endpoints(r)
	says := func(words string) string {
		return `all('.said .line').some(l => l.textContent.startsWith(` + quoted(words) + `))`
	}

	one.console("watch shelf/ --prefix --prev-kv")
	r.until("the watch is open", func(state) bool { return eval[bool](one, waits) })
	c.must(at["n1"], "put", "shelf/a", "1")
	c.must(at["n2"], "del", "shelf/a")
	one.until("it prints both", says("PUT")+" && "+says("DELETE"))

	one.console("lock shelf/door")
	one.until("the lock is taken", says("shelf/door/"))
	two.console("lock shelf/door")
	c.until("both stand in line", func() bool {
		return strings.Count(c.must(at["n3"], "get", "shelf/door/", "--prefix", "--keys-only"), "shelf/door/") == 2
	})
	if eval[bool](two, says("shelf/door/")) {
		t.Fatal("two have the lock")
	}
	one.shot("console-lock")
	one.do(chromedp.Click(chromedp.CSS(`[aria-label="Stop lock shelf/door"]`)))
	two.until("the lock goes to the other", says("shelf/door/"))
	one.until("it has ended", says("lock shelf/door has ended"))
	two.do(chromedp.Click(chromedp.CSS(consoleField)), chromedp.KeyEvent("c", chromedp.KeyModifiers(2)))
	two.until("Ctrl C gives it back", says("lock shelf/door has ended"))
	c.until("nobody has it", func() bool { return c.must(at["n3"], "get", "shelf/door/", "--prefix") == "" })

	one.console("lock shelf/door --endpoints n2 -w json")
	one.until("another format", says(`{"header":{"cluster_id":`))
	one.do(chromedp.Click(chromedp.CSS(`[aria-label^="Stop watch"]`)))
	one.until("the watch has ended", says("watch shelf/ --prefix --prev-kv has ended"))
	one.clean()
	two.clean()
}
