package cluster

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// A node's door is open while the node runs, whatever brought it up or down, and is forgotten when it leaves.
func TestDoors(t *testing.T) {
	var did []string
	said := func(what string, id event.NodeID) { did = append(did, fmt.Sprint(what, id)) }
	was := func(want string) {
		t.Helper()
		slices.Sort(did) // of several at once
		if got := strings.Join(did, " "); got != want {
			t.Errorf("doors: %q, want %q", got, want)
		}
		did = nil
	}
	dir := t.TempDir()
	l := openLab(t, Options{Nodes: 3, Dir: dir, Doors: Doors{Shut: func(id event.NodeID) { said("-", id) },
		Open: func(s *Session, before string) (string, error) {
			said("+", s.Self())
			if before == "" {
				before = "http://" + s.Self().String()
			}
			return before, nil
		}}})
	was("+n1 +n2 +n3")
	l.ok(on(2, event.Command{Kind: event.Kill}))
	was("-n2")
	if got := fmt.Sprint(l.Endpoints()); got != "[{n1 http://n1 true} {n2 http://n2 false} {n3 http://n3 true}]" {
		t.Errorf("endpoints: %s", got)
	}
	l.ok(on(2, event.Command{Kind: event.Restart}))
	was("+n2")
	l.leader()
	l.ok(event.Command{Kind: event.MemberAdd})
	was("+n4")
	l.ok(on(4, event.Command{Kind: event.MemberRemove}))
	for len(l.Endpoints()) > 3 {
		l.Advance(1_000)
	}
	was("-n4")
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	was("-n1 -n2 -n3")
	openLab(t, Options{Dir: dir, Doors: Doors{Open: func(s *Session, before string) (string, error) {
		if before != "http://"+s.Self().String() {
			t.Errorf("%v was reached at %q", s.Self(), before)
		}
		return before, nil
	}}})
}

// A room works without doors, and where one cannot be opened.
func TestDoorThatCannotBeOpened(t *testing.T) {
	warned := 0
	r, err := Open(Options{Dir: t.TempDir(), Nodes: 1, NoSync: true, Manual: true, Warn: func(error) { warned++ },
		Doors: Doors{Open: func(*Session, string) (string, error) { return "", errors.New("no port is free") }}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if warned != 1 || len(r.Endpoints()) != 0 {
		t.Errorf("warned %d times, endpoints %v", warned, r.Endpoints())
	}
}
