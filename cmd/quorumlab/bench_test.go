package main

import (
	"encoding/json"
	"os/exec"
	"testing"
)

// What a viewer costs is only measured when viewers watch; bench says so itself if they do not.
func TestAMemberIsMeasuredWhileItIsWatched(t *testing.T) {
	if raceEnabled {
		t.Skip("six processes that are judged by how fast they are")
	}
	dir := t.TempDir()
	cmd := quorumlab("bench", "compare", "--watched", "--slices", "2", "--slice", "400ms", "--clients", "2", "--json", "--dir", dir)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, err.(*exec.ExitError).Stderr)
	}
	var measured struct {
		Watched bool
		Puts    []struct{ Ratio float64 }
		Reads   []any
	}
	if err := json.Unmarshal(out, &measured); err != nil {
		t.Fatalf("on stdout is more than JSON: %v in %s", err, out)
	}
	if !measured.Watched || len(measured.Puts) != 1 || measured.Puts[0].Ratio <= 0 || len(measured.Reads) > 0 {
		t.Errorf("%s", out)
	}
}
