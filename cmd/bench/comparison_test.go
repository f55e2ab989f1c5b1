package bench

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// taken is a slice of one second with n operations of the same latency.
func taken(n int, latency, processor time.Duration) *slice {
	s := &slice{window: time.Second, processor: processor}
	for range n {
		s.latency.add(latency)
	}
	return s
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		of    []float64
		right float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{3, 1}, 2}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 100, 2}, 3}} {
		if got := median(c.of); got != c.right {
			t.Errorf("the median of %v is %v, should be %v", c.of, got, c.right)
		}
	}
}

// Both get slower from pair to pair, as on a machine that others use: the ratios of pairs stay, and so does their
// median. The ratio of the medians would be the same here but for the pair in which only one was disturbed.
func TestARowIsTheMedianOfTheRatiosOfPairs(t *testing.T) {
	ours := []*slice{taken(800, time.Millisecond, time.Second), taken(400, 2*time.Millisecond, time.Second), taken(1, time.Second, time.Second)}
	theirs := []*slice{taken(400, 2*time.Millisecond, time.Second), taken(200, 4*time.Millisecond, time.Second), taken(200, 4*time.Millisecond, time.Second)}
	ours[1].errors, ours[1].last = 2, errors.New("no leader")
	r := newRow(16, ours, theirs)
	if r.Clients != 16 || r.Ratio != 2 || r.Quorumlab != 400 || r.Etcd != 200 || r.Errors != 2 || r.EtcdErrors != 0 || r.LastError != "no leader" {
		t.Errorf("the row is %+v", r)
	}
	if r.P99Ratio < 0.49 || r.P99Ratio > 0.51 || r.CPURatio == nil || *r.CPURatio != 0.5 {
		t.Errorf("p99 ratio %v, processor ratio %v; both should be 0.5", r.P99Ratio, r.CPURatio)
	}
}

