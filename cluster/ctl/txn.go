package ctl

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	clientv3 "go.etcd.io/etcd/client/v3"
)

func (l *line) txnVerb() *cobra.Command {
	interactive := false
	cmd := l.asking("txn [options]", "Txn processes all the requests in one transaction", func(cmd *cobra.Command, c *clientv3.Client, args []string) error {
		if len(args) != 0 {
			return errors.New("txn command does not accept argument")
		}
		ctx := cmd.Context()
		compares, err := read(ctx, l.term, "compares:", comparison)
		if err != nil {
			return l.unlessStopped(ctx, err)
		}
		success, err := read(ctx, l.term, "success requests (get, put, del):", request)
		if err != nil {
			return l.unlessStopped(ctx, err)
		}
		failure, err := read(ctx, l.term, "failure requests (get, put, del):", request)
		if err != nil {
			return l.unlessStopped(ctx, err)
		}
		r, err := c.Txn(ctx).If(compares...).Then(success...).Else(failure...).Commit()
		if err == nil {
			l.show.txn(r)
		}
		return err
	})
	cmd.Flags().BoolVarP(&interactive, "interactive", "i", false, "Input transaction in interactive mode, as is always done here")
	return cmd
}

// unlessStopped is err, unless the line was stopped while it waited for what is typed.
func (l *line) unlessStopped(ctx context.Context, err error) error {
	if stopped(ctx, err) {
		fmt.Fprintln(l.term.Err(), "nothing was done")
		return nil
	}
	return err
}

// mostRead bounds the lines of one part of a transaction: etcd's --max-txn-ops.
const mostRead = 128

// read takes lines until an empty one.
func read[T any](ctx context.Context, t Terminal, prompt string, parse func(string) (T, error)) (all []T, err error) {
	for range mostRead + 1 {
		s, err := t.Ask(ctx, prompt)
		if err != nil {
			return nil, err
		}
		if s = strings.TrimSpace(s); s == "" {
			return all, nil
		}
		one, err := parse(s)
		if err != nil {
			return nil, err
		}
		all, prompt = append(all, one), ""
	}
	return nil, fmt.Errorf("too many lines: %d at most", mostRead)
}

// comparison reads mod("key1") > "0".
func comparison(s string) (cmp clientv3.Cmp, err error) {
	var key, op, val string
	target, rest, found := strings.Cut(s, "(")
	if n, err := fmt.Sscanf(rest, "%q) %s %q", &key, &op, &val); !found || n != 3 || err != nil {
		return cmp, fmt.Errorf(`malformed comparison: %s; it is written like mod("key1") > "0"`, s)
	}
	switch op {
	case "=", "!=", "<", ">":
	default:
		return cmp, fmt.Errorf("malformed comparison: %s (unknown sign %s)", s, op)
	}
	number, err := strconv.ParseInt(val, 10, 64)
	switch target {
	case "val", "value":
		return clientv3.Compare(clientv3.Value(key), op, val), nil
	case "ver", "version":
		cmp = clientv3.Compare(clientv3.Version(key), op, number)
	case "c", "create":
		cmp = clientv3.Compare(clientv3.CreateRevision(key), op, number)
	case "m", "mod":
		cmp = clientv3.Compare(clientv3.ModRevision(key), op, number)
	case "lease":
		cmp = clientv3.Compare(clientv3.LeaseValue(key), op, number)
	default:
		return cmp, fmt.Errorf("malformed comparison: %s (unknown target %s)", s, target)
	}
	if err != nil {
		return cmp, fmt.Errorf("invalid txn compare request: %s", s)
	}
	return cmp, nil
}

// request reads a put, get or del with its flags.
func request(s string) (op clientv3.Op, err error) {
	words, err := cut(s)
	if err != nil || len(words) < 2 {
		return op, fmt.Errorf("invalid txn request: %s", s)
	}
	f := pflag.NewFlagSet(words[0], pflag.ContinueOnError)
	parse := func(of func(*pflag.FlagSet), make func([]string) (clientv3.Op, error)) (clientv3.Op, error) {
		of(f)
		if err := f.Parse(words[1:]); err != nil {
			return op, fmt.Errorf("invalid txn request: %s (%w)", s, err)
		}
		return make(f.Args())
	}
	var put putFlags
	var get getFlags
	var del delFlags
	switch words[0] {
	case "put":
		return parse(put.of, put.op)
	case "get":
		return parse(get.of, get.op)
	case "del":
		return parse(del.of, del.op)
	}
	return op, fmt.Errorf("invalid txn request: %s", s)
}
