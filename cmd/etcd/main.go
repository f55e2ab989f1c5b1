// Etcd is a member of a cluster that speaks etcd's API and takes etcd's flags.
package main

import (
	"os"

	"github.com/quorumlab/quorumlab/cmd/etcdmain"
)

func main() { os.Exit(etcdmain.Main("etcd", os.Args[1:], os.Stdout, os.Stderr)) }
