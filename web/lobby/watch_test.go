package lobby

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/quorumlab/quorumlab/web"
)

func TestRoomIsWatchedUnderItsOtherName(t *testing.T) {
	h := newHouse(t, Options{})
	var made struct{ ID, Watch string }
	if err := json.Unmarshal([]byte(h.ask(http.MethodPost, "/api/rooms", `{"nodes":1}`, http.StatusCreated)), &made); err != nil {
		t.Fatal(err)
	}
	secret := made.ID[strings.LastIndexByte(made.ID, '-')+1:]
	if made.Watch != web.WatchURL(web.WatchName(made.ID)) || strings.Contains(made.Watch, secret) {
		t.Fatalf("it is watched at %s", made.Watch)
	}
	if page := h.ask(http.MethodGet, made.Watch, "", http.StatusOK); page != made.ID+" is watched" {
		t.Errorf("page: %s", page)
	}
	conn, _, err := websocket.DefaultDialer.Dial(strings.Replace(h.url, "http", "ws", 1)+made.Watch+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	for _, path := range []string{made.Watch + "/commands", strings.Replace(made.Watch, "/w/", "/r/", 1), strings.Replace(made.Watch, "/w/", "/api/rooms/", 1),
		strings.Replace(made.Watch, "/w/", "/api/watch/", 1) + "/commands", "/w/" + made.ID, "/r/" + made.ID + "/watch", "/w/amber-otter-nobody"} {
		h.ask(http.MethodGet, path, "", http.StatusNotFound)
	}
	h.ask(http.MethodDelete, "/api/rooms/"+made.ID, "", http.StatusNoContent)
	h.ask(http.MethodGet, made.Watch, "", http.StatusNotFound)
}
