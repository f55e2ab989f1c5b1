package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
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
	c.show(ink("prompt", "› "), ink("", shortened(line)))
}

// explain shows a mistake at its place in the line.
func (c *Console) explain(line string, wrong *Mistake) {
	if wrong.From < wrong.To {
		c.show(ink("dim", shortened(line[:wrong.From])), ink("bad wrong", shortened(line[wrong.From:wrong.To])),
			ink("dim", shortened(line[wrong.To:])))
	}
	c.show(ink("bad", wrong.Text))
}

// shortened keeps long values readable and the page small.
func shortened(value string) string {
	if len(value) <= maxShown {
		return value
	}
	for i := range value {
		if i >= maxShown-4 {
			return value[:i] + "… (" + plural(int64(len(value)), "byte") + ")"
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
		c.show(ink("dim", "answer to "+shortened(inWords(w.order))+":"))
	}
	switch r.Outcome {
	case event.Pending:
	case event.OK:
		c.tell(w.order, r)
	case event.Failed:
		c.show(ink("bad", "failed"), ink("", " · "+reasonOf(r)))
	case event.Unknown:
		c.show(ink("unknown", "unknown"), ink("", ": "+unknownReason(w.order, r)))
	}
}

// cutOff ends all waiting when the connection is lost: whatever was sent may have happened or still happen.
func (c *Console) cutOff() {
	for _, w := range c.waits {
		why := ": the connection was lost before the answer came"
		if w.order.Kind != event.Get {
			why += "; it may still happen"
		}
		c.show(ink("dim", "answer to "+shortened(inWords(w.order))+": "), ink("unknown", "unknown"), ink("", why))
	}
	for i := range c.runs {
		c.show(ink("dim", shortened(c.runs[i].line)+" has ended: the connection was lost"))
	}
	c.waits, c.runs = nil, nil
}

func reasonOf(r event.Result) string {
	if r.Error == "" {
		return "the room gave no reason"
	}
	return r.Error
}

// unknownReason never sounds like a failure: the command may have happened or still happen.
func unknownReason(order event.Command, r event.Result) string {
	why, _ := before(r.Error, ".")
	if why == "" {
		limit := order.Timeout
		if limit == 0 {
			limit = event.DefaultTimeout
		}
		why = "no answer within " + spell(limit)
	}
	if order.Kind == event.Get || mentions(why, "may still") {
		return why
	}
	return why + "; it may still happen"
}

// tell shows a good answer.
func (c *Console) tell(order event.Command, r event.Result) {
	// only requests to the store answer with more than that they were done
	//exhaustive:ignore
	switch order.Kind {
	case event.Get:
		c.tellKeys(r.KVs, r.Count)
		c.show(ink("good", "OK"), ink("dim", details(r)))
	case event.Del:
		c.show(ink("good", "OK"), ink("", " deleted "+plural(r.Deleted, "key")), ink("dim", details(r)))
	case event.TxnDo:
		c.tellTxn(order.Txn, r)
	case event.MemberAdd:
		c.show(ink("good", "OK"), ink("", " "+r.Node.String()+" joined as a learner"), ink("dim", lastedBoth(r)))
	default:
		c.show(ink("good", "OK"), ink("dim", details(r)))
	}
}

func (c *Console) tellKeys(kvs []event.KeyValue, total int64) {
	if len(kvs) == 0 {
		c.show(ink("dim", "no such key"))
	}
	for i, kv := range kvs {
		if i == MaxRows {
			break
		}
		c.show(ink("", shortened(kv.Key)+" = "+shortened(kv.Value)), ink("dim", "  written at rev "+strconv.FormatInt(kv.Mod, 10)))
	}
	if more := max(total, int64(len(kvs))) - int64(min(len(kvs), MaxRows)); more > 0 && len(kvs) > 0 {
		c.show(ink("dim", "… and "+plural(more, "more key")))
	}
}

func (c *Console) tellTxn(txn *event.Txn, r event.Result) {
	asked, branch := txn.Success, "the comparisons held"
	if len(txn.Compare) == 0 {
		branch = "there was nothing to compare"
	}
	if !r.Succeeded {
		asked, branch = txn.Failure, "the comparisons did not hold"
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
			c.show(ink("", "deleted "+plural(answer.Deleted, "key")))
		default:
			c.show(ink("", "put "+shortened(asked[i].Key)))
		}
	}
	c.show(ink("good", "OK"), ink("", " "+branch), ink("dim", details(r)))
}

// details are revision, how stale it was, node, acknowledgements and time.
func details(r event.Result) string {
	s := ""
	if r.Revision > 0 {
		s += " rev " + strconv.FormatInt(r.Revision, 10)
	}
	if r.Behind > 0 {
		s += " · stale by " + plural(r.Behind, "revision")
	}
	if r.Node != 0 {
		s += " · " + r.Node.String()
	}
	if r.Leader != 0 && r.Leader != r.Node {
		s += " · leader " + r.Leader.String()
	}
	if len(r.Acks) > 0 {
		s += " · acknowledged by " + nodeList(r.Acks)
	}
	return s + lastedBoth(r)
}

// lastedBoth is how long it took by our clock, and by the room's where that is another.
func lastedBoth(r event.Result) string {
	s := " · " + spell(r.Wall)
	if diff := r.Wall - r.Virtual; max(diff, -diff) > r.Wall/10 {
		s += " (virtual " + spell(r.Virtual) + ")"
	}
	return s
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

// plural is a number and what it counts.
func plural(n int64, what string) string {
	s := strconv.FormatInt(n, 10) + " " + what
	if n != 1 {
		s += "s"
	}
	return s
}
