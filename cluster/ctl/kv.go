package ctl

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// putFlags are the flags of put.
type putFlags struct {
	lease                          string
	prev, ignoreValue, ignoreLease bool
}

func (f *putFlags) of(s *pflag.FlagSet) {
	s.StringVar(&f.lease, "lease", "0", "lease ID (in hexadecimal) to attach to the key")
	s.BoolVar(&f.prev, "prev-kv", false, "return the previous key-value pair before modification")
	s.BoolVar(&f.ignoreValue, "ignore-value", false, "updates the key using its current value")
	s.BoolVar(&f.ignoreLease, "ignore-lease", false, "updates the key using its current lease")
}

func (f *putFlags) op(args []string) (op clientv3.Op, err error) {
	value := ""
	switch {
	case f.ignoreValue && len(args) != 1:
		return op, errors.New("put command needs only 1 argument when 'ignore-value' is set")
	case !f.ignoreValue && len(args) != 2:
		return op, errors.New("put command needs 2 arguments: a key and a value; one with blanks goes in quotes")
	case !f.ignoreValue:
		value = args[1]
	}
	id, err := strconv.ParseInt(f.lease, 16, 64)
	if err != nil {
		return op, fmt.Errorf("bad lease ID (%w), expecting ID in Hex", err)
	}
	var opts []clientv3.OpOption
	if id != 0 {
		opts = append(opts, clientv3.WithLease(clientv3.LeaseID(id)))
	}
	if f.prev {
		opts = append(opts, clientv3.WithPrevKV())
	}
	if f.ignoreValue {
		opts = append(opts, clientv3.WithIgnoreValue())
	}
	if f.ignoreLease {
		opts = append(opts, clientv3.WithIgnoreLease())
	}
	return clientv3.OpPut(args[0], value, opts...), nil
}

func (l *line) putVerb() *cobra.Command {
	var f putFlags
	cmd := l.asking("put [options] <key> <value>", "Puts the given key into the store", func(cmd *cobra.Command, c *clientv3.Client, args []string) error {
		op, err := f.op(args)
		if err != nil {
			return err
		}
		r, err := c.Do(cmd.Context(), op)
		if err == nil {
			l.show.put(r.Put())
		}
		return err
	})
	f.of(cmd.Flags())
	return cmd
}

// span is what says which keys are meant.
type span struct{ prefix, fromKey bool }

func (s *span) of(f *pflag.FlagSet) {
	f.BoolVar(&s.prefix, "prefix", false, "keys with matching prefix")
	f.BoolVar(&s.fromKey, "from-key", false, "keys that are greater than or equal to the given key using byte compare")
}

// keys reads KEY [RANGE_END].
func (s *span) keys(verb string, args []string) (key string, opts []clientv3.OpOption, err error) {
	switch {
	case len(args) == 0 || len(args) > 2:
		return "", nil, fmt.Errorf("%s command needs one argument as key and an optional argument as range_end", verb)
	case s.prefix && s.fromKey:
		return "", nil, errors.New("`--prefix` and `--from-key` cannot be set at the same time, choose one")
	case len(args) == 2 && (s.prefix || s.fromKey):
		return "", nil, errors.New("too many arguments, only accept one argument when `--prefix` or `--from-key` is set")
	case len(args) == 2:
		return args[0], []clientv3.OpOption{clientv3.WithRange(args[1])}, nil
	}
	key = args[0]
	switch {
	case (s.prefix || s.fromKey) && key == "":
		return "\x00", []clientv3.OpOption{clientv3.WithFromKey()}, nil
	case s.prefix:
		opts = append(opts, clientv3.WithPrefix())
	case s.fromKey:
		opts = append(opts, clientv3.WithFromKey())
	}
	return key, opts, nil
}

// getFlags are the flags of get.
type getFlags struct {
	span
	consistency, order, sort                       string
	limit, rev                                     int64
	keysOnly, countOnly, valueOnly                 bool
	minCreate, maxCreate, minModified, maxModified int64
}

func (f *getFlags) of(s *pflag.FlagSet) {
	f.span.of(s)
	s.StringVar(&f.consistency, "consistency", "l", "Linearizable(l) or Serializable(s)")
	s.StringVar(&f.order, "order", "", "Order of results; ASCEND or DESCEND (ASCEND by default)")
	s.StringVar(&f.sort, "sort-by", "", "Sort target; CREATE, KEY, MODIFY, VALUE, or VERSION")
	s.Int64Var(&f.limit, "limit", 0, "Maximum number of results")
	s.Int64Var(&f.rev, "rev", 0, "Specify the kv revision")
	s.BoolVar(&f.keysOnly, "keys-only", false, "Get only the keys")
	s.BoolVar(&f.countOnly, "count-only", false, "Get only the count")
	s.BoolVar(&f.valueOnly, "print-value-only", false, `Only write values when using the "simple" output format`)
	s.Int64Var(&f.minCreate, "min-create-rev", 0, "Minimum create revision")
	s.Int64Var(&f.maxCreate, "max-create-rev", 0, "Maximum create revision")
	s.Int64Var(&f.minModified, "min-mod-rev", 0, "Minimum modification revision")
	s.Int64Var(&f.maxModified, "max-mod-rev", 0, "Maximum modification revision")
}

