package etcdapi_test

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// scrape is what the metrics at a URL say: types by name, and figures by name and labels.
func scrape(t *testing.T, url string) (types, figures map[string]string) {
	t.Helper()
	code, _, body := page(url+"/metrics", "GET")
	types, figures = map[string]string{}, map[string]string{}
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		if what, found := strings.CutPrefix(line, "# TYPE "); found {
			name, kind, _ := strings.Cut(what, " ")
			types[name] = kind
		} else if i := strings.LastIndexByte(line, ' '); i > 0 && line[0] != '#' {
			figures[line[:i]] = line[i+1:]
		}
	}
	if code != 200 || len(types) == 0 {
		t.Fatalf("%s has no metrics: %d %s", url, code, body)
	}
	return types, figures
}

func without(a, b map[string]string) (names []string) {
	for name := range a {
		if _, both := b[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// document is the page about etcd's interface.
func document(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../docs/etcd.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// alike are the beginnings of figures that the same traffic makes the same everywhere.
var alike = []string{"grpc_server_", "etcd_server_client_requests_total", "etcd_debugging_mvcc_current_revision",
	"etcd_server_has_leader", "etcd_server_is_learner", "etcd_server_version", "etcd_server_quota_backend_bytes", "etcd_server_healthcheck", "etcd_cluster_version",
	measured + `"Put"}`, measured + `"DeleteRange"}`, measured + `"LeaseGrant"}`, measured + `"LeaseRevoke"}`, measured + `"Alarm"}`}

const measured = `etcd_server_request_duration_seconds_count{success="true",type=`

// A process has the metrics that the real etcd has, but for those that the document names, and no others; a room's node has
// some of them. What counts calls counts the same.
func TestMetricsAreEtcds(t *testing.T) {
	r := openAt(t, 20*event.One)
	all := []*subject{meet(t, realEtcd, startEtcd(t)), meet(t, room, r.urls[r.follower()]), meet(t, process, startMember(t))}
	for _, deeds := range [][]deed{keyDeeds, leaseDeeds, pageDeeds("/health", "/readyz", "/livez"),
		{{what: "raise", do: alarm(raise, pb.AlarmType_NOSPACE)}, {what: "disarm", do: alarm(disarm, pb.AlarmType_NOSPACE)}}} {
		same(t, all, deeds)
	}
	etcd, said := scrape(t, all[0].url)
	member, here := scrape(t, all[2].url)
	node, inRoom := scrape(t, all[1].url)
	for i, figures := range []map[string]string{said, inRoom, here} {
		st, err := all[i].care.Status(all[i].ctx, &pb.StatusRequest{})
		if name := fmt.Sprintf(`etcd_server_id{server_id="%x"}`, st.GetHeader().GetMemberId()); err != nil || figures[name] != "1" {
			t.Errorf("%s has no %s: %v", all[i].kind, name, err)
		}
	}
	_, listed, found := strings.Cut(document(t), "### Metrics that only etcd has\n")
	listed, _, _ = strings.Cut(listed, "\n#")
	if !found {
		t.Fatal("the document does not list the metrics that only etcd has")
	}
	for _, name := range without(etcd, member) {
		if !strings.Contains(listed, "`"+name+"`") {
			t.Errorf("%s is etcd's only, and the document does not say so", name)
		}
	}
	for i, name := range strings.Split(listed, "`") {
		if _, has := member[name]; i%2 == 1 && has {
			t.Errorf("the document says that only etcd has %s", name)
		}
	}
	if more := append(without(member, etcd), without(node, etcd)...); len(more) > 0 {
		t.Errorf("etcd has no %v", more)
	}
	for name, kind := range etcd {
		for _, others := range []map[string]string{member, node} {
			if other, has := others[name]; has && other != kind {
				t.Errorf("%s is a %s, and etcd's a %s", name, other, kind)
			}
		}
	}
	for name, figure := range said {
		if !slices.ContainsFunc(alike, func(a string) bool { return strings.HasPrefix(name, a) }) {
			continue
		}
		if here[name] != figure || cmp.Or(inRoom[name], "0") != figure { // a node of many tells no zeros
			t.Errorf("%s is %s in a process and %s in a room, and etcd's %s", name, here[name], inRoom[name], figure)
		}
	}
}
