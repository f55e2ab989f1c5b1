package ui

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// fromKeyEnd is etcd's range_end for "every key from here on"; as a key, with itself as the end, all keys.
const fromKeyEnd = "\x00"

func setKey(c *event.Command, w word) *Mistake   { c.Key = w.text; return nil }
func setValue(c *event.Command, w word) *Mistake { c.Value = w.text; return nil }
func setEnd(c *event.Command, w word) *Mistake   { c.End = w.text; return nil }
func fromKey(c *event.Command)                   { c.End = fromKeyEnd }

func setNode(c *event.Command, w word) *Mistake { return readNode(&c.Node, w) }
func setPeer(c *event.Command, w word) *Mistake { return readNode(&c.Peer, w) }

func readNode(to *event.NodeID, w word) *Mistake {
	id, err := event.ParseNodeID(w.text)
	if err != nil || id == 0 {
		return w.at("{0} is not a node: nodes are called n1, n2 and so on", shown(w.text))
	}
	*to = id
	return nil
}

func setMessage(c *event.Command, w word) *Mistake { return readMessage(&c.Message, w) }
func setWith(c *event.Command, w word) *Mistake    { return readMessage(&c.With, w) }

// readMessage reads the number of a message, with or without the # before it that the stage shows.
func readMessage(to *uint64, w word) *Mistake {
	number, _ := after(w.text, "#")
	id, ok := event.ParseNumber(number)
	if !ok || id == 0 {
		return w.at("{0} is not a message: give the number that a held message shows", shown(w.text))
	}
	*to = id
	return nil
}

func setRev(c *event.Command, w word) *Mistake {
	return readWhole(&c.Rev, w, words.Of("{0} is not a revision: give a whole number from 1"))
}
func setLimit(c *event.Command, w word) *Mistake {
	return readWhole(&c.Limit, w, words.Of("{0} is not a number of keys: give a whole number from 1"))
}
func setOffset(c *event.Command, w word) *Mistake {
	return readWhole(&c.Offset, w, words.Of("{0} is not the place of a byte: give a whole number from 1"))
}

// readWhole reads a number from 1 on; otherwise is the mistake if it is none.
func readWhole(to *int64, w word, otherwise string) *Mistake {
	n, ok := event.ParseNumber(w.text)
	if !ok || n < 1 || n > 1<<63-1 {
		return w.at(otherwise, shown(w.text))
	}
	*to = int64(n)
	return nil
}

func setConsistency(c *event.Command, w word) *Mistake {
	switch w.text {
	case "l":
		c.Serializable = false
	case "s":
		c.Serializable = true
	default:
		return w.at("{0} is not a consistency: l is linearizable, s is serializable", shown(w.text))
	}
	return nil
}

func setFile(c *event.Command, w word) *Mistake {
	switch w.text {
	case "log", "stable", "store":
		c.File = w.text
		return nil
	}
	return w.at("{0} is not a file of a node: log, stable (term and vote) or store", shown(w.text))
}

func setSwitch(c *event.Command, w word) *Mistake {
	if w.text != "on" && w.text != "off" {
		return w.at("{0} is neither on nor off", shown(w.text))
	}
	c.On = w.text == "on"
	return nil
}

// The bounds of a rate.
const (
	leastRate = event.One / 100
	mostRate  = 20 * event.One
)

func setRate(c *event.Command, w word) *Mistake {
	switch w.text {
	case "real":
		c.Factor = realTime
	case "workshop":
		c.Factor = workshop
	case "slow":
		c.Factor = slowMotion
	default:
		n, ok := millionths(times(w.text))
		if ok && n == 0 {
			return w.at("a rate of 0 is called freeze")
		}
		if !ok || event.Factor(n) < leastRate || event.Factor(n) > mostRate {
			return w.at("{0} is not a rate: real, workshop, slow, or a number from 0.01 to 20", shown(w.text))
		}
		c.Factor = event.Factor(n)
	}
	return nil
}

func setDrift(c *event.Command, w word) *Mistake { return readFactor(&c.Factor, w) }
func setSlow(c *event.Command, w word) *Mistake  { return readFactor(&c.Link.Slow, w) }

func readFactor(to *event.Factor, w word) *Mistake {
	n, ok := millionths(times(w.text))
	if !ok || n == 0 {
		return w.at("{0} is not a factor: give a number above 0 such as 1.5", shown(w.text))
	}
	*to = event.Factor(n)
	return nil
}

// times takes the sign of a factor off, as in 1.5x.
func times(text string) string {
	number, _ := before(text, "x")
	return number
}

func setLoss(c *event.Command, w word) *Mistake      { return readShare(&c.Link.Loss, w) }
func setDuplicate(c *event.Command, w word) *Mistake { return readShare(&c.Link.Duplicate, w) }

func readShare(to *event.Factor, w word) *Mistake {
	text, percent := before(w.text, "%")
	n, ok := millionths(text)
	if percent {
		n /= 100
	}
	if !ok || event.Factor(n) > event.One {
		return w.at("{0} is not a share: give 0 to 1, or 0% to 100%", shown(w.text))
	}
	*to = event.Factor(n)
	return nil
}

