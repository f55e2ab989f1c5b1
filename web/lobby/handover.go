package lobby

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"github.com/quorumlab/quorumlab/web"
)

// A websocket is not passed through the lobby: its connection is handed to the room's process, with what has been
// read from it. From then on the lobby has no part in it, so a viewer costs it nothing, and neither does a frame.

// handover gives a client's connection to its room, which answers the handshake too.
func (l *Lobby) handover(w http.ResponseWriter, r *http.Request, path string) {
	id := r.PathValue("id")
	room, err := l.dial(r.Context(), id, Child.DialHandover)
	if err != nil {
		l.passFailed(w, r, err)
		return
	}
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		room.Close()
		web.WriteFault(w, err)
		return
	}
	defer client.Close() // only this process's hold on it
	early, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	read := append(requestAt(r, path), early...)
	for range fallsMost { // a room may fall before it has taken the connection
		err = give(room, client, read)
		room.Close()
		if err == nil {
			return
		}
		if room, err = l.dial(l.ctx, id, Child.DialHandover); err != nil {
			break
		}
	}
	l.log.Warn("websocket not handed over", "room", nickname(id), "why", err)
}

// handoverWait bounds a handover; handoverBytes what comes with the connection: a head and what came early.
const (
	handoverWait  = 5 * time.Second
	handoverBytes = 64 << 10
)

// requestAt writes a request again as it goes to the room.
func requestAt(r *http.Request, path string) []byte {
	out := r.Clone(r.Context())
	out.URL = &url.URL{Path: path, RawQuery: r.URL.RawQuery}
	out.Header.Set("Connection", "Upgrade, close") // after a refused handshake the client's next request is not the room's
	var b bytes.Buffer
	out.Write(&b) // a Buffer takes everything, and there is no body
	return b.Bytes()
}

// give sends a connection and what was read from it, and waits for the word that they have been taken.
func give(room net.Conn, client net.Conn, read []byte) error {
	room.SetDeadline(time.Now().Add(handoverWait))
	raw, err := client.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	to, n := room.(*net.UnixConn), 0
	if gone := raw.Control(func(fd uintptr) { n, err = sendFile(to, read, int(fd)) }); gone != nil {
		return gone
	}
	if err == nil {
		_, err = to.Write(read[n:])
	}
	if err == nil {
		err = to.CloseWrite()
	}
	if err == nil {
		_, err = io.ReadFull(to, make([]byte, 1))
	}
	return err
}

// reception is a listener whose connections were handed over by the lobby.
type reception struct {
	from    *net.UnixListener
	arrived chan net.Conn
	ctx     context.Context
	cancel  context.CancelFunc
}

func newReception(socket string) (*reception, error) {
	from, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return nil, err
	}
	r := &reception{from: from, arrived: make(chan net.Conn)}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	go r.receive()
	return r, nil
}

// receive takes handovers until the listener closes. They come from the lobby alone, so one at a time will do.
func (r *reception) receive() {
	for {
		from, err := r.from.AcceptUnix()
		if err != nil {
			return
		}
		from.SetDeadline(time.Now().Add(handoverWait))
		conn, err := take(from)
		from.Close()
		if err != nil {
			continue // the client sees its connection close, and comes again
		}
		select {
		case r.arrived <- conn:
		case <-r.ctx.Done():
			conn.Close()
		}
	}
}

// take receives a connection and what was read from it.
func take(from *net.UnixConn) (net.Conn, error) {
	read := make([]byte, handoverBytes)
	n, file, err := receiveFile(from, read)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rest, err := io.ReadAll(io.LimitReader(from, handoverBytes))
	if err != nil {
		return nil, err
	}
	conn, err := net.FileConn(file)
	if err != nil {
		return nil, err
	}
	if _, err := from.Write([]byte{1}); err != nil { // the lobby has given up on us and tries again
		conn.Close()
		return nil, err
	}
	return &begun{Conn: conn, read: append(read[:n:n], rest...)}, nil
}

// Accept is net.Listener's.
func (r *reception) Accept() (net.Conn, error) {
	select {
	case c := <-r.arrived:
		return c, nil
	case <-r.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Close is net.Listener's.
func (r *reception) Close() error {
	r.cancel()
	return r.from.Close()
}

// Addr is net.Listener's.
func (r *reception) Addr() net.Addr { return r.from.Addr() }

// begun is a connection from which something was read already.
type begun struct {
	net.Conn
	read []byte
}

func (c *begun) Read(b []byte) (int, error) {
	if len(c.read) == 0 {
		return c.Conn.Read(b)
	}
	n := copy(b, c.read)
	if c.read = c.read[n:]; len(c.read) == 0 {
		c.read = nil
	}
	return n, nil
}
