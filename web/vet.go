package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// The rates a room runs at. Zero is no rate: that is what freeze is for.
const (
	SlowestRate event.Factor = event.One / 100
	FastestRate event.Factor = 20 * event.One
)

// vet says what is wrong with a command before the room is asked: fields that its kind needs, bounds, and
// machines that are not there. What only the cluster can know (who leads, who is down) is the cluster's to say.
func vet(c event.Command, limits Limits, machines *ring) error {
	if c.Kind == event.CommandNone || int(c.Kind) >= event.Commands {
		return badCommand("/kind", `A command needs a kind, such as "put"; docs/api.md has them all.`)
	}
	if c.Kind.Foreign() {
		return badCommand("/kind", fmt.Sprintf("%q is asked for through etcd's API: GET /endpoints says where the nodes are.", c.Kind))
	}
	for _, check := range []func() *Fault{
		func() *Fault { return vetShape(c) },
		func() *Fault { return vetBounds(c, limits) },
		func() *Fault { return machines.vet(c, limits.Nodes) },
	} {
		if f := check(); f != nil {
			return f
		}
	}
	return nil
}

// vetShape checks that the fields a kind cannot do without are there.
func vetShape(c event.Command) *Fault {
	switch c.Kind {
	case event.LeaseGrant, event.LeaseRevoke, event.LeaseKeepAlive, event.Compact, event.Watch, event.Alarm, event.Defragment, event.Auth:
		return nil // refused before
	case event.CommandNone, event.StepDown, event.Heal, event.Freeze, event.Thaw, event.Step, event.MemberAdd, event.PreVote, event.Undo:
		return nil
	case event.Chaos:
		return vetChaos(c)
	case event.Preset:
		return vetPreset(c)
	case event.Put:
		return vetKey(c)
	case event.Get, event.Del:
		return vetRange(c)
	case event.TxnDo:
		return vetTxn(c.Txn)
	case event.Kill, event.Restart, event.Suspend, event.Resume, event.Wipe, event.Disk, event.Elect, event.Transfer,
		event.MemberPromote, event.MemberDemote, event.MemberRemove, event.Snapshot:
		return vetNode(c)
	case event.Drift, event.Rate:
		return vetFactor(c)
	case event.Corrupt:
		return vetCorrupt(c)
	case event.Cut, event.Mend, event.SetLink:
		return vetPair(c)
	case event.Hold, event.Release:
		if c.Node == 0 && c.Peer == 0 {
			return nil
		}
		return vetPair(c)
	case event.Partition:
		return vetGroups(c.Groups)
	case event.Deliver, event.Drop, event.Duplicate, event.Reorder:
		if c.Message == 0 {
			return badCommand("/message", "Which message? Held messages and their ids are in the room's state.")
		}
	}
	return nil
}

func vetKey(c event.Command) *Fault {
	if c.Key == "" {
		return badCommand("/key", "A put needs a key; the empty key does not exist in etcd.")
	}
	return nil
}

func vetRange(c event.Command) *Fault {
	switch {
	case c.Key == "" && !c.Prefix:
		return badCommand("/key", `Which key? For all keys give "prefix": true.`)
	case c.Prefix && c.End != "":
		return badCommand("/range_end", "Give either range_end or prefix, not both.")
	case c.Rev < 0:
		return badCommand("/rev", "Revisions start at 1.")
	case c.Limit < 0:
		return badCommand("/limit", "A limit cannot be negative.")
	}
	return nil
}

func vetNode(c event.Command) *Fault {
	if c.Node == 0 {
		return badCommand("/node", fmt.Sprintf("Which node shall %q concern?", c.Kind))
	}
	return nil
}

func vetFactor(c event.Command) *Fault {
	if c.Kind == event.Drift && c.Node == 0 {
		return vetNode(c)
	}
	if c.Factor < SlowestRate || c.Factor > FastestRate {
		return badCommand("/rate", fmt.Sprintf("Give a rate from %v to %v; 1 is real time, and to stop time there is freeze.",
			SlowestRate.Float(), FastestRate.Float()))
	}
	return nil
}

func vetChaos(c event.Command) *Fault {
	if c.On && (c.Factor <= 0 || c.Factor > event.One) {
		return badCommand("/rate", "Give the intensity of the chaos as a rate above 0, up to 1.")
	}
	return nil
}

