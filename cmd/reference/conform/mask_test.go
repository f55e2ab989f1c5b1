package conform

import (
	"strings"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/proto"

	"github.com/quorumlab/quorumlab/cmd/reference"
)

// What differs by right looks the same; what does not, not.
func TestCover(t *testing.T) {
	target := NewTarget("one", "", "", 1, "http://127.0.0.1:4001", "http://127.0.0.1:40011")
	target.Number("n1", 0xabcdef)
	target.remember(keep{name: "lease"}, "694d9ae5f6c2a309")
	for _, c := range []struct {
		step       Step
		text, want string
	}{
		{Step{}, "abcdef 11259375 0000000000abcdef fabcdef", "<n1> <n1> <n1> fabcdef"},
		{Step{}, "cluster           abcdef is", "cluster <n1> is"},
		{Step{}, "http://127.0.0.1:40011,http://127.0.0.1:4001", "http://<url2>,http://<url1>"},
		{Step{}, "lease 694d9ae5f6c2a309 of 7587891259667292937", "lease <lease> of <lease>"},
		{Step{}, `{"header":{"revision":7,"raft_term":3}}`, `{"header":{"revision":7,"raft_term":<term>}}`},
		{Step{}, `{"raft_term":0}`, `{"raft_term":0}`},
		{Step{format: "table"}, "│   ab │\n├───┼──┤", "│ ab │\n├─┼─┤"},
		{Step{sorted: true}, "b\na\n", "a\nb\n"},
		{Run("x").Mask(Took), "took = 3.1ms", "took = <time>"},
		{Run("x"), "took = 3.1ms", "took = 3.1ms"},
	} {
		if got := target.cover(c.step, c.text); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.text, got, c.want)
		}
	}
	if got := strings.Join(target.args("get '' $url1 --x=$n1 $none"), "|"); got != "get||http://127.0.0.1:4001|--x=abcdef|$none" {
		t.Errorf("the arguments are %s", got)
	}
}

// Messages are written out so that what is equal is equal, and what differs shows where.
func TestWire(t *testing.T) {
	b, err := proto.Marshal(&pb.PutResponse{Header: &pb.ResponseHeader{ClusterId: 1 << 60, Revision: 7, RaftTerm: 2}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := wire(b), "1:\n1.1: 1152921504606846976\n1.3: 7\n1.4: 2\n"; got != want {
		t.Errorf("it is %q, want %q", got, want)
	}
	if got := wire([]byte("OK\n")); got != "\"OK\\n\"\n" {
		t.Errorf("what is no message is %q", got)
	}
	if got := plain(`{"key":"YQ==","value":"AAE=","name":"YQ=="}`); got != `{"key":"a","value":"AAE=","name":"YQ=="}` {
		t.Errorf("keys and values in JSON: %s", got)
	}
}

// A verb that no script has is found, and a difference is.
func TestUncoveredAndDifferent(t *testing.T) {
	programs, err := reference.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	verbs, err := Verbs(t.Context(), programs.Etcdctl)
	if err != nil {
		t.Fatal(err)
	}
	script := []Step{Run("lease grant 1"), Run("lock x").While(Run("put a 1"))}
	left := Uncovered(verbs, script, "check perf")
	if len(verbs) < 50 || len(left) != len(verbs)-4 {
		t.Errorf("%d of %d verbs are left: %v", len(left), len(verbs), left)
	}
	a, b := NewTarget("a", programs.Etcdctl, t.TempDir(), 1, "http://127.0.0.1:1"), NewTarget("b", programs.Etcdctl, t.TempDir(), 1, "http://127.0.0.1:1")
	same, other := []Step{Run("version")}, []Step{Run("put a")}
	if d := Differences(a, b, a.Play(t.Context(), same), b.Play(t.Context(), same)); len(d) != 0 {
		t.Errorf("the same is different: %v", d)
	}
	said := b.Play(t.Context(), other)
	said[0].Command = "version"
	if d := Differences(a, b, a.Play(t.Context(), same), said); len(d) != 1 || !strings.Contains(d[0], "b says") {
		t.Errorf("what differs is told as %v", d)
	}
}
