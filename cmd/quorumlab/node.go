package main

import (
	"os"

	"github.com/quorumlab/quorumlab/cmd/etcdmain"
	"github.com/spf13/cobra"
)

// newNode runs a member of a cluster. Its flags are etcd's, so etcd's own reading of them is the only one.
func newNode() *cobra.Command {
	return &cobra.Command{
		Use:                "node [etcd's flags]",
		Short:              "Run one member of a cluster as a process of its own, with etcd's flags and API",
		DisableFlagParsing: true,
		Run: func(cmd *cobra.Command, args []string) {
			os.Exit(etcdmain.MainWithFacts("quorumlab node", args, os.Stdout, os.Stderr, serveFacts))
		},
	}
}
