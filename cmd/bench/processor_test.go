package bench

import (
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	for _, c := range []struct {
		stat   string
		used   time.Duration
		parent int
		ok     bool
	}{
		{"7 (etcd) S 3 7 1 0 -1 4194560 2509 0 0 0 150 25 0 0 20 0 9 0", 1750 * time.Millisecond, 3, true},
		{"7 (a ) (b) 9) S 3 7 1 0 -1 4194560 2509 0 0 0 1 0 0 0 20 0 9 0", 10 * time.Millisecond, 3, true},
		{"7 (etcd) S 3", 0, 0, false},
		{"", 0, 0, false},
	} {
		if used, parent, ok := parseStat([]byte(c.stat)); used != c.used || parent != c.parent || ok != c.ok {
			t.Errorf("%q is %v, %d, %v; should be %v, %d, %v", c.stat, used, parent, ok, c.used, c.parent, c.ok)
		}
	}
}