var (
	orders  = map[string]clientv3.SortOrder{"": clientv3.SortNone, "ASCEND": clientv3.SortAscend, "DESCEND": clientv3.SortDescend}
	targets = map[string]clientv3.SortTarget{"": clientv3.SortByKey, "KEY": clientv3.SortByKey, "CREATE": clientv3.SortByCreateRevision,
		"MODIFY": clientv3.SortByModRevision, "VALUE": clientv3.SortByValue, "VERSION": clientv3.SortByVersion}
)

func (f *getFlags) op(args []string) (op clientv3.Op, err error) {
	key, opts, err := f.keys("get", args)
	if err != nil {
		return op, err
	}
	order, known := orders[strings.ToUpper(f.order)]
	if !known {
		return op, fmt.Errorf("bad sort order %v", f.order)
	}
	target, known := targets[strings.ToUpper(f.sort)]
	if !known {
		return op, fmt.Errorf("bad sort target %v", f.sort)
	}
	more, err := f.options()
	opts = append(append(opts, clientv3.WithLimit(f.limit), clientv3.WithSort(target, order)), more...)
	return clientv3.OpGet(key, opts...), err
}

func (f *getFlags) options() (opts []clientv3.OpOption, err error) {
	switch f.consistency {
	case "s":
		opts = append(opts, clientv3.WithSerializable())
	case "l":
	default:
		return nil, errors.New("unknown consistency flag " + strconv.Quote(f.consistency))
	}
	switch {
	case f.keysOnly && f.countOnly:
		return nil, errors.New("`--keys-only` and `--count-only` cannot be set at the same time, choose one")
	case f.keysOnly:
		opts = append(opts, clientv3.WithKeysOnly())
	case f.countOnly:
		opts = append(opts, clientv3.WithCountOnly())
	}
	if f.rev > 0 {
		opts = append(opts, clientv3.WithRev(f.rev))
	}
	return append(opts, clientv3.WithMinCreateRev(f.minCreate), clientv3.WithMaxCreateRev(f.maxCreate),
		clientv3.WithMinModRev(f.minModified), clientv3.WithMaxModRev(f.maxModified)), nil
}

func (l *line) getVerb() *cobra.Command {
	var f getFlags
	cmd := l.asking("get [options] <key> [range_end]", "Gets the key or a range of keys", func(cmd *cobra.Command, c *clientv3.Client, args []string) error {
		op, err := f.op(args)
		switch {
		case err != nil:
			return err
		case f.countOnly && l.format != "fields":
			return errors.New("--count-only is only for `--write-out=fields`")
		case f.valueOnly && l.format != "simple":
			return errors.New("print-value-only is only for `--write-out=simple`")
		}
		r, err := c.Do(cmd.Context(), op)
		if err == nil {
			l.show.get(r.Get(), f.valueOnly)
		}
		return err
	})
	f.of(cmd.Flags())
	return cmd
}

// delFlags are the flags of del.
type delFlags struct {
	span
	prev, meant bool
}

func (f *delFlags) of(s *pflag.FlagSet) {
	f.span.of(s)
	s.BoolVar(&f.prev, "prev-kv", false, "return deleted key-value pairs")
	s.BoolVar(&f.meant, "range", false, "delete range of keys")
}

func (f *delFlags) op(args []string) (op clientv3.Op, err error) {
	key, opts, err := f.keys("del", args)
	if err != nil {
		return op, err
	}
	if f.prev {
		opts = append(opts, clientv3.WithPrevKV())
	}
	return clientv3.OpDelete(key, opts...), nil
}

func (l *line) delVerb() *cobra.Command {
	var f delFlags
	cmd := l.asking("del [options] <key> [range_end]", "Removes the specified key or range of keys [key, range_end)",
		func(cmd *cobra.Command, c *clientv3.Client, args []string) error {
			op, err := f.op(args)
			if err != nil {
				return err
			}
			r, err := c.Do(cmd.Context(), op)
			if err == nil {
				l.show.del(r.Del())
			}
			return err
		})
	f.of(cmd.Flags())
	return cmd
}

func (l *line) compactionVerb() *cobra.Command {
	physical := false
	cmd := l.asking("compaction [options] <revision>", "Compacts the event history in etcd", func(cmd *cobra.Command, c *clientv3.Client, args []string) error {
		if len(args) != 1 {
			return errors.New("compaction command needs 1 argument")
		}
		rev, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil {
			return err
		}
		var opts []clientv3.CompactOption
		if physical {
			opts = append(opts, clientv3.WithCompactPhysical())
		}
		if _, err := c.Compact(cmd.Context(), rev, opts...); err != nil {
			return err
		}
		fmt.Fprintln(l.term.Out(), "compacted revision", rev)
		return nil
	})
	cmd.Flags().BoolVar(&physical, "physical", false, "'true' to wait for compaction to physically remove all old revisions")
	return cmd
}
