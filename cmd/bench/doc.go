// Package bench measures clusters that speak etcd's API: loops of clients against any endpoints, and three members of
// quorumlab against three of the real etcd on the same machine. It is the verbs puts, reads, watches and compare of
// quorumlab bench.
package bench
