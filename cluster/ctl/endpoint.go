package ctl

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// all are the endpoints that a verb goes through: those that were named, or all.
func (l *line) all() []string {
	if len(l.endpoints) > 0 {
		return l.endpoints
	}
	return l.cluster.Nodes()
}

// through asks one endpoint after the other, and says of which it had no answer.
func (l *line) through(cmd *cobra.Command, failed string, ask func(c *clientv3.Client, node string) error) error {
	bad := false
	for _, node := range l.all() {
		c, err := l.cluster.Client(node)
		if err == nil {
			err = ask(c, node)
			c.Close()
		}
		if stopped(cmd.Context(), err) {
			return err
		}
		if err != nil {
			fmt.Fprintf(l.term.Err(), failed+"\n", node, err)
			bad = true
		}
	}
	if bad {
		return errSaid
	}
	return nil
}

func (l *line) endpointVerb() *cobra.Command {
	e := group("endpoint", "Endpoint related commands", l.healthVerb(), l.statusVerb(), l.hashVerb())
	e.PersistentFlags().Bool("cluster", false, "use all endpoints, as is done anyway unless some are named")
	return e
}

// health is how an endpoint is.
type health struct {
	Ep     string `json:"endpoint"`
	Health bool   `json:"health"`
	Took   string `json:"took"`
	Error  string `json:"error,omitempty"`
}

func (l *line) healthVerb() *cobra.Command {
	return verb("health", "Checks the healthiness of endpoints specified in `--endpoints` flag", func(cmd *cobra.Command, _ []string) error {
		var all []health
		err := l.through(cmd, "%s: %v", func(c *clientv3.Client, node string) error {
			h := healthOf(cmd.Context(), c, node)
			all = append(all, h)
			return cmd.Context().Err()
		})
		l.show.health(all)
		for _, h := range all {
			if h.Error != "" && err == nil {
				err = errors.New("unhealthy cluster")
			}
		}
		return err
	})
}

func healthOf(ctx context.Context, c *clientv3.Client, node string) health {
	start := time.Now()
	_, err := c.Get(ctx, "health")
	h := health{Ep: node, Took: time.Since(start).String(), Health: err == nil || errors.Is(err, rpctypes.ErrPermissionDenied)}
	if !h.Health {
		h.Error = err.Error()
		return h
	}
	r, err := c.AlarmList(ctx)
	switch {
	case err != nil:
		h.Health, h.Error = false, "Unable to fetch the alarm list"
	case len(r.Alarms) > 0:
		h.Health, h.Error = false, "Active Alarm(s): "
		for _, a := range r.Alarms {
			h.Error += a.Alarm.String() + " "
		}
	}
	return h
}

// status is what an endpoint says of itself.
type status struct {
	Ep   string                   `json:"Endpoint"`
	Resp *clientv3.StatusResponse `json:"Status"`
}

func (l *line) statusVerb() *cobra.Command {
	return verb("status", "Prints out the status of endpoints specified in `--endpoints` flag", func(cmd *cobra.Command, _ []string) error {
		var all []status
		err := l.through(cmd, "Failed to get the status of endpoint %s (%v)", func(c *clientv3.Client, node string) error {
			r, err := c.Status(cmd.Context(), node)
			if err == nil {
				all = append(all, status{node, r})
			}
			return err
		})
		l.show.status(all)
		return err
	})
}

// hash is an endpoint's of its keys and their history.
type hash struct {
	Ep   string                   `json:"Endpoint"`
	Resp *clientv3.HashKVResponse `json:"HashKV"`
}

func (l *line) hashVerb() *cobra.Command {
	rev := int64(0)
	cmd := verb("hashkv", "Prints the KV history hash for each endpoint in --endpoints", func(cmd *cobra.Command, _ []string) error {
		var all []hash
		err := l.through(cmd, "Failed to get the hash of endpoint %s (%v)", func(c *clientv3.Client, node string) error {
			r, err := c.HashKV(cmd.Context(), node, rev)
			if err == nil {
				all = append(all, hash{node, r})
			}
			return err
		})
		l.show.hash(all)
		return err
	})
	cmd.Flags().Int64Var(&rev, "rev", 0, "maximum revision to hash (default: latest revision)")
	return cmd
}

func (l *line) defragVerb() *cobra.Command {
	cmd := verb("defrag", "Defragments the storage of the etcd members with given endpoints", func(cmd *cobra.Command, _ []string) error {
		return l.through(cmd, "Failed to defragment etcd member[%s]. (%v)", func(c *clientv3.Client, node string) error {
			start := time.Now()
			_, err := c.Defragment(cmd.Context(), node)
			if err == nil {
				fmt.Fprintf(l.term.Out(), "Finished defragmenting etcd member[%s]. took %s\n", node, time.Since(start))
			}
			return err
		})
	})
	cmd.Flags().Bool("cluster", false, "use all endpoints, as is done anyway unless some are named")
	return cmd
}

func (l *line) alarmVerb() *cobra.Command {
	return group("alarm", "Alarm related commands",
		l.asking("list", "Lists all alarms", func(cmd *cobra.Command, c *clientv3.Client, _ []string) error {
			r, err := c.AlarmList(cmd.Context())
			if err == nil {
				l.show.alarm(r)
			}
			return err
		}),
		l.asking("disarm", "Disarms all alarms", func(cmd *cobra.Command, c *clientv3.Client, _ []string) error {
			r, err := c.AlarmDisarm(cmd.Context(), &clientv3.AlarmMember{})
			if err == nil {
				l.show.alarm(r)
			}
			return err
		}))
}

func (l *line) snapshotVerb() *cobra.Command {
	save := verb("save <filename>", "Offers an etcd node backend snapshot for download", func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return errors.New("snapshot save expects one argument <filename>")
		}
		node := ""
		if len(l.endpoints) > 0 {
			node = l.endpoints[0]
		}
		l.term.Offer(node, args[0][strings.LastIndexByte(args[0], '/')+1:])
		return nil
	})
	return group("snapshot", "Manages etcd node snapshots", save)
}
