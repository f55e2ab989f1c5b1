package browsertest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Everyone who has the link sees the same room, and what one does the other sees.
func TestTwoViewersSeeTheSameRoom(t *testing.T) {
	t.Parallel()
	one, two := newPage(t), newPage(t)
	one.open(lab.base + "/?nodes=3&rate=1")
	link := eval[string](one, `location.href`)
	two.open(link)
	one.until("three nodes", `nodes().length === 3`)
	one.console("put shared 1")
	two.until("the other sees the put", `rows().length === 3 && rows().every(row => cells(row).some(c => solid(c) && says(c, "shared")))`)
	two.console("freeze")
	one.until("the one sees that the other froze the room", `frozen()`)
	two.console("thaw")
	one.until("and thawed it", `!frozen()`)
	one.clean()
	two.clean()
}

// A room's process that is killed comes back from its disk, and the page by itself.
func TestPageComesBackWithItsRoom(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.open(lab.base + "/?rate=1")
	r := lab.at(t, eval[string](p, `location.href`))
	p.console("put durable 1")
	p.until("the put is ok", `answers("put durable 1", "ok")`)
	epoch := r.state().Epoch
	kill(t, r.process())
	p.until("the page is live in the room's next life", `live() && quorumlab.measure().reconnects > 0 && leaders().length === 1`)
	r.until("the room has begun another life", func(s state) bool { return s.Epoch > epoch })
	p.until("every row still has the put", `rows().length === 5 && rows().every(row => cells(row).some(c => solid(c) && says(c, "durable")))`)
	p.console("put durable 2")
	p.until("it goes on", `answers("put durable 2", "ok")`)
}

// process is the room's: the child of the lobby that holds a file of the room open.
func (r *room) process() int {
	r.t.Helper()
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		r.t.Skip("the lobby's processes cannot be found here: there is no /proc")
	}
	files, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		r.t.Fatal(err)
	}
	for _, file := range files {
		if target, err := os.Readlink(file); err == nil && strings.Contains(target, r.id) {
			pid, _ := strconv.Atoi(strings.Split(file, "/")[2])
			return pid
		}
	}
	r.t.Fatalf("no process has a file of room %s open", r.id)
	return 0
}

func kill(t *testing.T, pid int) {
	t.Helper()
	process, err := os.FindProcess(pid)
	if err == nil {
		err = process.Kill()
	}
	if err != nil {
		t.Fatal(err)
	}
}
