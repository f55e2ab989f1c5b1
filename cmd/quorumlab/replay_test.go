package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/static"
	"github.com/quorumlab/quorumlab/web"
)

// run gives quorumlab these arguments and returns what it says.
func run(args ...string) (out, complaints string, err error) {
	root := newRoot()
	var o, e bytes.Buffer
	root.SetArgs(args)
	root.SetOut(&o)
	root.SetErr(&e)
	err = root.ExecuteContext(context.Background())
	return o.String(), e.String(), err
}

// storm is a recording of some seconds under faults, made once for all tests.
var storm = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "quorumlab-test-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "a storm.qlr")
	out, _, err := run("record", "--for", "20s", "--chaos", "0.8", "--seed", "7", file)
	if err == nil && !strings.Contains(out, "seed 7") {
		err = errors.New("record says: " + out)
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// recordOne gives a file with a recording.
func recordOne(t *testing.T) string {
	t.Helper()
	b, err := storm()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "storm.qlr")
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestARecordingIsMadeAndTold(t *testing.T) {
	file := recordOne(t)
	j, info, err := openRecording(file)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[event.Kind]int{}
	for c := j.Walk(0); ; {
		e, err := c.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			break
		}
		kinds[e.Kind]++
	}
	reach := j.Reach()
	if info.Room != "a-storm" || reach.HeadAt-reach.FirstAt < 20_000_000 || kinds[event.Answered] < 10 || kinds[event.ChaosSet] != 2 {
		t.Errorf("%+v, %+v, %v", info, reach, kinds)
	}
	for i, s := 0, j.State(); i < len(s.Nodes); i++ {
		if s.Nodes[i].Down == event.RoomClosed {
			t.Error("that the recorder went home is in the recording")
		}
	}
	story, _, err := run("replay", "--narrate", file)
	if err != nil || !strings.Contains(story, "leader") {
		t.Errorf("%.300s, %v", story, err)
	}
	if _, _, err := run("replay", "--narrate", "--language", "xx", file); err == nil || !strings.Contains(err.Error(), "no language") {
		t.Error(err)
	}
	if _, _, err := run("record", file); err == nil || !strings.Contains(err.Error(), "there already") {
		t.Error(err)
	}
}

func TestRecordRefusesWhatItCannotDo(t *testing.T) {
	for flags, says := range map[string]string{
		"--for 1ms": "--for is from 1s", "--for 25h": "--for is from 1s", "--chaos 1.1": "--chaos is from 0 to 1", "--chaos NaN": "--chaos is from 0 to 1",
		"--nodes 10": "--nodes is 1 to 9", "--clients 33": "--clients is 0 to 32", "--rate 0": "--rate is from 0.01",
	} {
		args := append([]string{"record"}, strings.Fields(flags)...)
		if _, _, err := run(append(args, filepath.Join(t.TempDir(), "x.qlr"))...); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", flags, err)
		}
	}
}

// TestARecordingOfAnyNameIsPlayed: what a file says that its room is called is whatever somebody wrote into it.
func TestARecordingOfAnyNameIsPlayed(t *testing.T) {
	for name, address := range map[string]string{"amber-otter": "amber-otter", "": "recording", "a b": "recording", "{": "recording", "{rest}": "recording",
		"../..": "recording", "{id...}": "recording", "a/b": "recording", "x--y": "recording", strings.Repeat("a", 200): "recording"} {
		got := addressOf(name)
		if got != address {
			t.Errorf("%q is at %q", name, got)
		}
		replayRoutes(got, http.NotFoundHandler()) // panics if it is no address
	}
}

func TestABrokenRecordingIsRefusedAndATornOnePlayed(t *testing.T) {
	file := recordOne(t)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write := func(b []byte) {
		if err := os.WriteFile(file, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(whole[:len(whole)-3])
	if story, complaint, err := run("replay", "--narrate", file); err != nil || !strings.Contains(complaint, "cut off at byte") || story == "" {
		t.Errorf("torn: %q, %v", complaint, err)
	}
	whole[len(whole)/2] ^= 1
	write(whole)
	if _, _, err := run("replay", "--narrate", file); err == nil || !strings.Contains(err.Error(), "damaged at byte") {
		t.Errorf("damaged: %v", err)
	}
	if _, _, err := run("replay", "--narrate", file+".no"); err == nil {
		t.Error("a file that is not there is played")
	}
}

// TestARecordingIsServedLikeARoom: the page, what is below it, the websocket; and nothing can be done.
func TestARecordingIsServedLikeARoom(t *testing.T) {
	j, _, err := openRecording(recordOne(t))
	if err != nil {
		t.Fatal(err)
	}
	shown := web.New(web.Options{Cluster: recorded{j}, Room: "a-storm", Sealed: true, Assets: web.NewAssets(static.Files)})
	server := httptest.NewServer(web.Guard(replayRoutes("a-storm", shown)))
	defer server.Close()
	defer shown.Close()
	ask := func(method, path, body string) string {
		t.Helper()
		r, err := http.NewRequest(method, server.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		b, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for path, says := range map[string]string{"/api/rooms/a-storm": `"id":"a-storm"`, "/api/rooms/a-storm/log?node=n1&from=1&limit=1": `"entries"`,
		"/api/rooms/a-storm/recording": "QLR", "/healthz": "a-storm", "/r/another": "not-found"} {
		if got := ask("GET", path, ""); !strings.Contains(got, says) {
			t.Errorf("%s: %.200s", path, got)
		}
	}
	if got := ask("POST", "/api/rooms/a-storm/commands", `{"kind":"put","key":"x","value":"1"}`); !strings.Contains(got, onlyARecording) || !strings.Contains(got, `"failed"`) {
		t.Errorf("a put: %s", got)
	}
	conn, _, err := websocket.DefaultDialer.Dial(strings.Replace(server.URL, "http", "ws", 1)+"/r/a-storm/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	hello := event.AppendFrame(nil, &event.Frame{Type: event.FrameHello, Version: event.WireVersion})
	if err := conn.WriteMessage(websocket.BinaryMessage, hello); err != nil {
		t.Fatal(err)
	}
	for {
		_, b, err := conn.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		f, err := event.DecodeFrame(b)
		if err != nil {
			t.Fatal(err)
		}
		if f.Type == event.FrameTape {
			if !f.Tape.Sealed || f.Tape.Mode != event.TapePaused {
				t.Errorf("%+v", f.Tape)
			}
			return
		}
	}
}
