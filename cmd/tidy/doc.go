// Package tidy keeps the house in order: its tests read the repository itself. Which package may import which,
// how long a function may be, what a file may be called and which words may not be left behind. Each rule
// says why it is there when it fails.
package tidy
