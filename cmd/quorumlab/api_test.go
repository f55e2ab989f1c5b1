package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/web/lobby"
)

// TestDocumentedExamples runs docs/api.md: every curl line, in order. The answer that the document shows after a
// block is that of its last line: it must have all fields shown, of the same type, and the same outcome.
func TestDocumentedExamples(t *testing.T) {
	h := newHouse(t, lobby.Options{Lessons: embedded(t)}, "")
	d := &documented{t: t, url: h.url, kinds: map[string]bool{}}
	blocks := readBlocks(t, "../../docs/api.md")
	for i, b := range blocks {
		if b.language != "sh" {
			continue
		}
		var answer string
		for _, line := range b.lines {
			answer = d.run(line)
		}
		if i+1 < len(blocks) && blocks[i+1].language == "json" {
			d.compare(strings.Join(blocks[i+1].lines, "\n"), answer)
		}
	}
	for k := event.CommandNone + 1; int(k) < event.Commands; k++ {
		if !d.kinds[k.String()] && !k.Foreign() { // those are etcd's own
			t.Errorf("docs/api.md has no example of %q", k)
		}
	}
}

type block struct {
	language string
	lines    []string
}

func readBlocks(t *testing.T, name string) (blocks []block) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	inside := false
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\n")
		switch language, fence := strings.CutPrefix(line, "```"); {
		case fence && inside:
			inside = false
		case fence:
			inside = true
			blocks = append(blocks, block{language: language})
		case inside:
			last := &blocks[len(blocks)-1]
			last.lines = append(last.lines, line)
		}
	}
	return blocks
}

// documented runs the document's examples against one server.
type documented struct {
	t     *testing.T
	url   string
	room  string
	kinds map[string]bool // of commands, seen
}

var curlLine = regexp.MustCompile(`^curl (?:-N )?(?:-X ([A-Z]+) )?"?([^" ]+)"?(?: -d '(.*)')?$`)

