//go:build unix

package lobby

import "syscall"

// ownGroup keeps a terminal's Ctrl-C from the rooms: the lobby closes them itself, in order.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
