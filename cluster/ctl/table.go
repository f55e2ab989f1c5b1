package ctl

import (
	"errors"
	"fmt"
	"slices"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/tw"
	"github.com/spf13/cobra"
)

// tables are the verbs whose answers etcdctl writes as tables.
var tables = []string{"etcdctl member list", "etcdctl endpoint health", "etcdctl endpoint status", "etcdctl endpoint hashkv"}

// The heads of those tables.
var (
	memberHead = []string{"ID", "Status", "Name", "Peer Addrs", "Client Addrs", "Is Learner"}
	healthHead = []string{"endpoint", "health", "took", "error"}
	statusHead = []string{"endpoint", "ID", "version", "storage version", "db size", "in use", "percentage not in use", "quota", "is leader", "is learner", "raft term",
		"raft index", "raft applied index", "errors", "downgrade target version", "downgrade enabled"}
	hashHead = []string{"endpoint", "hash", "hash_revision"}
)

// tabled refuses a verb whose answer is no table, with etcdctl's words; but before anything is done, where etcdctl does it first.
func (l *line) tabled(cmd *cobra.Command) error {
	if l.format == "table" && !slices.Contains(tables, cmd.CommandPath()) {
		return errors.New("table not supported as output format")
	}
	return nil
}

// table writes rows as etcdctl does, with the same library. What it cannot write is said.
func (p printer) table(head []string, rows [][]string) {
	t := tablewriter.NewTable(p.out, tablewriter.WithConfig(tablewriter.NewConfigBuilder().WithRowAlignment(tw.AlignRight).Build()))
	t.Header(head)
	err := t.Bulk(rows)
	if err == nil {
		err = t.Render()
	}
	if err != nil {
		fmt.Fprintln(p.err, err)
	}
}