func (d *documented) run(line string) string {
	d.t.Helper()
	m := curlLine.FindStringSubmatch(line)
	if m == nil {
		d.t.Fatalf("this example cannot be run: %s", line)
	}
	method, url, body := m[1], d.fill(m[2]), m[3]
	if method == "" {
		method = http.MethodGet
	}
	if strings.HasSuffix(url, "/commands") {
		d.settle()
		body = d.fill(body)
	}
	r, err := http.NewRequestWithContext(d.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer response.Body.Close()
	answer := d.read(response)
	d.learn(line, body, answer, response.StatusCode)
	return answer
}

// read takes the whole answer, or the first line of one that follows.
func (d *documented) read(response *http.Response) string {
	if strings.Contains(response.Header.Get("Content-Type"), "ndjson") {
		line, err := bufio.NewReader(response.Body).ReadString('\n')
		if err != nil {
			d.t.Fatal(err)
		}
		return line
	}
	b, err := io.ReadAll(response.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(b)
}

// learn remembers the room that was made and checks what every example must do.
func (d *documented) learn(line, body, answer string, status int) {
	var said struct {
		ID, Kind, Outcome string
		Code              string
	}
	json.Unmarshal([]byte(answer), &said)
	if status == http.StatusCreated {
		d.room = said.ID
	}
	var command struct{ Kind string }
	if json.Unmarshal([]byte(body), &command); command.Kind != "" && status == http.StatusOK {
		d.kinds[command.Kind] = true
		if said.Outcome != "ok" && !(command.Kind == "restart" && said.Outcome == "failed") {
			d.t.Errorf("%s\n→ %s", line, answer)
		}
	}
	if status >= 400 && said.Code != "bad-command" {
		d.t.Errorf("%s\n→ %d %s", line, status, answer)
	}
}

// fill puts values for the names in an example.
func (d *documented) fill(s string) string {
	s = strings.NewReplacer("$URL", d.url, "$ROOM", d.room).Replace(s)
	if strings.Contains(s, "$FOLLOWER") {
		d.await("a follower", func(st view.State) bool {
			i := slices.IndexFunc(st.Nodes, func(n view.Node) bool { return n.Role == event.Follower && !n.Suspended })
			if i >= 0 {
				s = strings.ReplaceAll(s, "$FOLLOWER", st.Nodes[i].ID.String())
			}
			return i >= 0
		})
	}
	if !strings.Contains(s, "$HELD") {
		return s
	}
	var held []view.Message
	d.await("two held messages of one link", func(st view.State) bool {
		held = heldTogether(st.Messages)
		return len(held) >= 2
	})
	id := func(i int) string { return strconv.FormatUint(held[i].ID, 10) }
	return strings.NewReplacer("$HELD", id(0), "$OTHER", id(1)).Replace(s)
}

func heldTogether(messages []view.Message) []view.Message {
	for _, m := range messages {
		same := slices.DeleteFunc(slices.Clone(messages), func(o view.Message) bool { return !o.Held || o.From != m.From || o.To != m.To })
		if len(same) >= 2 {
			return same
		}
	}
	return nil
}

// settle waits until a leader is followed by everybody who runs, so that an example does not depend on how long
// the one before it shook the cluster. A frozen room, or one with gates and walls, stays as it is.
func (d *documented) settle() {
	d.t.Helper()
	d.await("a settled cluster", func(st view.State) bool {
		if st.Rate == 0 || slices.ContainsFunc(st.Links, func(l view.Link) bool { return l.Hold || l.Cut }) {
			return true
		}
		leader := st.Leader()
		return leader != nil && !slices.ContainsFunc(st.Nodes, func(n view.Node) bool {
			return n.Up && !n.Suspended && (n.Leader != leader.ID || n.Applied < leader.Commit)
		})
	})
}

func (d *documented) await(what string, ok func(view.State) bool) {
	d.t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var st view.State
		response, err := http.Get(d.url + "/api/rooms/" + d.room)
		if err != nil {
			d.t.Fatal(err)
		}
		err = json.NewDecoder(response.Body).Decode(&st)
		response.Body.Close()
		if err != nil {
			d.t.Fatal(err)
		}
		if ok(st) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			d.t.Fatalf("no %s within 30 s: %+v", what, st.Nodes)
		}
	}
}

func (d *documented) compare(shown, answer string) {
	d.t.Helper()
	var want, got any
	if err := json.Unmarshal([]byte(shown), &want); err != nil {
		d.t.Errorf("the document shows no JSON: %v: %s", err, shown)
	}
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		d.t.Errorf("the answer is no JSON: %v: %s", err, answer)
	}
	if wrong := differs("", want, got); wrong != "" {
		d.t.Errorf("%s\nshown  %s\nanswer %s", wrong, shown, answer)
	}
}

// exact are the fields whose values must be as shown.
var exact = []string{"outcome", "kind", "code", "where", "ok"}

func differs(where string, want, got any) string {
	switch w := want.(type) {
	case map[string]any:
		g, _ := got.(map[string]any)
		for k, v := range w {
			if _, there := g[k]; !there {
				return fmt.Sprintf("there is no %s/%s", where, k)
			}
			if slices.Contains(exact, k) && g[k] != v {
				return fmt.Sprintf("%s/%s is %v, not %v", where, k, g[k], v)
			}
			if wrong := differs(where+"/"+k, v, g[k]); wrong != "" {
				return wrong
			}
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(w) > 0 && len(g) == 0 {
			return where + " is no list, or an empty one"
		}
		if len(w) > 0 {
			return differs(where+"/0", w[0], g[0])
		}
	default:
		if fmt.Sprintf("%T", want) != fmt.Sprintf("%T", got) {
			return fmt.Sprintf("%s is a %T, not a %T", where, got, want)
		}
	}
	return ""
}
