package etcdapi_test

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3election/v3electionpb"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3lock/v3lockpb"
)

// services are those that the document has a table of, by the heading above it.
var services = map[string][]grpc.ServiceDesc{"KV": {pb.KV_ServiceDesc}, "Watch": {pb.Watch_ServiceDesc}, "Lease": {pb.Lease_ServiceDesc},
	"Cluster": {pb.Cluster_ServiceDesc}, "Maintenance": {pb.Maintenance_ServiceDesc}, "Auth": {pb.Auth_ServiceDesc},
	"Lock and Election": {v3lockpb.Lock_ServiceDesc, v3electionpb.Election_ServiceDesc},
	"gRPC's own":        {grpc_health_v1.Health_ServiceDesc, grpc_reflection_v1.ServerReflection_ServiceDesc}}

// The document tells of every method of every service, and of no other.
func TestDocumentTellsOfEveryMethod(t *testing.T) {
	for heading, descs := range services {
		_, part, found := strings.Cut(document(t), "\n### "+heading+"\n")
		part, _, _ = strings.Cut(part, "\n#")
		if !found {
			t.Errorf("there is nothing about %s", heading)
			continue
		}
		var methods, rows []string
		for _, d := range descs {
			for _, m := range d.Methods {
				methods = append(methods, m.MethodName)
			}
			for _, s := range d.Streams {
				methods = append(methods, s.StreamName)
			}
		}
		for line := range strings.Lines(part) {
			if name, is := strings.CutPrefix(line, "| "); is && !strings.HasPrefix(name, "method ") {
				name, _, _ = strings.Cut(name, " |")
				rows = append(rows, name)
			}
		}
		slices.Sort(methods)
		slices.Sort(rows)
		if !slices.Equal(methods, rows) {
			t.Errorf("%s has the methods %v, and the document the rows %v", heading, methods, rows)
		}
	}
}
