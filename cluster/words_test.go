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
		"cut n1 n2 --one-way":           {Kind: event.Cut, Node: 1, Peer: 2, OneWay: true},
		"cut n1 n2":                     {Kind: event.Cut, Node: 1, Peer: 2},
		"hold":                          {Kind: event.Hold},
		"member add":                    {Kind: event.MemberAdd},
		"member remove n3":              {Kind: event.MemberRemove, Node: 3},
		"put 'two words' ''":            {Kind: event.Put, Key: "two words"},
		`put x "it's"`:                  {Kind: event.Put, Key: "x", Value: "it's"},
		"kill n2 --before-fsync":        {Kind: event.Kill, Node: 2, At: event.BeforeFsync},
		"drift n2 1.5":                  {Kind: event.Drift, Node: 2, Factor: 3 * event.One / 2},
		"reorder 7 8":                   {Kind: event.Reorder, Message: 7, With: 8},
		"prevote off":                   {Kind: event.PreVote},
		"get '' --prefix":               {Kind: event.Get, Prefix: true},
		"corrupt n2 store --offset 12":  {Kind: event.Corrupt, Node: 2, File: "store", Offset: 12},
		"link n1 n2 --delay 50ms --loss 0.1 --one-way": {Kind: event.SetLink, Node: 1, Peer: 2, OneWay: true,
			Link: event.Link{Delay: 50_000, Loss: event.One / 10}},
		`txn 'value("x") = "1"' -- put x 2 ; get y -- del a b`: {Kind: event.TxnDo, Txn: &event.Txn{Compare: []event.Compare{{Key: "x", Target: "value", Result: "=", Value: "1"}},
			Success: []event.Request{{Kind: event.Put, Key: "x", Value: "2"}, {Kind: event.Get, Key: "y"}}, Failure: []event.Request{{Kind: event.Del, Key: "a", End: "b"}}}},
		"partition n1 n2 | n3": {Kind: event.Partition, Groups: [][]event.NodeID{{1, 2}, {3}}},
		"rate 0.25":            {Kind: event.Rate, Factor: event.One / 4},
		"disk n3 300ms":        {Kind: event.Disk, Node: 3, Took: 300_000},
		"kill n2":              {Kind: event.Kill, Node: 2},
		"heal":                 {Kind: event.Heal},
	} {
		if got := Words(c); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
