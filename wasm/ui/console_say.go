package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// maxShown bounds a value as the console shows it, in bytes.
const maxShown = 240

// ink is a piece of an output line. The classes are good, bad, unknown, dim and prompt; "" is plain.
func ink(class, words string) *Element {
	if class == "" {
		return text(words)
	}
	return classed("span", class).say(words)
}

// show appends an output line, and drops the oldest when there are too many.
func (c *Console) show(pieces ...*Element) {
	c.said++
	line := classed("p", "line").keyed(strconv.FormatUint(c.said, 36)).add(pieces...)
	c.out = append(c.out, line)
	if extra := len(c.out) - MaxOutput; extra > 0 {
		c.out = append([]*Element(nil), c.out[extra:]...)
	}
}

// echo repeats what was typed.
func (c *Console) echo(line string) {
	c.show(ink("prompt", "› "), ink("", c.shortened(line)))
}

// explain shows a mistake at its place in the line.
func (c *Console) explain(line string, wrong *Mistake) {
	if wrong.From < wrong.To {
		c.show(ink("dim", c.shortened(line[:wrong.From])), ink("bad wrong", c.shortened(line[wrong.From:wrong.To])),
			ink("dim", c.shortened(line[wrong.To:])))
	}
	c.show(ink("bad", wrong.Words(c.Language)))
}

// shortened keeps long values readable and the page small.
func (c *Console) shortened(value string) string {
	if len(value) <= maxShown {
		return value
	}
	for i := range value {
		if i >= maxShown-4 {
			return c.Say("{0}… ({1} bytes)", value[:i], strconv.Itoa(len(value)))
		}
	}
	return value
}

// answered tells how a command of this page ended.
func (c *Console) answered(_ *Model, r event.Result) {
	i := 0
	for i < len(c.waits) && c.waits[i].id != r.ID {
		i++
	}
	if i == len(c.waits) {
		return // asked before this page was loaded
	}
	w := c.waits[i]
	c.waits = append(c.waits[:i:i], c.waits[i+1:]...)
	if w.id != c.lastID {
		c.show(ink("dim", c.answerTo(w)))
	}
	switch r.Outcome {
	case event.Pending:
	case event.OK:
		c.tell(w.order, r)
	case event.Failed:
		why := r.Error
		if why == "" {
			why = c.Say("the room gave no reason")
		}
		c.show(ink("bad", c.Say("failed")), ink("", " · "+why), c.why(r.Op))
	case event.Unknown:
		c.show(ink("unknown", c.Say("unknown")), ink("", ": "+c.unknownReason(w.order, r)), c.why(r.Op))
	}
}

// why asks the room why a command ended as it did, or waits; nothing for one that the room did not take.
func (c *Console) why(op uint64) *Element {
	if op == 0 {
		return nil
	}
	return button("btn small", "look", "why op "+number(op)).say(c.Say("Why?"))
}

// answerTo names the command that an answer is of.
func (c *Console) answerTo(w wait) string {
	return c.Say("answer to {0}:", c.shortened(inWords(w.order)))
}

// cutOff ends all waiting when the connection is lost: whatever was sent may have happened or still happen.
func (c *Console) cutOff() {
	for _, w := range c.waits {
		why := words.Of("the connection was lost before the answer came")
		if w.order.Kind != event.Get {
			why = words.Of("the connection was lost before the answer came; it may still happen")
		}
		c.show(ink("dim", c.answerTo(w)+" "), ink("unknown", c.Say("unknown")), ink("", ": "+c.Say(why)))
	}
	for i := range c.runs {
		c.show(ink("dim", c.Say("{0} has ended: the connection was lost", c.shortened(c.runs[i].line))))
	}
	c.waits, c.runs = nil, nil
}

// unknownReason never sounds like a failure: the command may have happened or still happen.
func (c *Console) unknownReason(order event.Command, r event.Result) string {
	why, _ := before(r.Error, ".")
	if why == "" {
		limit := order.Timeout
		if limit == 0 {
			limit = event.DefaultTimeout
		}
		why = c.Say("no answer within {0}", spell(c.Language, limit))
	}
	if order.Kind == event.Get || mentions(why, "may still") {
		return why
	}
	return c.Say("{0}; it may still happen", why)
}

