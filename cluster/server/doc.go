// Package server is one member as a process of its own: it makes or joins a cluster as etcd does, wires a node to its
// peers over TCP and to etcd's clients, and ends in order.
package server
