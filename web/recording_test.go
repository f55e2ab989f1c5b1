package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
)

func TestARoomsRecordingIsAFile(t *testing.T) {
	h := newHouse(t, Limits{})
	h.cluster.tell(event.Event{Kind: event.Suspended, Node: 2})
	answer, err := http.Get(h.url + "/recording")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if d := answer.Header.Get("Content-Disposition"); answer.StatusCode != http.StatusOK || !strings.Contains(d, "amber-otter-2") || !strings.Contains(d, ".qlr") {
		t.Errorf("%d, %s", answer.StatusCode, d)
	}
	j, info, err := journal.Read(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if s := j.State(); info.Room != "amber-otter" || info.Epoch != 7 || len(s.Nodes) != 3 || !s.Nodes[1].Suspended {
		t.Errorf("%+v: %+v", info, s)
	}
}

func TestFewFetchARecordingAtATime(t *testing.T) {
	h := newHouse(t, Limits{})
	fetch := func() *http.Response {
		answer, err := http.Get(h.url + "/recording")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer
	}
	for range Downloads {
		h.server.downloads <- struct{}{}
	}
	if answer := fetch(); answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Errorf("one more: %d", answer.StatusCode)
	}
	<-h.server.downloads
	if answer := fetch(); answer.StatusCode != http.StatusOK {
		t.Errorf("the last place: %d", answer.StatusCode)
	}
}

// TestWhoFetchesRecordingsDoesNotKeepOthersFromActing: those who may only watch fetch until they are refused; a command is done.
func TestWhoFetchesRecordingsDoesNotKeepOthersFromActing(t *testing.T) {
	h := newHouse(t, Limits{Commands: 2})
	refused := false
	for range 4 * Downloads {
		answer, err := http.Get(h.url + WatchPath + "/recording")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		refused = refused || answer.StatusCode == http.StatusTooManyRequests && answer.Header.Get("Retry-After") != ""
	}
	if !refused {
		t.Errorf("%d recordings were fetched in a row", 4*Downloads)
	}
	answer, err := http.Post(h.url+"/commands", "application/json", strings.NewReader(`{"kind":"put","key":"x","value":"1"}`))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("a command meanwhile: %d", answer.StatusCode)
	}
}

func TestTheKeyOfARoomIsNotInItsRecording(t *testing.T) {
	for room, want := range map[string]string{"amber-otter-abcdef0123": "amber-otter", "amber-otter": "amber-otter", "n1": "n1", "": ""} {
		if got := PublicName(room); got != want {
			t.Errorf("of %q %q is told", room, got)
		}
	}
}

// TestARecordingThatIsServedBeginsAtItsStart: page, websocket and commands of a recording.
func TestARecordingThatIsServedBeginsAtItsStart(t *testing.T) {
	fake := newFake(3)
	fake.tell(event.Event{Kind: event.Suspended, Node: 2})
	fake.Journal().Close()
	h := &house{t: t, cluster: fake}
	h.server = New(Options{Cluster: fake, Room: "amber-otter", Sealed: true, Assets: NewAssets(fstest.MapFS{})})
	listener := httptest.NewServer(Guard(h.server))
	h.url = listener.URL
	t.Cleanup(func() {
		h.server.Close()
		listener.Close()
	})
	if s, here := h.server.sight(); !here.Sealed || here.Mode != event.TapePaused || here.Seq == 0 || here.Seq >= here.Head || s.Seq != here.Seq {
		t.Errorf("the first picture is of %d: %+v", s.Seq, here)
	}
	conn := h.watch(0, 0)
	if here := h.receive(conn, event.FrameTape).Tape; !here.Sealed || here.Mode != event.TapePaused || here.Seq >= here.Head {
		t.Errorf("%+v", here)
	}
	h.send(conn, event.Frame{Type: event.FrameWind, Text: "next fault"})
	for seq := uint64(0); seq < 7; { // a step ahead is seen happening
		f := h.receive(conn, event.FrameEvents)
		seq = f.Seq + uint64(len(f.Events)) - 1
	}
}
