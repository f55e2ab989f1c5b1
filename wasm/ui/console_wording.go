package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// inWords writes a command as it would be typed; Parse reads the same command back.
func inWords(c event.Command) string {
	words := []string{c.Kind.String()}
	for i := range verbs {
		if v := &verbs[i]; v.kind == c.Kind && !v.local {
			words = append([]string{v.name}, slotWords(v, c)...)
		}
	}
	// the others say everything in their slots
	//exhaustive:ignore
	switch c.Kind {
	case event.Get, event.Del:
		words = append(words[:1], rangeWords(c.Key, c.End, c.Prefix)...)
	case event.TxnDo:
		return strung(append(append(words, commonFlags(c)...), txnWords(c.Txn)...), " ")
	case event.Partition:
		words = append(words, groupWords(c.Groups))
	}
	return strung(append(words, commonFlags(c)...), " ")
}

// slotWords are what stands in the verb's slots.
func slotWords(v *verb, c event.Command) []string {
	var words []string
	for i := range v.slots {
		if word := slotWord(v.slots[i], c, i); word != "" {
			words = append(words, word)
		}
	}
	return words
}

func slotWord(s slot, c event.Command, place int) string {
	switch s.name {
	case "KEY":
		return quote(c.Key)
	case "VALUE":
		return quote(c.Value)
	case "NODE":
		if place == 1 {
			return c.Peer.String()
		}
		return c.Node.String()
	case "MESSAGE":
		return messageWord(c, place)
	case "TIME":
		return timeWord(c.Took)
	case "on|off":
		if c.On {
			return "on"
		}
		return "off"
	case "log|stable|store":
		return c.File
	case "FACTOR", "FACTOR|real|workshop|slow":
		return ratioWord(c.Factor)
	}
	return ""
}

func messageWord(c event.Command, place int) string {
	id := c.Message
	if place == 1 {
		id = c.With
	}
	if id == 0 {
		return ""
	}
	return number(id)
}

func timeWord(d event.Micros) string {
	switch {
	case d == 0:
		return "0s"
	case d%1_000_000 == 0:
		return strconv.FormatInt(int64(d/1_000_000), 10) + "s"
	case d%1000 == 0:
		return strconv.FormatInt(int64(d/1000), 10) + "ms"
	}
	return decimal(float64(d)/1000, 3) + "ms"
}

func ratioWord(f event.Factor) string {
	switch f {
	case realTime:
		return "1"
	case workshop:
		return "0.25"
	}
	return decimal(f.Float(), 6)
}

func shareWord(f event.Factor) string { return decimal(f.Float()*100, 4) + "%" }

// rangeWords names keys as get and del do.
func rangeWords(key, end string, prefix bool) []string {
	switch {
	case prefix:
		return []string{quote(key), "--prefix"}
	case end == fromKeyEnd && key == fromKeyEnd:
		return []string{"''", "--prefix"}
	case end == fromKeyEnd:
		return []string{quote(key), "--from-key"}
	case end != "":
		return []string{quote(key), quote(end)}
	}
	return []string{quote(key)}
}

// commonFlags are all flags but those that name keys.
func commonFlags(c event.Command) []string {
	var flags []string
	add := func(yes bool, words ...string) {
		if yes {
			flags = append(flags, words...)
		}
	}
	add(c.Rev != 0, "--rev", strconv.FormatInt(c.Rev, 10))
	add(c.Limit != 0, "--limit", strconv.FormatInt(c.Limit, 10))
	add(c.Serializable, "--serializable")
	add(c.Kind.Store() && c.Node != 0, "--from", c.Node.String())
	add(c.Timeout != 0, "--timeout", timeWord(c.Timeout))
	add(c.At != event.Now, "--"+c.At.String())
	add(c.Offset != 0, "--offset", strconv.FormatInt(c.Offset, 10))
	add(c.Link.Delay != 0, "--delay", timeWord(c.Link.Delay))
	add(c.Link.Jitter != 0, "--jitter", timeWord(c.Link.Jitter))
	add(c.Link.Loss != 0, "--loss", shareWord(c.Link.Loss))
	add(c.Link.Duplicate != 0, "--duplicate", shareWord(c.Link.Duplicate))
	add(c.Link.Slow != 0, "--slow", ratioWord(c.Link.Slow))
	add(c.OneWay, "--one-way")
	return flags
}

func groupWords(groups [][]event.NodeID) string {
	var words []string
	for _, group := range groups {
		words = append(words, nodeList(group))
	}
	return strung(words, " | ")
}

func txnWords(t *event.Txn) []string {
	if t == nil {
		return nil
	}
	var words []string
	for _, c := range t.Compare {
		words = append(words, quote(c.Target+`(`+doubleQuoted(c.Key)+`) `+c.Result+" "+doubleQuoted(c.Value)))
	}
	words = append(words, "--", requestWords(t.Success))
	if len(t.Failure) > 0 {
		words = append(words, "--", requestWords(t.Failure))
	}
	return words
}

func requestWords(requests []event.Request) string {
	var words []string
	for _, r := range requests {
		line := r.Kind.String()
		if r.Kind == event.Put {
			line += " " + quote(r.Key) + " " + quote(r.Value)
		} else {
			line += " " + strung(rangeWords(r.Key, r.End, r.Prefix), " ")
		}
		words = append(words, line)
	}
	return strung(words, " ; ")
}

// doubleQuoted writes text in "…", with a backslash before what would end it.
func doubleQuoted(text string) string {
	quoted := []byte{'"'}
	for i := 0; i < len(text); i++ {
		if text[i] == '"' || text[i] == '\\' {
			quoted = append(quoted, '\\')
		}
		quoted = append(quoted, text[i])
	}
	return string(append(quoted, '"'))
}