// A slice that was lost, to an election say, counts as a rate of 0 and is told; there is no latency to compare then.
func TestASliceInWhichNothingSucceededCounts(t *testing.T) {
	fast, slow, none := taken(800, time.Millisecond, time.Second), taken(400, 2*time.Millisecond, time.Second), taken(0, 0, time.Second)
	for _, c := range []struct {
		name         string
		ours, theirs []*slice
		ratio, p99   float64
		stalls, etcd int
	}{
		{"ours once", []*slice{fast, none, none}, []*slice{slow, slow, slow}, 0, 0.5, 2, 0},
		{"theirs once", []*slice{fast, fast}, []*slice{none, slow}, 2, 0.5, 0, 1},
		{"never", []*slice{fast, fast}, []*slice{slow, slow}, 2, 0.5, 0, 0},
	} {
		r := newRow(1, c.ours, c.theirs)
		if r.Ratio != c.ratio || r.Stalls != c.stalls || r.EtcdStalls != c.etcd || r.P99Ratio < c.p99*0.98 || r.P99Ratio > c.p99*1.02 {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
}

func TestWithoutProcThereIsNoProcessorRatio(t *testing.T) {
	r := newRow(1, []*slice{taken(10, time.Millisecond, 0)}, []*slice{taken(10, time.Millisecond, 0)})
	b, err := json.Marshal(r)
	if err != nil || strings.Contains(string(b), "cpu_ratio") {
		t.Errorf("%s, %v", b, err)
	}
	c := &comparison{Puts: []row{r}}
	if !strings.Contains(c.table(), "There is no /proc here") {
		t.Errorf("the table does not say why there is no processor time:\n%s", c.table())
	}
}

// example is a comparison of known figures.
func example() *comparison {
	of := func(clients int, ours, theirs float64) row {
		return row{Clients: clients, Quorumlab: ours, Etcd: theirs, Ratio: round(ours/theirs, 3), P99Ratio: 0.8, CPURatio: new(0.55)}
	}
	read := func(r row, serializable bool) row {
		r.Serializable = &serializable
		return r
	}
	return &comparison{Command: "go tool task bench -- compare", Machine: "2 × Example, linux", Date: "2026-11-22", Slices: 12, Slice: "1s", Size: 256, Members: 3,
		Puts:  []row{of(1, 500, 400), of(64, 4800, 3000)},
		Reads: []row{read(of(1, 2000, 1600), false), read(of(1, 9000, 6000), true)}}
}

func TestTheShapeOfTheJSON(t *testing.T) {
	b, err := json.Marshal(example())
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"puts", "reads"} {
		rows, _ := all[name].([]any)
		if len(rows) != 2 {
			t.Fatalf("%s has %d rows in %s", name, len(rows), b)
		}
		for _, r := range rows {
			fields, _ := r.(map[string]any)
			for _, field := range []string{"clients", "quorumlab", "etcd", "ratio", "p99_ratio", "cpu_ratio"} {
				if _, number := fields[field].(float64); !number {
					t.Errorf("a row of %s has no number %s: %v", name, field, fields)
				}
			}
			if _, told := fields["serializable"].(bool); told != (name == "reads") {
				t.Errorf("reads, and only they, tell whether they are serializable: %v", fields)
			}
		}
	}
}

func TestTheChartIsInProportion(t *testing.T) {
	want := `puts of 256 B a second
   1 clients  quorumlab ████▏ 500  (1.25×)
              etcd      ███▍ 400
  64 clients  quorumlab ████████████████████████████████████████ 4800  (1.60×)
              etcd      █████████████████████████ 3000

linearizable reads a second
   1 clients  quorumlab ████████████████████████████████████████ 2000  (1.25×)
              etcd      ████████████████████████████████ 1600

serializable reads a second
   1 clients  quorumlab ████████████████████████████████████████ 9000  (1.50×)
              etcd      ██████████████████████████▋ 6000
`
	if got := example().chart(); got != want {
		t.Errorf("the chart is\n%s\nshould be\n%s", got, want)
	}
	for _, c := range []struct{ x, most float64 }{{0, 0}, {0, 10}, {1e9, 1e9}, {1, 1e9}} {
		if n := utf8.RuneCountInString(bar(c.x, c.most)); n < 1 || n > longestBar {
			t.Errorf("the bar of %v of %v has %d characters", c.x, c.most, n)
		}
	}
}

func TestTheResultStandsBetweenItsMarks(t *testing.T) {
	first, err := example().into([]byte("# Benchmarks\n"))
	if err != nil || !strings.HasPrefix(string(first), "# Benchmarks\n\n"+markBegin) || !strings.HasSuffix(string(first), markEnd+"\n") {
		t.Fatalf("a file without marks gets them at its end: %s, %v", first, err)
	}
	later := example()
	later.Date = "2027-01-01"
	second, err := later.into([]byte(string(first) + "\n## More\n"))
	if err != nil || !strings.HasSuffix(string(second), markEnd+"\n\n## More\n") || strings.Contains(string(second), "2026-11-22") || !strings.Contains(string(second), "2027-01-01") {
		t.Errorf("a new result replaces the old one and nothing else: %s, %v", second, err)
	}
	for _, broken := range []string{markBegin, markEnd, markEnd + "\n" + markBegin + "\n"} {
		if text, err := example().into([]byte(broken)); err == nil {
			t.Errorf("%q became %q", broken, text)
		}
	}
}

func TestFailuresAreTold(t *testing.T) {
	c := example()
	c.Puts[1].Errors, c.Puts[1].LastError, c.Reads[0].EtcdStalls = 3, "etcdserver: leader changed", 1
	for _, want := range []string{
		"puts of 256 B of 64 clients failed 3 times on quorumlab and 0 times on etcd; the last time: etcdserver: leader changed",
		"of linearizable reads of 1 clients nothing succeeded in 0 slices on quorumlab and in 1 slices on etcd",
	} {
		if !strings.Contains(c.table(), want) {
			t.Errorf("the table does not say %q:\n%s", want, c.table())
		}
	}
}
