package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/quorumlab/quorumlab/cmd/reference"
)

// compare is what its flags say.
type compare struct {
	slices  int
	slice   time.Duration
	clients []int
	size    int
	members int
	dir     string
	quick   bool
	self    bool
	watched bool
	json    bool
	write   bool
}

// A quick comparison shows that everything works; its figures say little.
const (
	quickSlices = 4
	quickSlice  = 250 * time.Millisecond
)

var quickClients = []int{1, 16}

// NewCompare is the verb compare.
func NewCompare() *cobra.Command {
	c := compare{members: 3}
	cmd := &cobra.Command{
		Use:   "compare",
		Short: "Puts and reads against three nodes of quorumlab and of the real etcd " + reference.Version + ", in turn",
		Long: `Builds the program etcd of this checkout and the real etcd ` + reference.Version + `, starts three members of each on this machine with the
same flags, and lets the same clients work for a slice of time here and a slice there, in turn. Of the ratios of these
pairs the median counts, because the speed of a machine drifts. Needs the go command and a checkout.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.quick {
				c.hurry(cmd.Flags().Changed)
			}
			if err := c.check(); err != nil {
				return err
			}
			return c.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.IntVar(&c.slices, "slices", 12, "pairs of slices for every row")
	f.DurationVar(&c.slice, "slice", time.Second, "how long each is")
	f.IntSliceVar(&c.clients, "clients", []int{1, 16, 64, 256}, "that work at the same time, a row each")
	f.IntVar(&c.size, "size", 256, "bytes of a value")
	f.StringVar(&c.dir, "dir", "", "a directory on the disk to measure with (default: in the user's cache)")
	f.BoolVar(&c.quick, "quick", false, fmt.Sprintf("%d slices of %v, %v clients: to see that it works", quickSlices, quickSlice, quickClients))
	f.BoolVar(&c.self, "self", false, "etcd against etcd, to see how exact this is: every ratio should be 1")
	f.BoolVar(&c.watched, "watched", false, "puts against this quorumlab with a viewer at every member, and against one that nobody can watch")
	f.BoolVar(&c.json, "json", false, "print the result as JSON")
	f.BoolVar(&c.write, "write", false, "write the result into BENCHMARKS.md of the checkout")
	return cmd
}

// hurry sets what was not given.
func (c *compare) hurry(given func(flag string) bool) {
	if !given("slices") {
		c.slices = quickSlices
	}
	if !given("slice") {
		c.slice = quickSlice
	}
	if !given("clients") {
		c.clients = quickClients
	}
}

func (c *compare) check() error {
	for _, n := range c.clients {
		if n < 1 || n > maxClients {
			return fmt.Errorf("--clients has %d; give 1 to %d, with commas", n, maxClients)
		}
	}
	switch {
	case len(c.clients) == 0:
		return fmt.Errorf("--clients is empty; give numbers with commas")
	case c.self && c.watched:
		return fmt.Errorf("--self and --watched are two comparisons; give one of them")
	case c.write && (c.self || c.watched || c.quick):
		return fmt.Errorf("--write keeps a full comparison with etcd; leave out --quick, --self and --watched")
	case c.slices < 1 || c.slices > 1000:
		return fmt.Errorf("--slices is %d; give 1 to 1000", c.slices)
	case c.slice < 50*time.Millisecond || c.slice > time.Minute:
		return fmt.Errorf("--slice is %v; give 50ms to 1m", c.slice)
	case c.size < 0 || c.size > maxSize:
		return fmt.Errorf("--size is %d; give 0 to %d bytes", c.size, maxSize)
	}
	return nil
}

func (c *compare) run(ctx context.Context, out, progress io.Writer) error {
	dir, err := c.scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ours, theirs, err := c.programs(ctx, dir, progress)
	if err != nil {
		return err
	}
	r, err := c.measure(ctx, dir, ours, theirs, progress)
	if err != nil {
		return err
	}
	if c.write {
		checkout, err := reference.Checkout(ctx)
		if err != nil {
			return err
		}
		if err := r.write(filepath.Join(checkout, "BENCHMARKS.md")); err != nil {
			return err
		}
	}
	if c.json {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	_, err = io.WriteString(out, r.table()+"\n"+r.chart())
	return err
}

// programs are what is compared: ours first.
func (c *compare) programs(ctx context.Context, dir string, progress io.Writer) (ours, theirs program, err error) {
	if c.watched {
		self, err := os.Executable()
		node := program{path: self, words: []string{"node"}}
		seen := node
		seen.facts = true
		return seen, node, err
	}
	fmt.Fprintln(progress, "building etcd "+reference.Version+", which takes a minute the first time")
	built, err := reference.Build(ctx)
	if err != nil {
		return ours, theirs, err
	}
	theirs.path = built.Etcd
	if c.self {
		return theirs, theirs, nil
	}
	ours.path, err = reference.Ours(ctx, dir)
	return ours, theirs, err
}

// scratch is where the members of both clusters write: on a disk, which the system's temporary directory often is not.
func (c *compare) scratch() (string, error) {
	in := c.dir
	if in == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("there is no place for the members' files; give one with --dir: %w", err)
		}
		in = filepath.Join(cache, "quorumlab")
		if err := os.MkdirAll(in, 0o755); err != nil {
			return "", err
		}
	}
	dir, err := os.MkdirTemp(in, "bench-")
	if err != nil {
		return "", fmt.Errorf("no directory for the members' files can be made; give another with --dir: %w", err)
	}
	return dir, nil
}

// side is one of the two that are compared, with clients that are connected.
type side struct {
	*trio
	crowd    *crowd
	audience *audience // nil: nobody watches
}

// measure starts both and takes all rows.
func (c *compare) measure(ctx context.Context, dir string, ours, theirs program, progress io.Writer) (*comparison, error) {
	var sides [2]side
	defer func() {
		for _, s := range sides {
			s.close()
		}
	}()
	for i, p := range []program{ours, theirs} {
		if err := c.open(ctx, &sides[i], p, filepath.Join(dir, []string{"ours", "theirs"}[i])); err != nil {
			return nil, err
		}
	}
	r := c.blank()
	kinds := []string{"puts", "linearizable reads", "serializable reads"}
	if c.watched {
		kinds = kinds[:1]
	}
	for _, kind := range kinds {
		for _, clients := range c.clients {
			fmt.Fprintf(progress, "%s of %d clients: %d × %v on each side\n", kind, clients, c.slices, c.slice)
			row, err := c.row(ctx, kind, clients, &sides)
			if err != nil {
				return nil, fmt.Errorf("%s of %d clients: %w", kind, clients, err)
			}
			if kind == "puts" {
				r.Puts = append(r.Puts, row)
			} else {
				row.Serializable = new(kind == "serializable reads")
				r.Reads = append(r.Reads, row)
			}
		}
	}
	if a := sides[0].audience; a != nil {
		return r, a.check()
	}
	return r, nil
}

// open starts a side, and connects its clients and viewers.
func (c *compare) open(ctx context.Context, s *side, p program, home string) (err error) {
	if err := os.Mkdir(home, 0o755); err != nil {
		return err
	}
	if s.trio, err = startTrio(ctx, p, home, c.members); err != nil {
		return err
	}
	if s.crowd, err = dial(ctx, clientv3.Config{}, s.endpoints, max(slices.Max(c.clients), c.members)); err != nil {
		return err
	}
	s.crowd.fill(c.size)
	if err := s.crowd.load(ctx); err != nil {
		return err
	}
	if p.facts {
		s.audience, err = watch(ctx, s.facts)
	}
	return err
}

func (s *side) close() {
	if s.audience != nil {
		s.audience.leave()
	}
	if s.crowd != nil {
		s.crowd.close()
	}
	if s.trio != nil {
		s.stop()
	}
}

// clients of one side. With few clients the connections of the others are idle.
func (s *side) clients(kind string, n int) []operation {
	if kind == "puts" {
		return s.crowd.puts(n)
	}
	return s.crowd.reads(n, kind == "serializable reads")
}

// row takes slices in turn; who is first alternates, so that a drift of the machine hits both alike. The first client
// is at the leader in one pair and at the followers in the next ones, on both sides: it is faster at the leader.
func (c *compare) row(ctx context.Context, kind string, clients int, sides *[2]side) (row, error) {
	var taken [2][]*slice
	var leaders [2]int
	for who := range sides {
		var err error
		if leaders[who], err = sides[who].crowd.leader(ctx); err != nil {
			return row{}, err
		}
	}
	for n := range c.slices {
		for _, who := range []int{n % 2, 1 - n%2} {
			sides[who].crowd.first = leaders[who] + n
			s, err := work(ctx, sides[who].clients(kind, clients), c.slice/5, c.slice, sides[who].processor)
			if err != nil {
				return row{}, fmt.Errorf("%s: %w", []string{"ours", "theirs"}[who], err)
			}
			taken[who] = append(taken[who], s)
		}
	}
	for who, all := range taken { // a slice may be lost to an election; all of them say that it does not work
		if !slices.ContainsFunc(all, func(s *slice) bool { return s.idle() == nil }) {
			return row{}, fmt.Errorf("%s: %w", []string{"ours", "theirs"}[who], all[0].idle())
		}
	}
	return newRow(clients, taken[0], taken[1]), nil
}

// row is one comparison: medians of the slices and of the ratios of each pair of slices.
type row struct {
	Clients      int      `json:"clients"`
	Serializable *bool    `json:"serializable,omitempty"` // of reads: answered by one node alone, perhaps stale
	Quorumlab    float64  `json:"quorumlab"`              // operations a second
	Etcd         float64  `json:"etcd"`
	Ratio        float64  `json:"ratio"`
	P99Ratio     float64  `json:"p99_ratio"`
	CPURatio     *float64 `json:"cpu_ratio,omitempty"` // servers' processor time an operation; left out where there is no /proc
	QuorumlabP99 float64  `json:"quorumlab_p99_ms"`
	EtcdP99      float64  `json:"etcd_p99_ms"`
	Errors       int      `json:"errors,omitempty"` // of quorumlab
	EtcdErrors   int      `json:"etcd_errors,omitempty"`
	Stalls       int      `json:"stalls,omitempty"` // slices in which nothing succeeded on quorumlab
	EtcdStalls   int      `json:"etcd_stalls,omitempty"`
	LastError    string   `json:"last_error,omitempty"` // of either
}

func newRow(clients int, ours, theirs []*slice) row {
	p99 := func(s *slice) float64 { return float64(s.latency.percentile(99)) / float64(time.Millisecond) }
	cpu := func(s *slice) float64 { return float64(s.processor) / float64(s.latency.n) }
	a, b := busy(ours, theirs)
	r := row{Clients: clients,
		Quorumlab: round(medianOf(ours, (*slice).rate), 1), Etcd: round(medianOf(theirs, (*slice).rate), 1),
		Ratio:        round(medianRatio(ours, theirs, (*slice).rate), 3),
		QuorumlabP99: round(medianOf(a, p99), 2), EtcdP99: round(medianOf(b, p99), 2),
		P99Ratio: round(medianRatio(a, b, p99), 3)}
	if medianOf(a, cpu) > 0 && medianOf(b, cpu) > 0 {
		r.CPURatio = new(round(medianRatio(a, b, cpu), 3))
	}
	for i := range ours {
		if ours[i].idle() != nil {
			r.Stalls++
		}
		if theirs[i].idle() != nil {
			r.EtcdStalls++
		}
		r.Errors, r.EtcdErrors = r.Errors+ours[i].errors, r.EtcdErrors+theirs[i].errors
		for _, err := range []error{theirs[i].last, ours[i].last} {
			if err != nil {
				r.LastError = err.Error()
			}
		}
	}
	return r
}

// medianOf what is told of each slice.
func medianOf(taken []*slice, of func(*slice) float64) float64 {
	var all []float64
	for _, s := range taken {
		all = append(all, of(s))
	}
	return median(all)
}

// medianRatio is the median of ours to theirs over the pairs. A pair of which theirs is 0 has no ratio and is left out.
func medianRatio(ours, theirs []*slice, of func(*slice) float64) float64 {
	var all []float64
	for i := range ours {
		if their := of(theirs[i]); their > 0 {
			all = append(all, of(ours[i])/their)
		}
	}
	return median(all)
}

// busy are the pairs in which something succeeded on both sides: only these have latencies, and costs of an operation.
func busy(ours, theirs []*slice) (a, b []*slice) {
	for i := range ours {
		if ours[i].idle() == nil && theirs[i].idle() == nil {
			a, b = append(a, ours[i]), append(b, theirs[i])
		}
	}
	return a, b
}

// median is the middle, or the mean of the two in the middle; 0 of nothing.
func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	all = slices.Sorted(slices.Values(all))
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}

func round(x float64, digits int) float64 {
	shift := math.Pow10(digits)
	return math.Round(x*shift) / shift
}

func millis(d time.Duration) float64 { return round(float64(d)/float64(time.Millisecond), 2) }
