package lobby

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/quorumlab/quorumlab/web"
)

// tunnelBytes is the buffer of one direction. The proxy of the standard library takes 32 KiB for each and waits
// for ever on a client that does not read.
const tunnelBytes = 4096

var tunnelBuffers = sync.Pool{New: func() any { return new([tunnelBytes]byte) }}

// tunnel connects a websocket with its room: the handshake is the room's to answer.
func (l *Lobby) tunnel(w http.ResponseWriter, r *http.Request, path string) {
	room, err := l.dial(r.Context(), r.PathValue("id"))
	if err != nil {
		l.passFailed(w, r, err)
		return
	}
	defer room.Close()
	out := r.Clone(r.Context())
	out.URL = &url.URL{Path: path, RawQuery: r.URL.RawQuery}
	out.Header.Set("Connection", "Upgrade, close") // a refused handshake must not leave a line to the room open
	room.SetDeadline(time.Now().Add(l.patience))
	if err := out.Write(room); err != nil {
		l.passFailed(w, r, err)
		return
	}
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		web.WriteFault(w, err)
		return
	}
	defer client.Close()
	room.SetDeadline(time.Time{})
	client.SetDeadline(time.Time{})
	join(client, buffered.Reader, room, l.patience)
}

// join copies in both directions until one of them ends.
func join(client net.Conn, early *bufio.Reader, room net.Conn, patience time.Duration) {
	up := make(chan struct{})
	go func() {
		defer close(up)
		if n := early.Buffered(); n > 0 {
			io.CopyN(room, early, int64(n))
		}
		carry(room, client, patience)
		room.Close()
	}()
	carry(client, room, patience)
	client.Close()
	<-up
}

// carry copies until reading ends or a write takes longer than patience.
func carry(to, from net.Conn, patience time.Duration) {
	buffer := tunnelBuffers.Get().(*[tunnelBytes]byte)
	defer tunnelBuffers.Put(buffer)
	for {
		n, err := from.Read(buffer[:])
		if n > 0 {
			to.SetWriteDeadline(time.Now().Add(patience))
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
