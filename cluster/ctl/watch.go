package ctl

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	clientv3 "go.etcd.io/etcd/client/v3"
)

func (l *line) watchVerb() *cobra.Command {
	var s span
	var rev int64
	var prev, progress bool
	cmd := l.asking("watch [options] [key or prefix] [range_end]", "Watches events stream on keys or prefixes", func(cmd *cobra.Command, c *clientv3.Client, args []string) error {
		key, opts, err := s.keys("watch", args)
		if err != nil {
			return err
		}
		opts = append(opts, clientv3.WithRev(rev))
		if prev {
			opts = append(opts, clientv3.WithPrevKV())
		}
		if progress {
			opts = append(opts, clientv3.WithProgressNotify())
		}
		return l.watch(cmd, c.Watch(cmd.Context(), key, opts...))
	})
	s.of(cmd.Flags())
	cmd.Flags().Int64Var(&rev, "rev", 0, "Revision to start watching")
	cmd.Flags().BoolVar(&prev, "prev-kv", false, "get the previous key-value pair before the event happens")
	cmd.Flags().BoolVar(&progress, "progress-notify", false, "get periodic watch progress notification from server")
	return cmd
}

// watch tells what comes until the line is stopped.
func (l *line) watch(cmd *cobra.Command, events clientv3.WatchChan) error {
	for r := range events {
		if r.Canceled && cmd.Context().Err() == nil {
			fmt.Fprintf(l.term.Err(), "watch was canceled (%v)\n", r.Err())
		}
		if r.IsProgressNotify() {
			fmt.Fprintf(l.term.Out(), "progress notify: %d\n", r.Header.GetRevision())
		}
		l.show.watch(&r)
	}
	if cmd.Context().Err() != nil {
		return nil
	}
	return errors.New("watch is canceled by the server")
}
