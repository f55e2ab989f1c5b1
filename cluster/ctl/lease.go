package ctl

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	clientv3 "go.etcd.io/etcd/client/v3"
)

func (l *line) leaseVerb() *cobra.Command {
	return group("lease", "Lease related commands", l.grantVerb(), l.revokeVerb(), l.timeToLiveVerb(), l.leasesVerb(), l.keepAliveVerb())
}

func (l *line) grantVerb() *cobra.Command {
	return l.asking("grant <ttl>", "Creates leases", func(cmd *cobra.Command, c *clientv3.Client, args []string) error {
		if len(args) != 1 {
			return errors.New("lease grant command needs TTL argument")
		}
		ttl, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil {
			return fmt.Errorf("bad TTL (%w)", err)
		}
		r, err := c.Grant(cmd.Context(), ttl)
		if err != nil {
			return fmt.Errorf("failed to grant lease (%w)", err)
		}
		l.show.grant(r)
		return nil
	})
}

func (l *line) revokeVerb() *cobra.Command {
	return l.leasing("revoke <leaseID>", "Revokes leases", func(cmd *cobra.Command, c *clientv3.Client, id clientv3.LeaseID) error {
		r, err := c.Revoke(cmd.Context(), id)
		if err != nil {
			return fmt.Errorf("failed to revoke lease (%w)", err)
		}
		l.show.revoke(id, r)
		return nil
	})
}

// leasing is a verb about one lease.
func (l *line) leasing(use, short string, run func(*cobra.Command, *clientv3.Client, clientv3.LeaseID) error) *cobra.Command {
	return l.asking(use, short, func(cmd *cobra.Command, c *clientv3.Client, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("lease %s command needs lease ID as argument", cmd.Name())
		}
		id, err := leaseID(args[0])
		if err != nil {
			return err
		}
		return run(cmd, c, id)
	})
}

func (l *line) timeToLiveVerb() *cobra.Command {
	keys := false
	cmd := l.leasing("timetolive <leaseID> [options]", "Get lease information", func(cmd *cobra.Command, c *clientv3.Client, id clientv3.LeaseID) error {
		var opts []clientv3.LeaseOption
		if keys {
			opts = append(opts, clientv3.WithAttachedKeys())
		}
		r, err := c.TimeToLive(cmd.Context(), id, opts...)
		if err == nil {
			l.show.timeToLive(r, keys)
		}
		return err
	})
	cmd.Flags().BoolVar(&keys, "keys", false, "Get keys attached to this lease")
	return cmd
}

func (l *line) leasesVerb() *cobra.Command {
	return l.asking("list", "List all active leases", func(cmd *cobra.Command, c *clientv3.Client, _ []string) error {
		r, err := c.Leases(cmd.Context())
		if err == nil {
			l.show.leases(r)
		}
		return err
	})
}

func (l *line) keepAliveVerb() *cobra.Command {
	once := false
	cmd := l.leasing("keep-alive [options] <leaseID>", "Keeps leases alive (renew)", func(cmd *cobra.Command, c *clientv3.Client, id clientv3.LeaseID) error {
		if once {
			r, err := c.KeepAliveOnce(cmd.Context(), id)
			if err == nil {
				l.show.keepAlive(r)
			}
			return err
		}
		answers, err := c.KeepAlive(cmd.Context(), id)
		if err != nil {
			return err
		}
		for r := range answers {
			l.show.keepAlive(r)
		}
		if cmd.Context().Err() == nil {
			fmt.Fprintf(l.term.Out(), "lease %016x expired or revoked.\n", id)
		}
		return nil
	})
	cmd.Flags().BoolVar(&once, "once", false, "Resets the keep-alive time to its original value and ends")
	return cmd
}
