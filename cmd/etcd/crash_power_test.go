package main

import (
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/disk"
)

// losePower makes of the directory of a member that was killed what a power cut at that instant may leave: without what no
// fsync had put on disk.
func (m *member) losePower(dice *rand.Rand) (lost int) {
	m.t.Helper()
	what, err := disk.LosePower(filepath.Join(m.dir, "node"), m.witness(), dice)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, w := range what {
		m.t.Logf("%s lost %s", m.name, w)
	}
	return len(what)
}

// witness is the file in which a member notes what is on its disk.
func (m *member) witness() string { return m.dir + ".on-disk" }

func TestPowerCutsLoseNothing(t *testing.T) {
	t.Parallel()
	c := form(t, 3, "http", hasty...)
	for _, m := range c.members {
		m.env = append(m.env, "QUORUMLAB_WITNESS="+m.witness())
	}
	s := begin(t, c.start())
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 2 { // one after the other
		s.further(20 + rng.Int64N(60))
		m := c.members[rng.IntN(len(c.members))]
		m.kill()
		m.losePower(rng)
		s.further(20)
		m.restart()
	}
	for range 2 { // the whole room
		s.further(20 + rng.Int64N(60))
		killAll(c.members)
		for _, m := range c.members {
			m.losePower(rng)
		}
		restartAll(c.members)
	}
	s.further(50)
	s.end()
}
