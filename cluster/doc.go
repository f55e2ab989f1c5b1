// Package cluster is a room: a real Raft cluster whose time, machines and network obey commands. Open one, Do
// commands, and read what happens from its Journal.
package cluster
