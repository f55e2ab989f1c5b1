package main

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/lessons"
	"github.com/quorumlab/quorumlab/lessons/play"
	"github.com/quorumlab/quorumlab/wasm/ui"
	"github.com/quorumlab/quorumlab/web/lobby"
)

// hands do things in a room as a person would, one after the other.
type hands struct {
	*house
	t testing.TB
}

// do gives commands, each when the one before is done. $LEADER is who leads, and all that run follow; $FOLLOWERS are those that
// run and do not lead, with quotes.
func (h *hands) do(bodies ...string) {
	h.t.Helper()
	for _, body := range bodies {
		if strings.Contains(body, "$") {
			leader, followers := h.settled()
			body = strings.NewReplacer("$LEADER", leader.String(), "$FOLLOWERS", strings.Join(followers, `,`)).Replace(body)
		}
		var r result
		if status, err := post(h.room+"/commands", body, &r); err != nil || status != http.StatusOK || r.Outcome != event.OK.String() {
			h.t.Fatalf("%s: %d, %+v, %v", body, status, r, err)
		}
	}
}

// settled waits for a leader whom all that run follow.
func (h *hands) settled() (leader event.NodeID, followers []string) {
	h.t.Helper()
	await(h.t, "a leader whom all follow", func() bool {
		var st view.State
		if get(h.t, h.room, &st) != http.StatusOK || st.Leader() == nil {
			return false
		}
		leader, followers = st.Leader().ID, nil
		for _, n := range st.Nodes {
			if n.Up && n.Leader != leader {
				return false
			}
			if n.Up && n.ID != leader {
				followers = append(followers, strconv.Quote(n.ID.String()))
			}
		}
		return true
	})
	return leader, followers
}

func (h *hands) draft(query string) string {
	h.t.Helper()
	response, err := http.Get(h.room + "/draft" + query)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/markdown") {
		h.t.Fatalf("%s: %s, %v", response.Status, b, err)
	}
	return string(b)
}

// rehearse loads a draft and plays the parts: "solved", "idle".
func rehearse(t *testing.T, text string, parts ...string) *lessons.Lesson {
	t.Helper()
	lib, err := lessons.Load(lessons.Embedded(), lessons.Source{FS: fstest.MapFS{"draft.md": {Data: []byte(text)}}, Name: "drafts"})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	l := lib.Lesson("draft")
	for _, part := range play.Parts(lib, l) {
		if !slices.Contains(parts, part.Name) {
			continue
		}
		if _, err := part.Play(filepath.Join(t.TempDir(), part.Name)); err != nil {
			t.Errorf("%s: %v\n%s", part.Name, err, text)
		}
	}
	return l
}

// TestDraftOfWhatWasDoneCanBeRehearsed does a story in a real room and has its draft played.
func TestDraftOfWhatWasDoneCanBeRehearsed(t *testing.T) {
	if raceEnabled {
		t.Skip("rehearsed in the run without the race detector")
	}
	h := &hands{newHouse(t, lobby.Options{Lessons: embedded(t)}, `{"nodes":5,"rate":10}`), t}
	h.do(`{"kind":"put","node":"$LEADER","key":"x","value":"1"}`,
		`{"kind":"kill","node":"$LEADER"}`,
		`{"kind":"put","node":"$LEADER","key":"two words","value":"it's \"so\""}`,
		`{"kind":"get","key":"x","serializable":true}`,
		// Only who is dead is on the other side: nobody is about to step down when the next put comes.
		`{"kind":"partition","groups":[["$LEADER",$FOLLOWERS]]}`,
		`{"kind":"heal"}`,
		`{"kind":"put","node":"$LEADER","key":"y","value":"2"}`,
		`{"kind":"link","node":"n1","peer":"n2","one_way":true,"link":{"delay_ms":20,"loss":0.05}}`,
		`{"kind":"disk","node":"n3","fsync_ms":20}`, `{"kind":"drift","node":"n4","rate":0.9}`,
		`{"kind":"freeze"}`, `{"kind":"step"}`, `{"kind":"thaw"}`, `{"kind":"prevote","on":false}`,
		`{"kind":"txn","txn":{"compare":[{"key":"x","target":"value","result":"=","value":"1"}],"success":[{"kind":"put","key":"x","value":"2"}],"failure":[{"kind":"get","key":"x"}]}}`)
	if l := rehearse(t, h.draft(""), "solved", "idle"); len(l.Steps) != 15 || l.Nodes != 5 || l.Rate != 10*event.One {
		t.Errorf("%d steps, %d nodes, rate %v", len(l.Steps), l.Nodes, l.Rate)
	}
	var st view.State
	get(t, h.room, &st)
	h.do(`{"kind":"put","key":"z","value":"3"}`)
	l := rehearse(t, h.draft("?from="+fmt.Sprint(st.Seq+1)), "solved")
	var setup strings.Builder
	for _, line := range l.Setup {
		setup.WriteString(line.Text + "\n")
	}
	for _, line := range []string{"put x 2", `put "two words" "it's \"so\""`, "put y 2", "disk n3 20ms", "drift n4 0.9", "link n1 n2 --delay 20ms --loss 0.05 --one-way", "kill n"} {
		if !strings.Contains(setup.String(), line) {
			t.Errorf("the set-up has no %q:\n%s", line, &setup)
		}
	}
	if len(l.Steps) != 1 || l.PreVote {
		t.Errorf("%d steps, pre-vote %v", len(l.Steps), l.PreVote)
	}
}

