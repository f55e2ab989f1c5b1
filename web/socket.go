package web

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Close codes of the websocket, beside the standard ones (RFC 6455 §7.4): 1002 for a frame that cannot be read or
// comes out of order, 1003 for text, 1009 for one too long, 1012 when the room closes, 1013 when it is full.
const (
	CloseSlow    = 4001 // the viewer did not keep up; it may resume from the last fact it has seen
	CloseVersion = 4002 // the page speaks another wire version: it should reload
)

var upgrader = websocket.Upgrader{
	HandshakeTimeout: helloWait,
	WriteBufferPool:  &sync.Pool{},
	ReadBufferSize:   1024,
	WriteBufferSize:  4096,
	Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
		code := CodeBadRequest
		if status == http.StatusForbidden {
			code = CodeForbidden
		}
		WriteFault(w, &Fault{status, code, "This is the room's websocket: " + reason.Error() + ".", ""})
	},
}

// socket is GET /ws. The viewer lives in a goroutine of its own: the request's holds twice the memory.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) { s.socketOf(s.open, w, r) }

func (s *Server) socketOf(f *face, w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		WriteFault(w, closing)
		return
	}
	end := s.usage.begin()
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil { // the upgrader has answered
		end()
		s.visitors.Done()
		return
	}
	go func() {
		defer s.visitors.Done()
		defer end()
		defer conn.Close()
		newViewer(s, f, conn).watch()
	}()
}

// farewell is why and how a websocket ends.
type farewell struct {
	close    int    // close code
	code     string // of the notice
	sentence string
}

func (f *farewell) Error() string { return f.sentence }

// gone is the farewell to a viewer that has closed or lost its connection: nobody hears it.
var gone = &farewell{sentence: "the viewer has gone"}

var roomCloses = &farewell{websocket.CloseServiceRestart, CodeClosing, "The room is closing; the page will come back with it."}

func disorder(sentence string) *farewell {
	return &farewell{websocket.CloseProtocolError, "bad-frame", sentence}
}

// readFrame reads one frame of at most OrderBytes.
func readFrame(conn *websocket.Conn) (event.Frame, *farewell) {
	kind, r, err := conn.NextReader()
	if err != nil {
		return event.Frame{}, gone
	}
	if kind != websocket.BinaryMessage {
		return event.Frame{}, &farewell{websocket.CloseUnsupportedData, "bad-frame", "Frames are binary messages; this one was text."}
	}
	b, err := io.ReadAll(io.LimitReader(r, OrderBytes+1))
	if err != nil {
		return event.Frame{}, gone
	}
	if len(b) > OrderBytes {
		return event.Frame{}, &farewell{websocket.CloseMessageTooBig, CodeTooLarge, fmt.Sprintf("A frame may have %d bytes; this one has more.", OrderBytes)}
	}
	f, err := event.DecodeFrame(b)
	if err != nil {
		return f, disorder("This frame cannot be read: " + plain(err) + ".")
	}
	return f, nil
}

// writeFarewell sends a last notice and the close frame, without waiting long for either.
func writeFarewell(conn *websocket.Conn, bye *farewell) {
	deadline := time.Now().Add(farewellWait)
	conn.SetWriteDeadline(deadline)
	notice := event.Frame{Type: event.FrameNotice, Code: bye.code, Text: bye.sentence}
	if conn.WriteMessage(websocket.BinaryMessage, event.AppendFrame(nil, &notice)) != nil {
		return
	}
	conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(bye.close, clipReason(bye.sentence)), deadline)
}

// clipReason keeps a close reason within the 123 bytes of a control frame (RFC 6455 §5.5).
func clipReason(s string) string {
	if len(s) <= 123 {
		return s
	}
	return s[:120] + "..."
}

// drain reads what is still coming for a moment: closing with unread bytes would reset the connection, and the
// viewer would never read why.
func drain(conn *websocket.Conn) {
	conn.NetConn().SetReadDeadline(time.Now().Add(farewellWait))
	io.Copy(io.Discard, conn.NetConn())
}
