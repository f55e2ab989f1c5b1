//go:build !unix

package lobby

import (
	"errors"
	"net"
	"os"
	"syscall"
)

func ownGroup() *syscall.SysProcAttr { return nil }

var errUnix = errors.New("connections can be handed to another process on Unix only")

func sendFile(*net.UnixConn, []byte, int) (int, error) { return 0, errUnix }

func receiveFile(*net.UnixConn, []byte) (int, *os.File, error) { return 0, nil, errUnix }