// TestDraftOfAFrozenRoom has nobody who could tell which keys there were.
func TestDraftOfAFrozenRoom(t *testing.T) {
	if raceEnabled {
		t.Skip("rehearsed in the run without the race detector")
	}
	h := &hands{newHouse(t, lobby.Options{Lessons: embedded(t)}, `{"nodes":3,"rate":1}`), t}
	h.do(`{"kind":"put","node":"$LEADER","key":"x","value":"1"}`, `{"kind":"freeze"}`)
	var st view.State
	get(t, h.room, &st)
	began := time.Now()
	text := h.draft("?from=" + fmt.Sprint(st.Seq+1))
	if !strings.Contains(text, "could not be read") || time.Since(began) > 30*time.Second {
		t.Errorf("after %v:\n%s", time.Since(began), text)
	}
	rehearse(t, text, "solved")
}

// TestWordsOfCommandsAreConsoleLines reads back what is told of commands.
func TestWordsOfCommandsAreConsoleLines(t *testing.T) {
	for _, c := range []event.Command{
		{Kind: event.Put, Key: "a b", Value: `it's "so" \ ;|`}, {Kind: event.Put, Key: "x"}, {Kind: event.Put, Key: "x", Value: "--prefix"},
		{Kind: event.Get, Key: "a", End: "b", Rev: 3, Limit: 7, Serializable: true}, {Kind: event.Get, Key: "p", Prefix: true},
		{Kind: event.Get, Key: "p", End: "\x00"}, {Kind: event.Get, Key: "\x00", End: "\x00"}, {Kind: event.Del, Key: "x"},
		{Kind: event.Kill, Node: 2, At: event.AfterFsync}, {Kind: event.Restart, Node: 2}, {Kind: event.Drift, Node: 2, Factor: event.One / 3},
		{Kind: event.Disk, Node: 2, Took: 1500}, {Kind: event.Corrupt, Node: 2, File: "stable", Offset: 9}, {Kind: event.StepDown}, {Kind: event.Elect, Node: 3},
		{Kind: event.Transfer, Node: 3}, {Kind: event.Cut, Node: 1, Peer: 2, OneWay: true}, {Kind: event.SetLink, Node: 1, Peer: 2, Link: event.Link{Delay: 20_000,
			Jitter: 100, Loss: 1, Duplicate: event.One / 8, Slow: 2 * event.One}, OneWay: true}, {Kind: event.Partition, Groups: [][]event.NodeID{{1, 2}, {3}}},
		{Kind: event.Hold}, {Kind: event.Release, Node: 1, Peer: 2}, {Kind: event.Deliver, Message: 7}, {Kind: event.Reorder, Message: 7, With: 8},
		{Kind: event.Rate, Factor: event.One / 40}, {Kind: event.MemberAdd}, {Kind: event.MemberRemove, Node: 6}, {Kind: event.PreVote, On: true}, {Kind: event.PreVote},
		{Kind: event.Snapshot, Node: 2}, {Kind: event.TxnDo, Txn: &event.Txn{Compare: []event.Compare{{Key: `a"b`, Target: "value", Result: "<", Value: "it's"}},
			Success: []event.Request{{Kind: event.Put, Key: "x y", Value: "--"}, {Kind: event.Get, Key: "p", Prefix: true}}}},
	} {
		words := cluster.Words(c)
		again, wrong := ui.Parse(words)
		if wrong != nil || cluster.Words(again) != words || again.Kind != c.Kind || again.Key != c.Key || again.Value != c.Value || again.Link != c.Link || again.Factor != c.Factor {
			t.Errorf("%q is read as %+v, %v", words, again, wrong)
		}
	}
}
