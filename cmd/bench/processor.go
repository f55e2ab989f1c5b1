package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const tick = time.Second / 100 // USER_HZ on Linux

// ProcessorTime is what a process has used as user and in the kernel, and its parent, from /proc. ok is false where
// there is no such process, or no /proc.
func ProcessorTime(pid int) (used time.Duration, parent int, ok bool) {
	s, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, false
	}
	return parseStat(s)
}

// parseStat reads proc_pid_stat(5). The second field is the program's name, which may have spaces and parentheses.
func parseStat(s []byte) (used time.Duration, parent int, ok bool) {
	fields := strings.Fields(string(s[bytes.LastIndexByte(s, ')')+1:]))
	if len(fields) < 13 {
		return 0, 0, false
	}
	parent, _ = strconv.Atoi(fields[1])
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick, parent, true
}