// tell shows a good answer.
func (c *Console) tell(order event.Command, r event.Result) {
	// only requests to the store answer with more than that they were done
	//exhaustive:ignore
	switch order.Kind {
	case event.Get:
		c.tellKeys(r.KVs, r.Count)
		c.ok("", c.details(r))
	case event.Del:
		c.ok(" "+c.plural(r.Deleted, "deleted {0} key", "deleted {0} keys"), c.details(r))
	case event.TxnDo:
		c.tellTxn(order.Txn, r)
	case event.MemberAdd:
		c.ok(" "+c.Say("{0} joined as a learner", r.Node.String()), c.lastedBoth(r))
	default:
		c.ok("", c.details(r))
	}
}

// ok ends a good answer.
func (c *Console) ok(said, details string) {
	c.show(ink("good", "OK"), ink("", said), ink("dim", details))
}

func (c *Console) tellKeys(kvs []event.KeyValue, total int64) {
	if len(kvs) == 0 {
		c.show(ink("dim", c.Say("no such key")))
	}
	for i, kv := range kvs {
		if i == MaxRows {
			break
		}
		c.show(ink("", c.shortened(kv.Key)+" = "+c.shortened(kv.Value)), ink("dim", "  "+c.Say("written at rev {0}", strconv.FormatInt(kv.Mod, 10))))
	}
	if more := max(total, int64(len(kvs))) - int64(min(len(kvs), MaxRows)); more > 0 && len(kvs) > 0 {
		c.show(ink("dim", c.plural(more, "… and {0} more key", "… and {0} more keys")))
	}
}

func (c *Console) tellTxn(txn *event.Txn, r event.Result) {
	asked, branch := txn.Success, words.Of("the comparisons held")
	if len(txn.Compare) == 0 {
		branch = words.Of("there was nothing to compare")
	}
	if !r.Succeeded {
		asked, branch = txn.Failure, words.Of("the comparisons did not hold")
	}
	for i, answer := range r.Responses {
		if i == len(asked) || i == MaxRows {
			break
		}
		// a transaction holds nothing but put, get and del
		//exhaustive:ignore
		switch answer.Kind {
		case event.Get:
			c.tellKeys(answer.KVs, answer.Count)
		case event.Del:
			c.show(ink("", c.plural(answer.Deleted, "deleted {0} key", "deleted {0} keys")))
		default:
			c.show(ink("", "put "+c.shortened(asked[i].Key)))
		}
	}
	c.ok(" "+c.Say(branch), c.details(r))
}

// details are revision, how stale it was, node, acknowledgements and time.
func (c *Console) details(r event.Result) string {
	s := ""
	if r.Revision > 0 {
		s += " rev " + strconv.FormatInt(r.Revision, 10)
	}
	if r.Behind > 0 {
		s += " · " + c.plural(r.Behind, "stale by {0} revision", "stale by {0} revisions")
	}
	if r.Node != 0 {
		s += " · " + r.Node.String()
	}
	if r.Leader != 0 && r.Leader != r.Node {
		s += " · " + c.Say("leader {0}", r.Leader.String())
	}
	if len(r.Acks) > 0 {
		s += " · " + c.Say("acknowledged by {0}", nodeList(r.Acks))
	}
	return s + c.lastedBoth(r)
}

// lastedBoth is how long it took by our clock, and by the room's where that is another.
func (c *Console) lastedBoth(r event.Result) string {
	s := spell(c.Language, r.Wall)
	if diff := r.Wall - r.Virtual; max(diff, -diff) > r.Wall/10 {
		s = c.Say("{0} (virtual {1})", s, spell(c.Language, r.Virtual))
	}
	return " · " + s
}

func nodeList(ids []event.NodeID) string {
	s := ""
	for i, id := range ids {
		if i > 0 {
			s += " "
		}
		s += id.String()
	}
	return s
}

// plural says how many there are of something.
func (c *Console) plural(n int64, one, many string) string {
	return c.Count(int(n), strconv.FormatInt(n, 10), one, many)
}
