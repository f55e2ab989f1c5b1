package node

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/raft"
	"go.etcd.io/etcd/client/pkg/v3/types"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Place is what raft's configuration says of a member that is a process of its own, in the field of its address: etcd's id
// of the member, and where its peers reach it. So every configuration in the log names its members completely.
type Place struct {
	Member uint64   // etcd's id
	URLs   []string // peer URLs, sorted
}

// Address is the place as raft keeps it: "8e9e05c52164694d@http://10.0.0.1:2380,http://10.0.1.1:2380".
func (p Place) Address() raft.ServerAddress {
	return raft.ServerAddress(strconv.FormatUint(p.Member, 16) + "@" + strings.Join(p.URLs, ","))
}

// ParsePlace reads what Address wrote.
func ParsePlace(a raft.ServerAddress) (p Place, err error) {
	id, list, found := strings.Cut(string(a), "@")
	if !found {
		return p, fmt.Errorf("the address %q names no member; it should read like 8e9e05c52164694d@http://10.0.0.1:2380", a)
	}
	if p.Member, err = strconv.ParseUint(id, 16, 64); err != nil {
		return p, fmt.Errorf("the address %q has no member id before the @: %w", a, err)
	}
	p.URLs = strings.Split(list, ",")
	if _, err := types.NewURLs(p.URLs); err != nil {
		return p, fmt.Errorf("the address %q has no peer URLs behind the @: %w", a, err)
	}
	return p, nil
}

// Server is a member of the configuration that a node uses, with its address.
type Server struct {
	event.Member
	Address raft.ServerAddress
}

// Servers lists the members of the configuration that this node uses, committed or not.
func (n *Node) Servers() (list []Server) {
	for _, s := range n.raft.GetConfiguration().Configuration().Servers {
		list = append(list, Server{member(s), s.Address})
	}
	return list
}
