//go:build unix

package lobby

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// ownGroup keeps a terminal's Ctrl-C from the rooms: the lobby closes them itself, in order.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// sendFile sends bytes and with the first of them an open file (unix(7): SCM_RIGHTS).
func sendFile(to *net.UnixConn, b []byte, fd int) (int, error) {
	n, _, err := to.WriteMsgUnix(b, syscall.UnixRights(fd), nil)
	return n, err
}

// receiveFile is the other side of sendFile.
func receiveFile(from *net.UnixConn, b []byte) (int, *os.File, error) {
	rights := make([]byte, syscall.CmsgSpace(4))
	n, m, _, _, err := from.ReadMsgUnix(b, rights)
	if err != nil {
		return 0, nil, err
	}
	messages, err := syscall.ParseSocketControlMessage(rights[:m])
	if err != nil || len(messages) != 1 {
		return 0, nil, errors.Join(err, errors.New("no file came with the message"))
	}
	fds, err := syscall.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return 0, nil, errors.Join(err, errors.New("no file came with the message"))
	}
	syscall.CloseOnExec(fds[0])
	return n, os.NewFile(uintptr(fds[0]), "handed over"), nil
}