func vetPreset(c event.Command) *Fault {
	if c.Key == "" {
		return badCommand("/key", "Which situation? The key is its name; docs/api.md has them all.")
	}
	return nil
}

func vetCorrupt(c event.Command) *Fault {
	if c.Offset < 0 {
		return badCommand("/offset", "An offset counts bytes from the start of the file, from 0.")
	}
	switch c.File {
	case "", "log", "stable", "store":
		return vetNode(c)
	}
	return badCommand("/file", `A node has the files "log", "stable" and "store".`)
}

func vetPair(c event.Command) *Fault {
	switch {
	case c.Node == 0:
		return badCommand("/node", "A link has two ends: give node and peer.")
	case c.Peer == 0:
		return badCommand("/peer", "A link has two ends: give node and peer.")
	case c.Node == c.Peer:
		return badCommand("/peer", "There is no link from "+c.Node.String()+" to itself.")
	}
	return vetLink(c.Link)
}

func vetLink(l event.Link) *Fault {
	switch {
	case l.Loss < 0 || l.Loss > event.One:
		return badCommand("/link/loss", "Loss is a share from 0 to 1.")
	case l.Duplicate < 0 || l.Duplicate > event.One:
		return badCommand("/link/duplicate", "Duplicate is a share from 0 to 1.")
	case l.Slow < 0 || l.Slow > 1000*event.One:
		return badCommand("/link/slow", "Slow multiplies the delay, by at most 1000.")
	}
	return nil
}

func vetGroups(groups [][]event.NodeID) *Fault {
	if len(groups) == 0 {
		return badCommand("/groups", `A partition needs groups, such as [["n1","n2"],["n3","n4","n5"]].`)
	}
	seen := map[event.NodeID]bool{}
	for i, g := range groups {
		for j, id := range g {
			where := fmt.Sprintf("/groups/%d/%d", i, j)
			if id == 0 {
				return badCommand(where, "Here a node's name is missing.")
			}
			if seen[id] {
				return badCommand(where, id.String()+" is in two groups.")
			}
			seen[id] = true
		}
	}
	return nil
}

func vetTxn(t *event.Txn) *Fault {
	if t == nil {
		return badCommand("/txn", `A transaction needs "txn" with compare, success and failure.`)
	}
	for i, c := range t.Compare {
		if f := vetCompare(fmt.Sprintf("/txn/compare/%d", i), c); f != nil {
			return f
		}
	}
	for _, branch := range []struct {
		name     string
		requests []event.Request
	}{{"success", t.Success}, {"failure", t.Failure}} {
		for i, r := range branch.requests {
			if r.Kind != event.Put && r.Kind != event.Get && r.Kind != event.Del {
				return badCommand(fmt.Sprintf("/txn/%s/%d/kind", branch.name, i), "A transaction is made of put, get and del.")
			}
		}
	}
	return nil
}

func vetCompare(where string, c event.Compare) *Fault {
	if !strings.Contains(" value version create mod lease ", " "+c.Target+" ") || c.Target == "" {
		return badCommand(where+"/target", "Compare the value, version, create, mod or lease of a key.")
	}
	if !strings.Contains(" = != < > ", " "+c.Result+" ") || c.Result == "" {
		return badCommand(where+"/result", "Compare with =, !=, < or >.")
	}
	return nil
}

// vetBounds checks what could cost the room memory or time.
func vetBounds(c event.Command, limits Limits) *Fault {
	const day = event.Micros(longestWait) * 1000
	for where, d := range map[string]event.Micros{"/timeout_ms": c.Timeout, "/fsync_ms": c.Took, "/link/delay_ms": c.Link.Delay, "/link/jitter_ms": c.Link.Jitter} {
		if d < 0 || d > day {
			return badCommand(where, fmt.Sprintf("Give milliseconds from 0 to %d.", int64(longestWait)))
		}
	}
	total := len(c.Value)
	if c.Txn != nil {
		for _, requests := range [][]event.Request{c.Txn.Success, c.Txn.Failure} {
			for _, r := range requests {
				total += len(r.Value)
			}
		}
	}
	if total > limits.ValueBytes {
		return &Fault{http.StatusRequestEntityTooLarge, CodeTooLarge,
			fmt.Sprintf("The value has %d bytes; this room takes %d.", total, limits.ValueBytes), "/value"}
	}
	return nil
}
