//go:build !race

package play

// The race detector slows a room tenfold: an idle hour is left to the run without it.
const raceEnabled = false
