// Package peer is the network of a node that is a process of its own: raft's messages, requests to the leader and
// snapshots between members over TCP or TLS, on their peer URLs.
//
// A peer URL speaks HTTP/1.1. What etcd's members ask each other before they talk can be asked there in etcd's way: GET
// /members and /version. Everything else begins with an upgrade (RFC 9110 §7.8) in which both sides say which cluster and
// member they are, so that a machine of another cluster, one with an old address, or one that was removed is refused with
// a sentence before it can do harm.
package peer
