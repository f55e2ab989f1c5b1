package cluster

import (
	"fmt"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// wordsMost bounds the length of a command in words, in runes.
const wordsMost = 80

// Words is a command as a person would type it, clipped.
func Words(c event.Command) string {
	s := strings.TrimSpace(fmt.Sprint(c.Kind, " ", arguments(c)))
	if r := []rune(s); len(r) > wordsMost {
		return string(r[:wordsMost]) + "…"
	}
	return s
}

func arguments(c event.Command) string {
	// most commands are told by their nodes alone
	//exhaustive:ignore
	switch c.Kind {
	case event.Put:
		return clip(c.Key) + " " + clip(c.Value)
	case event.Get, event.Del:
		s := strings.TrimSpace(clip(c.Key) + " " + clip(c.End))
		if c.Prefix {
			s = clip(c.Key) + " --prefix"
		}
		if c.Serializable {
			s += " --serializable"
		}
		return s
	case event.Partition:
		return groups(c.Groups)
	case event.Rate:
		return fmt.Sprint(c.Factor.Float())
	case event.Drift:
		return fmt.Sprintf("%v ×%v", c.Node, c.Factor.Float())
	case event.Disk:
		return fmt.Sprintf("%v %d ms", c.Node, c.Took/1000)
	case event.Deliver, event.Drop, event.Duplicate, event.Reorder:
		return fmt.Sprint(c.Message)
	case event.PreVote:
		if c.On {
			return "on"
		}
		return "off"
	}
	return nodes(c)
}

func nodes(c event.Command) string {
	switch {
	case c.Node != 0 && c.Peer != 0 && c.OneWay:
		return fmt.Sprintf("%v → %v", c.Node, c.Peer)
	case c.Node != 0 && c.Peer != 0:
		return fmt.Sprintf("%v – %v", c.Node, c.Peer)
	}
	return c.Node.String()
}

func groups(gs [][]event.NodeID) string {
	var out []string
	for _, g := range gs {
		var ids []string
		for _, id := range g {
			ids = append(ids, id.String())
		}
		out = append(out, strings.Join(ids, " "))
	}
	return strings.Join(out, " | ")
}

// clip keeps a key or value short before it is put among other words.
func clip(s string) string {
	if r := []rune(s[:min(len(s), 4*wordsMost)]); len(r) > wordsMost {
		return string(r[:wordsMost]) + "…"
	}
	return s
}
