// Package reference builds the real etcd, so that tests and benchmarks can hold this project against it: the
// server, etcdctl and etcdutl, in the version and with the dependencies that the module in programs pins. They
// are built from Go's module proxy or cache, once for a machine.
package reference
