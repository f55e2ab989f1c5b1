package chaos

import (
	"fmt"

	"github.com/quorumlab/quorumlab/cluster/event"
)

const (
	keptPrefix = "kept-"
	// A key is used for a while by all clients and then no more, so that each history stays small enough to be judged.
	keyLife    event.Micros = 10_000_000
	keysAtOnce              = 2
	timeout    event.Micros = 2_000_000
)

// client asks one thing at a time, of any node.
type client struct {
	id       int
	r        *run
	command  event.Command
	answer   <-chan event.Result
	answered func(event.Result)
	rest     event.Micros // asks again after this time
	n        int
}

// act looks for an answer and asks the next thing.
func (c *client) act() {
	if c.answer != nil {
		select {
		case res := <-c.answer:
			c.take(res)
		default:
		}
		return
	}
	if c.r.room.Now() >= c.rest {
		c.ask(c.next())
	}
}

func (c *client) ask(q event.Command) {
	c.command = q
	c.answered = c.r.history.Call(c.id, q)
	c.answer = c.r.room.Begin(q)
}

func (c *client) take(res event.Result) {
	c.answered(res)
	if c.command.Kind == event.Put && res.Outcome == event.OK && c.n%5 == 0 {
		c.r.kept[c.command.Key] = c.command.Value
	}
	c.answer, c.rest = nil, c.r.room.Now()+c.r.between(20_000, 300_000)
}

// finish waits for the last answer and asks no more.
func (c *client) finish() {
	c.rest = 1 << 62
	for c.answer != nil {
		c.act()
		c.r.room.Advance(slice)
	}
}

// next is one of: a put to a key of its own, that must never be lost; a put, a get or a compare-and-swap on a key that all fight for.
func (c *client) next() event.Command {
	c.n++
	node := c.r.any()
	key := fmt.Sprintf("shared-%d-%d", c.r.room.Now()/keyLife, c.r.rng.IntN(keysAtOnce))
	value := fmt.Sprintf("%d.%d", c.id, c.n)
	q := event.Command{Node: node, Key: key, Timeout: timeout}
	switch {
	case c.n%5 == 0:
		q.Kind, q.Key, q.Value = event.Put, keptPrefix+value, value
	case c.r.rng.IntN(10) < 4:
		q.Kind = event.Get
	case c.r.rng.IntN(10) < 7:
		q.Kind, q.Value = event.Put, value
	default:
		q.Kind = event.TxnDo
		q.Txn = &event.Txn{Compare: []event.Compare{{Key: key, Target: "value", Result: "=", Value: fmt.Sprintf("%d.%d", c.id, c.n-1)}},
			Success: []event.Request{{Kind: event.Put, Key: key, Value: value}}, Failure: []event.Request{{Kind: event.Get, Key: key}}}
		q.Key = ""
	}
	return q
}
