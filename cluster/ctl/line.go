package ctl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Run runs one line until it has done its work or ctx ends, which for what lasts is the way to end well: a lock is given
// back. What went wrong has been said when it returns an error.
func Run(ctx context.Context, c Cluster, t Terminal, text string) error {
	words, err := cut(text)
	if err == nil {
		l := &line{cluster: c, term: t}
		root := l.root()
		root.SetArgs(addressed(words))
		err = root.ExecuteContext(ctx)
	}
	if err != nil && !errors.Is(err, errSaid) {
		fmt.Fprintln(t.Err(), "Error:", err)
	}
	return err
}

// errSaid is an error of which everything has been said.
var errSaid = errors.New("it was said")

// line is a line that is being run.
type line struct {
	cluster Cluster
	term    Terminal

	endpoints    []string
	format       string
	hex          bool
	user, secret string
	timeout      time.Duration
	show         printer
}

func (l *line) root() *cobra.Command {
	root := &cobra.Command{Use: "etcdctl", SilenceErrors: true, SilenceUsage: true, PersistentPreRunE: l.prepare,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true}}
	root.SetOut(l.term.Out())
	root.SetErr(l.term.Err())
	root.SetUsageFunc(l.usage)
	root.SetGlobalNormalizationFunc(alias)
	f := root.PersistentFlags()
	f.StringSliceVarP(&l.endpoints, "endpoints", "n", nil, "the nodes to ask, n1,n2 and so on; any, the leader first")
	f.StringVarP(&l.format, "write-out", "w", "simple", "the output format: simple, fields, json, or table")
	f.BoolVar(&l.hex, "hex", false, "print byte strings as hex encoded strings")
	f.StringVar(&l.user, "user", "", "username[:password] for authentication")
	f.StringVar(&l.secret, "password", "", "password for authentication")
	f.DurationVar(&l.timeout, "command-timeout", 0, "wait no longer, by the clock on the wall; without it as long as it takes")
	for _, add := range []func() *cobra.Command{l.putVerb, l.getVerb, l.delVerb, l.txnVerb, l.compactionVerb, l.watchVerb, l.leaseVerb,
		l.lockVerb, l.electVerb, l.memberVerb, l.endpointVerb, l.moveLeaderVerb, l.alarmVerb, l.defragVerb, l.snapshotVerb,
		l.userVerb, l.roleVerb, l.authVerb} {
		root.AddCommand(add())
	}
	return root
}

// usage says how a verb is used, without columns: there is little room.
func (l *line) usage(cmd *cobra.Command) error {
	out := l.term.Out()
	fmt.Fprintln(out, strings.TrimSpace(strings.TrimPrefix(cmd.CommandPath(), "etcdctl")+" "+strings.TrimPrefix(cmd.Use, cmd.Name())))
	for _, part := range cmd.Commands() {
		if part.IsAvailableCommand() {
			fmt.Fprintf(out, "%s – %s\n", part.Name(), part.Short)
		}
	}
	flag := func(f *pflag.Flag) {
		if f.Name == "help" {
			return
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		what, usage := pflag.UnquoteUsage(f)
		fmt.Fprintf(out, "%s – %s\n", strings.TrimSpace(name+" "+what), usage)
	}
	cmd.LocalNonPersistentFlags().VisitAll(flag)
	cmd.Root().PersistentFlags().VisitAll(flag)
	return nil
}

// prepare reads what all verbs have in common.
func (l *line) prepare(cmd *cobra.Command, _ []string) error {
	var err error
	if l.show, err = newPrinter(l.format, l.hex, l.term.Out(), l.term.Err()); err != nil {
		return err
	}
	if err = l.tabled(cmd); err != nil {
		return err
	}
	for i, e := range l.endpoints {
		if l.endpoints[i], err = l.node(e); err != nil {
			return err
		}
	}
	if l.timeout > 0 {
		ctx, cancel := context.WithTimeout(cmd.Context(), l.timeout)
		context.AfterFunc(ctx, cancel)
		cmd.SetContext(ctx)
	}
	if l.user == "" {
		return nil
	}
	return l.login(cmd)
}

// node reads an endpoint: a node's name, or its URL.
func (l *line) node(s string) (string, error) {
	if slices.Contains(l.cluster.Nodes(), s) {
		return s, nil
	}
	if strings.Contains(s, ":") {
		return l.cluster.Endpoint(s)
	}
	return "", fmt.Errorf("there is no node %q here: there are %s", s, strings.Join(l.cluster.Nodes(), ", "))
}

// addressed has @n2 mean --endpoints=n2.
func addressed(words []string) []string {
	for i, w := range words {
		if w == "--" {
			break
		}
		if name, at := strings.CutPrefix(w, "@"); at && name != "" {
			words[i] = "--endpoints=" + name
		}
	}
	return words
}

// alias has --from, as the room's own commands call it, mean --endpoints.
func alias(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	if name == "from" {
		name = "endpoints"
	}
	return pflag.NormalizedName(name)
}

// login has the line act as a user.
func (l *line) login(cmd *cobra.Command) error {
	name, secret, given := strings.Cut(l.user, ":")
	if !given {
		secret = l.secret
	}
	c, err := l.client()
	if err != nil {
		return err
	}
	defer c.Close()
	r, err := c.Authenticate(cmd.Context(), name, secret)
	if err != nil {
		return err
	}
	cmd.SetContext(l.cluster.As(cmd.Context(), r.Token))
	return nil
}

// client asks the first endpoint that was named, or anybody.
func (l *line) client() (*clientv3.Client, error) {
	if len(l.endpoints) > 0 {
		return l.cluster.Client(l.endpoints[0])
	}
	return l.cluster.Client("")
}

// verb is a command that does something.
func verb(use, short string, run func(*cobra.Command, []string) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, RunE: run, DisableFlagsInUseLine: true}
}

// group is a command of which only its parts do something.
func group(use, short string, parts ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{Use: use, Short: short, Args: func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
		}
		return nil
	}, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	g.AddCommand(parts...)
	return g
}

// asking is a verb that asks a client.
func (l *line) asking(use, short string, run func(cmd *cobra.Command, c *clientv3.Client, args []string) error) *cobra.Command {
	return verb(use, short, func(cmd *cobra.Command, args []string) error {
		c, err := l.client()
		if err != nil {
			return err
		}
		defer c.Close()
		return run(cmd, c, args)
	})
}

// leaseID reads a lease's id.
func leaseID(s string) (clientv3.LeaseID, error) {
	id, err := strconv.ParseInt(s, 16, 64)
	if err != nil {
		return 0, fmt.Errorf("bad lease ID arg (%w), expecting ID in Hex", err)
	}
	return clientv3.LeaseID(id), nil
}

// memberID reads a member's id, or the name of its endpoint.
func (l *line) memberID(s string) (uint64, error) {
	if id, ok := l.cluster.Member(s); ok {
		return id, nil
	}
	id, err := strconv.ParseUint(s, 16, 64)
	if err != nil {
		return 0, fmt.Errorf("bad member ID arg (%w), expecting ID in Hex or a node's name", err)
	}
	return id, nil
}

// stopped says whether err only tells that the line was stopped.
func stopped(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled)
}
