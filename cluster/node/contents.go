package node

import "github.com/quorumlab/quorumlab/cluster/event"

// Contents is what a read of the node's own store finds, whatever the others have; nobody is told of it.
func (n *Node) Contents(c event.Command) (r event.Result, err error) {
	if err := n.store.Read(c, &r); err != nil {
		return event.Result{}, err
	}
	return r, nil
}
