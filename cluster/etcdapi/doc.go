// Package etcdapi is etcd's v3 API on one node: etcdctl, clientv3 and whatever else talks to etcd work against it. It
// lives outside the node's world and reaches it through a Member.
//
//	s := etcdapi.New(etcdapi.Options{Member: room.Session(2)})
//	go s.Serve(listener)                                   // gRPC, and /health, /version, /metrics over HTTP on the same port
//	s.Close()
package etcdapi
