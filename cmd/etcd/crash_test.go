package main

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// kill ends a process as a crash of it does.
func (m *member) kill() {
	m.t.Helper()
	if err := m.cmd.Process.Kill(); err != nil {
		m.t.Fatal(err)
	}
	m.over()
}

// restart runs a member that was killed, and waits until it serves again.
func (m *member) restart() { m.ready() }

// hasty are flags with which a leader is missed soon.
var hasty = []string{"--heartbeat-interval=50", "--election-timeout=500"}

func TestKilledMembersLoseNothing(t *testing.T) {
	t.Parallel()
	c := form(t, 3, "http", hasty...).start()
	s := begin(t, c)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 3 { // one after the other, at some point of their work
		s.further(20 + rng.Int64N(60))
		m := c.members[rng.IntN(len(c.members))]
		m.kill()
		s.further(20) // the others go on
		m.restart()
	}
	s.further(20 + rng.Int64N(60))
	killAll(c.members)
	restartAll(c.members)
	s.further(50)
	s.end()
}

// killAll kills members at the same moment.
func killAll(members []*member) {
	for _, m := range members {
		_ = m.cmd.Process.Kill() // whether it has ended is seen next
	}
	for _, m := range members {
		m.over()
	}
}

// restartAll runs members that need each other to serve.
func restartAll(members []*member) {
	before := map[*member]int{}
	for _, m := range members {
		before[m] = strings.Count(m.said(), "ready to serve client requests")
		m.start()
	}
	for _, m := range slices.Backward(members) {
		m.serves(before[m] + 1)
	}
}
