package cluster

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

func TestWords(t *testing.T) {
	for want, c := range map[string]event.Command{
		"put pizza 4":                   {Kind: event.Put, Key: "pizza", Value: "4"},
		"get pizza":                     {Kind: event.Get, Key: "pizza"},
		"get pizza --serializable":      {Kind: event.Get, Key: "pizza", Serializable: true},
		"get p --prefix --serializable": {Kind: event.Get, Key: "p", Prefix: true, Serializable: true},
		"del a b":                       {Kind: event.Del, Key: "a", End: "b"},
		"cut n1 → n2":                   {Kind: event.Cut, Node: 1, Peer: 2, OneWay: true},
		"partition n1 n2 | n3":          {Kind: event.Partition, Groups: [][]event.NodeID{{1, 2}, {3}}},
		"rate 0.25":                     {Kind: event.Rate, Factor: event.One / 4},
		"disk n3 300 ms":                {Kind: event.Disk, Node: 3, Took: 300_000},
		"kill n2":                       {Kind: event.Kill, Node: 2},
		"heal":                          {Kind: event.Heal},
	} {
		if got := Words(c); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
