//go:build !race

package main

// Under the race detector lessons and drafts are not rehearsed: it slows a room tenfold, and lessons/play has it already.
const raceEnabled = false
