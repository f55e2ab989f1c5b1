//go:build !unix

package lobby

import "syscall"

func ownGroup() *syscall.SysProcAttr { return nil }