func setTimeout(c *event.Command, w word) *Mistake { return readSpan(&c.Timeout, w, 1) }
func setDisk(c *event.Command, w word) *Mistake    { return readSpan(&c.Took, w, 0) }
func setDelay(c *event.Command, w word) *Mistake   { return readSpan(&c.Link.Delay, w, 0) }
func setJitter(c *event.Command, w word) *Mistake  { return readSpan(&c.Link.Jitter, w, 0) }

var units = [...]struct {
	name   string
	micros int64
}{{"ms", 1000}, {"us", 1}, {"µs", 1}, {"s", 1_000_000}, {"m", 60_000_000}}

// readSpan reads a duration: a number and its unit.
func readSpan(to *event.Micros, w word, least event.Micros) *Mistake {
	for _, unit := range units {
		number, found := before(w.text, unit.name)
		n, ok := millionths(number)
		if !found || !ok {
			continue
		}
		took := event.Micros(n/1_000_000*unit.micros + n%1_000_000*unit.micros/1_000_000)
		if took < least {
			return w.at("a time of 0 is too short here")
		}
		*to = took
		return nil
	}
	if _, ok := millionths(w.text); ok && w.text != "0" {
		return w.at("{0} has no unit: write {1}ms or {1}s", shown(w.text), clip(w.text))
	} else if ok && least == 0 {
		*to = 0
		return nil
	}
	return w.at("{0} is not a time: give a number and a unit, such as 300ms or 3s", shown(w.text))
}

// millionths reads a decimal number below a million; digits after the sixth place are dropped.
func millionths(text string) (int64, bool) {
	whole, fraction, _ := halves(text, '.')
	if len(whole) > 6 || whole+fraction == "" {
		return 0, false
	}
	var n int64
	for i := 0; i < len(whole)+6; i++ {
		digit := byte('0')
		switch f := i - len(whole); {
		case f < 0:
			digit = whole[i]
		case f < len(fraction):
			digit = fraction[f]
		}
		if digit < '0' || digit > '9' {
			return 0, false
		}
		n = n*10 + int64(digit-'0')
	}
	return n, digits(fraction)
}

func digits(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// keyNamed refuses the empty key, which etcd has no place for.
func keyNamed(s *said) *Mistake {
	if s.order.Key == "" {
		return s.words[0].at("a key cannot be empty")
	}
	return nil
}

// oneRange sees to it that the keys are named in one way only, and gives the empty key etcdctl's meaning.
func oneRange(s *said) *Mistake {
	c, ended := &s.order, len(s.words) > 1
	switch {
	case ended && c.Prefix:
		return s.words[1].at("--prefix already says which keys: leave out RANGE_END or the flag")
	case c.End == fromKeyEnd && c.Prefix:
		return s.words[0].at("--prefix and --from-key say different things: leave one out")
	case ended && s.flagged("from-key"):
		return s.words[1].at("--from-key already says which keys: leave out RANGE_END or the flag")
	case c.Key == "" && (c.Prefix || c.End == fromKeyEnd):
		c.Key, c.End, c.Prefix = fromKeyEnd, fromKeyEnd, false
	case c.Key == "":
		return s.words[0].at("a key cannot be empty; for all keys add --prefix")
	case ended && c.End <= c.Key && c.End != fromKeyEnd:
		return s.words[1].at("RANGE_END comes before KEY: no key lies between")
	}
	return nil
}

func twoNodes(s *said) *Mistake {
	if s.order.Node == s.order.Peer {
		return s.words[1].at("a link needs two different nodes")
	}
	return nil
}

func bothOrNone(s *said) *Mistake {
	if len(s.words) == 1 {
		return mistake(s.end, s.end, "a link has two ends: name the other node, or none for all links")
	}
	if len(s.words) == 0 && s.order.OneWay {
		return mistake(0, s.end, "--one-way needs the two nodes of a link")
	}
	if len(s.words) == 2 {
		return twoNodes(s)
	}
	return nil
}

// readGroups takes the words after partition: nodes with blanks or commas between, groups with |.
func readGroups(s *said) *Mistake {
	group, seen := []event.NodeID{}, map[event.NodeID]bool{}
	for _, w := range s.words {
		if w.bare && w.text == "|" {
			if len(group) == 0 {
				return w.at("a group before this | is missing")
			}
			s.order.Groups, group = append(s.order.Groups, group), nil
			continue
		}
		var wrong *Mistake
		if group, wrong = nodesOf(w, group, seen); wrong != nil {
			return wrong
		}
	}
	if len(group) == 0 {
		return mistake(s.end, s.end, "a group is missing here: {0}", s.verb.wording())
	}
	s.order.Groups = append(s.order.Groups, group)
	return nil
}

// nodesOf reads nodes with commas between, each of which may stand once in all.
func nodesOf(w word, group []event.NodeID, seen map[event.NodeID]bool) ([]event.NodeID, *Mistake) {
	for name, rest, more := "", w.text, true; more; {
		if name, rest, more = halves(rest, ','); name == "" && w.text != "," {
			continue // a comma at the end of a word
		}
		var id event.NodeID
		if wrong := readNode(&id, word{text: name, from: w.from, to: w.to}); wrong != nil {
			return nil, wrong
		}
		if seen[id] {
			return nil, w.at("{0} stands twice: a node is in one group only", id.String())
		}
		seen[id], group = true, append(group, id)
	}
	return group, nil
}
