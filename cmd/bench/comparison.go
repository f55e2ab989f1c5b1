package bench

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/quorumlab/quorumlab/cmd/reference"
)

// comparison is the result of bench compare.
type comparison struct {
	Command string `json:"command"` // that measures it again
	Machine string `json:"machine"`
	Date    string `json:"date"`
	Slices  int    `json:"slices"`
	Slice   string `json:"slice"`
	Size    int    `json:"size"`              // bytes of a value
	Members int    `json:"members"`           // of each cluster
	Self    bool   `json:"self,omitempty"`    // etcd against etcd
	Watched bool   `json:"watched,omitempty"` // quorumlab that is watched against one that is not
	Puts    []row  `json:"puts"`
	Reads   []row  `json:"reads"`
}

// blank is a comparison without rows.
func (c *compare) blank() *comparison {
	r := &comparison{Command: "go tool task bench -- compare", Machine: machine(), Date: time.Now().Format(time.DateOnly),
		Slices: c.slices, Slice: c.slice.String(), Size: c.size, Members: c.members, Self: c.self, Watched: c.watched}
	if c.quick {
		r.Command += " --quick"
	}
	switch {
	case c.self:
		r.Command += " --self"
	case c.watched:
		r.Command += " --watched"
	}
	return r
}

// machine is its processors, as far as they can be told.
func machine() string {
	model := runtime.GOARCH
	info, _ := os.ReadFile("/proc/cpuinfo") // not everywhere
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	return fmt.Sprintf("%d × %s, %s", runtime.NumCPU(), model, runtime.GOOS)
}

// names of the two sides, as they fit into a column.
func (r *comparison) names() (ours, theirs string) {
	switch {
	case r.Self:
		return "etcd (1)", "etcd (2)"
	case r.Watched:
		return "watched", "unwatched"
	}
	return "quorumlab", "etcd"
}

// series are the rows with the name of what was done.
func (r *comparison) series() []series {
	all := []series{{fmt.Sprintf("puts of %d B", r.Size), r.Puts}, {"linearizable reads", nil}, {"serializable reads", nil}}
	for _, read := range r.Reads {
		at := 1
		if read.Serializable != nil && *read.Serializable {
			at = 2
		}
		all[at].rows = append(all[at].rows, read)
	}
	return slices.DeleteFunc(all, func(s series) bool { return len(s.rows) == 0 })
}

type series struct {
	name string
	rows []row
}

// table is the figures, in Markdown that reads well as plain text too.
func (r *comparison) table() string {
	ours, theirs := r.names()
	var b strings.Builder
	fmt.Fprintf(&b, "%d members of each on one machine, fsync on; medians of %d pairs of slices of %s. %s, %s.\n\n", r.Members, r.Slices, r.Slice, r.Machine, r.Date)
	fmt.Fprintf(&b, "| %-19s | clients | %11s | %11s | ratio | p99 ratio | server CPU an operation, ratio |\n", "", ours+" /s", theirs+" /s")
	b.WriteString("|" + strings.Repeat("-", 21) + "|--------:|------------:|------------:|------:|----------:|-------------------------------:|\n")
	cpu, failed := true, false
	for _, s := range r.series() {
		for _, row := range s.rows {
			used := "–"
			if cpu = row.CPURatio != nil; cpu {
				used = fmt.Sprintf("%.2f", *row.CPURatio)
			}
			failed = failed || row.failed()
			fmt.Fprintf(&b, "| %-19s | %7d | %11.0f | %11.0f | %5.2f | %9.2f | %30s |\n", s.name, row.Clients, row.Quorumlab, row.Etcd, row.Ratio, row.P99Ratio, used)
		}
	}
	if !cpu {
		b.WriteString("\nThere is no /proc here, so the processor time of the servers is not known.\n")
	}
	if failed {
		b.WriteString("\n" + r.failures())
	}
	return b.String()
}

func (r *row) failed() bool { return r.Errors+r.EtcdErrors+r.Stalls+r.EtcdStalls > 0 }

// failures tells of operations that did not succeed; they count in no rate.
func (r *comparison) failures() string {
	ours, theirs := r.names()
	var b strings.Builder
	for _, s := range r.series() {
		for _, row := range s.rows {
			if row.Errors+row.EtcdErrors > 0 {
				fmt.Fprintf(&b, "%s of %d clients failed %d times on %s and %d times on %s; the last time: %s\n", s.name, row.Clients, row.Errors, ours, row.EtcdErrors, theirs, row.LastError)
			}
			if row.Stalls+row.EtcdStalls > 0 {
				fmt.Fprintf(&b, "of %s of %d clients nothing succeeded in %d slices on %s and in %d slices on %s\n", s.name, row.Clients, row.Stalls, ours, row.EtcdStalls, theirs)
			}
		}
	}
	return b.String()
}

const longestBar = 40

// chart is a pair of bars for every row, in proportion inside a series.
func (r *comparison) chart() string {
	ours, theirs := r.names()
	var b strings.Builder
	for i, s := range r.series() {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s a second\n", s.name)
		most := 0.0
		for _, row := range s.rows {
			most = max(most, row.Quorumlab, row.Etcd)
		}
		for _, row := range s.rows {
			fmt.Fprintf(&b, "%4d clients  %-9s %s %.0f  (%.2f×)\n", row.Clients, ours, bar(row.Quorumlab, most), row.Quorumlab, row.Ratio)
			fmt.Fprintf(&b, "%12s  %-9s %s %.0f\n", "", theirs, bar(row.Etcd, most), row.Etcd)
		}
	}
	return b.String()
}

// bar is x in eighths of characters, at least one of them.
func bar(x, most float64) string {
	eighths := max(1, int(x/max(most, 1)*longestBar*8+0.5))
	return strings.Repeat("█", eighths/8) + []string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"}[eighths%8]
}

// What stands between these lines of BENCHMARKS.md is written by bench compare --write.
const (
	markBegin = "<!-- bench compare -->"
	markEnd   = "<!-- end of bench compare -->"
)

// write puts the result between the marks of the file, or at its end with marks when it has none.
func (r *comparison) write(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text, err = r.into(text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, text, 0o644)
}

func (r *comparison) into(text []byte) ([]byte, error) {
	section := fmt.Sprintf("%s\n## Three nodes against etcd %s\n`%s --write` wrote this.\n\n%s\n```\n%s```\n%s\n", markBegin, reference.Version, r.Command, r.table(), r.chart(), markEnd)
	before, rest, begins := bytes.Cut(text, []byte(markBegin))
	_, after, ends := bytes.Cut(rest, []byte(markEnd+"\n"))
	switch {
	case !begins && bytes.Contains(text, []byte(markEnd)) || begins && !ends:
		return nil, fmt.Errorf("one of the lines %q and %q is missing or stands in the wrong place; put it back or delete the other", markBegin, markEnd)
	case !begins:
		return append(bytes.TrimRight(text, "\n"), "\n\n"+section...), nil
	}
	return append(append(before[:len(before):len(before)], section...), after...), nil
}
