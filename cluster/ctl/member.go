package ctl

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	clientv3 "go.etcd.io/etcd/client/v3"
)

func (l *line) memberVerb() *cobra.Command {
	return group("member", "Membership related commands", l.memberListVerb(), l.memberAddVerb(), l.memberUpdateVerb(),
		l.about("remove <memberID>", "Removes a member from the cluster", func(cmd *cobra.Command, c *clientv3.Client, id uint64) error {
			r, err := c.MemberRemove(cmd.Context(), id)
			if err == nil {
				l.show.memberRemove(id, r)
			}
			return err
		}),
		l.about("promote <memberID>", "Promotes a non-voting member in the cluster", func(cmd *cobra.Command, c *clientv3.Client, id uint64) error {
			r, err := c.MemberPromote(cmd.Context(), id)
			if err == nil {
				l.show.memberPromote(id, r)
			}
			return err
		}))
}

// about is a verb about one member.
func (l *line) about(use, short string, run func(*cobra.Command, *clientv3.Client, uint64) error) *cobra.Command {
	return l.asking(use, short, func(cmd *cobra.Command, c *clientv3.Client, args []string) error {
		if len(args) != 1 {
			return errors.New("member ID is not provided")
		}
		id, err := l.memberID(args[0])
		if err != nil {
			return err
		}
		return run(cmd, c, id)
	})
}

func (l *line) memberListVerb() *cobra.Command {
	consistency := ""
	cmd := l.asking("list", "Lists all members in the cluster", func(cmd *cobra.Command, c *clientv3.Client, _ []string) error {
		var opts []clientv3.OpOption
		if consistency == "s" {
			opts = append(opts, clientv3.WithSerializable())
		}
		r, err := c.MemberList(cmd.Context(), opts...)
		if err == nil {
			l.show.memberList(r)
		}
		return err
	})
	cmd.Flags().StringVar(&consistency, "consistency", "l", "Linearizable(l) or Serializable(s)")
	return cmd
}

func (l *line) memberAddVerb() *cobra.Command {
	urls, learner := "", false
	cmd := l.asking("add <memberName> [options]", "Adds a member into the cluster; which machine that is the room says", func(cmd *cobra.Command, c *clientv3.Client, args []string) error {
		if len(args) != 1 {
			return errors.New("member name not provided")
		}
		if urls == "" {
			urls = "http://" + args[0] + ":2380" // the room has one for it anyway
		}
		add := c.MemberAdd
		if learner {
			add = c.MemberAddAsLearner
		}
		r, err := add(cmd.Context(), strings.Split(urls, ","))
		if err == nil {
			l.show.memberAdd(r)
		}
		return err
	})
	cmd.Flags().StringVar(&urls, "peer-urls", "", "comma separated peer URLs for the new member.")
	cmd.Flags().BoolVar(&learner, "learner", false, "indicates if the new member is raft learner")
	return cmd
}

func (l *line) memberUpdateVerb() *cobra.Command {
	urls := ""
	cmd := l.about("update <memberID> [options]", "Updates a member in the cluster", func(cmd *cobra.Command, c *clientv3.Client, id uint64) error {
		if urls == "" {
			return errors.New("member peer urls not provided")
		}
		r, err := c.MemberUpdate(cmd.Context(), id, strings.Split(urls, ","))
		if err == nil {
			l.show.memberUpdate(id, r)
		}
		return err
	})
	cmd.Flags().StringVar(&urls, "peer-urls", "", "comma separated peer URLs for the updated member.")
	return cmd
}

func (l *line) moveLeaderVerb() *cobra.Command {
	return verb("move-leader <transferee-member-id>", "Transfers leadership to another etcd cluster member.", func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return errors.New("move-leader command needs 1 argument")
		}
		target, err := l.memberID(args[0])
		if err != nil {
			return err
		}
		for _, node := range l.all() {
			done, err := l.moveFrom(cmd, node, target)
			if done || err != nil {
				return err
			}
		}
		return fmt.Errorf("no leader endpoint given at %v", l.all())
	})
}

// moveFrom moves leadership away from a node, if it has it.
func (l *line) moveFrom(cmd *cobra.Command, node string, target uint64) (done bool, err error) {
	c, err := l.cluster.Client(node)
	if err != nil {
		return false, err
	}
	defer c.Close()
	s, err := c.Status(cmd.Context(), node)
	if err != nil || s.Header.GetMemberId() != s.Leader {
		return false, nil // it is down, or does not lead
	}
	r, err := c.MoveLeader(cmd.Context(), target)
	if err == nil {
		l.show.moveLeader(s.Leader, target, r)
	}
	return true, err
}
