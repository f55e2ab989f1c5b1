// Quorumlab serves rooms: real Raft clusters that people watch, command and break in the browser.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := newRoot().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "quorumlab:", err)
		stop()
		os.Exit(1)
	}
}

// newRoot is the command line. Without a subcommand it serves.
func newRoot() *cobra.Command {
	serve := newServe()
	root := &cobra.Command{
		Use:           "quorumlab",
		Short:         "Real Raft clusters that people watch, command and break in the browser",
		Args:          cobra.NoArgs,
		RunE:          serve.RunE,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.Flags().AddFlagSet(serve.Flags())
	root.AddCommand(serve, newRoom(), newNode(), newLesson(), newBench(), newReplay(), newRecord(), newExport())
	return root
}
