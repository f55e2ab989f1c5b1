package cluster

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Bounds of a command in words, in runes.
const (
	wordsMost = 80  // of a key or value
	lineMost  = 240 // of all
)

// Words is a command as a person would type it at the console, clipped. It does not say who was asked for keys, nor how
// long the asker waits: that is told beside it.
func Words(c event.Command) string {
	if c.Kind.Foreign() {
		return clipLine(c.Value)
	}
	s := strings.TrimSpace(strings.Replace(c.Kind.String(), "member-", "member ", 1) + " " + arguments(c))
	return clipLine(s)
}

func clipLine(s string) string {
	if r := []rune(s); len(r) > lineMost {
		return string(r[:lineMost]) + "…"
	}
	return s
}

func arguments(c event.Command) string {
	// most commands are told by their nodes alone
	//exhaustive:ignore
	switch c.Kind {
	case event.Put:
		return quote(c.Key) + " " + quote(c.Value)
	case event.Get, event.Del:
		return reading(c)
	case event.TxnDo:
		return txn(c.Txn)
	case event.Partition:
		return groups(c.Groups)
	case event.Rate:
		return decimal(c.Factor.Float())
	case event.Drift:
		return c.Node.String() + " " + decimal(c.Factor.Float())
	case event.Disk:
		return c.Node.String() + " " + span(c.Took)
	case event.Kill:
		if c.At != event.Now {
			return fmt.Sprintf("%v --%v", c.Node, c.At)
		}
	case event.Corrupt:
		return strings.TrimSpace(c.Node.String()+" "+c.File) + numbered("offset", c.Offset)
	case event.Deliver, event.Drop, event.Duplicate:
		return fmt.Sprint(c.Message)
	case event.Reorder:
		if c.With != 0 {
			return fmt.Sprint(c.Message, " ", c.With)
		}
		return fmt.Sprint(c.Message)
	case event.Chaos:
		return chaos(c)
	case event.Preset:
		return quote(c.Key)
	case event.PreVote:
		if c.On {
			return "on"
		}
		return "off"
	}
	return nodes(c)
}

func chaos(c event.Command) string {
	switch {
	case c.On:
		return decimal(c.Factor.Float()) + numbered("seed", int64(c.Seed))
	case c.Undo:
		return "off --undo"
	}
	return "off"
}

func nodes(c event.Command) string {
	s := c.Node.String()
	if c.Node != 0 && c.Peer != 0 {
		s += " " + c.Peer.String()
	}
	s += link(c.Link)
	if c.OneWay {
		s += " --one-way"
	}
	return s
}

func groups(gs [][]event.NodeID) string {
	var out []string
	for _, g := range gs {
		if len(g) == 0 {
			continue // nobody is on that side
		}
		var ids []string
		for _, id := range g {
			ids = append(ids, id.String())
		}
		out = append(out, strings.Join(ids, " "))
	}
	return strings.Join(out, " | ")
}

// link is how a link behaves, as flags.
func link(l event.Link) (s string) {
	if l.Delay != 0 {
		s += " --delay " + span(l.Delay)
	}
	if l.Jitter != 0 {
		s += " --jitter " + span(l.Jitter)
	}
	for _, f := range []struct {
		name  string
		share event.Factor
	}{{"loss", l.Loss}, {"duplicate", l.Duplicate}, {"slow", l.Slow}} {
		if f.share != 0 {
			s += " --" + f.name + " " + decimal(f.share.Float())
		}
	}
	return s
}

// span is a time with its unit.
func span(d event.Micros) string { return decimal(float64(d)/1000) + "ms" }

func decimal(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// numbered is a flag with a number, if it was given.
func numbered(name string, n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" --%s %d", name, n)
}

// reading says which keys, and how they are read.
func reading(c event.Command) string {
	s := keys(c.Key, c.End, c.Prefix) + numbered("rev", c.Rev) + numbered("limit", c.Limit)
	if c.Serializable {
		s += " --serializable"
	}
	return s
}

// everKey is etcd's range_end for every key from here on; as a key, with itself as the end, all keys.
const everKey = "\x00"

func keys(key, end string, prefix bool) string {
	switch {
	case prefix:
		return quote(key) + " --prefix"
	case end == everKey && key == everKey:
		return "'' --prefix"
	case end == everKey:
		return quote(key) + " --from-key"
	case end != "":
		return quote(key) + " " + quote(end)
	}
	return quote(key)
}

func txn(t *event.Txn) string {
	if t == nil {
		return ""
	}
	var words []string
	for _, c := range t.Compare {
		words = append(words, quoted(fmt.Sprintf("%s(%s) %s %s", c.Target, doubled(c.Key), c.Result, doubled(c.Value))))
	}
	words = append(words, "--", requests(t.Success))
	if len(t.Failure) > 0 {
		words = append(words, "--", requests(t.Failure))
	}
	return strings.Join(words, " ")
}

func requests(rs []event.Request) string {
	var words []string
	for _, r := range rs {
		if r.Kind == event.Put {
			words = append(words, "put "+quote(r.Key)+" "+quote(r.Value))
			continue
		}
		words = append(words, r.Kind.String()+" "+keys(r.Key, r.End, r.Prefix))
	}
	return strings.Join(words, " ; ")
}

// quote writes a key or value as one word of a line, clipped.
func quote(s string) string { return quoted(clip(s)) }

// quoted writes a text as one word of a line, as the console reads it.
func quoted(s string) string {
	switch {
	case s != "" && s[0] != '-' && !strings.ContainsAny(s, " \t\r\n;|'\"\\"):
		return s
	case !strings.Contains(s, "'"):
		return "'" + s + "'"
	}
	return doubled(s)
}

// doubled writes a text in double quotes, with a backslash before what would end it.
func doubled(s string) string {
	return `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(s) + `"`
}

// clip keeps a key or value short before it is put among other words.
func clip(s string) string {
	if r := []rune(s[:min(len(s), 4*wordsMost)]); len(r) > wordsMost {
		return string(r[:wordsMost]) + "…"
	}
	return s
}
