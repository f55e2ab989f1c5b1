package ui

import (
	"github.com/quorumlab/quorumlab/cluster/event"
)

// maxTxnRequests is etcd's limit of one transaction (--max-txn-ops).
const maxTxnRequests = 128

// readTxn takes the words after txn: comparisons, --, requests, and perhaps -- and other requests.
func readTxn(s *said) *Mistake {
	parts, marks := txnParts(s.words)
	switch {
	case len(parts) == 1:
		return mistake(s.end, s.end, "a -- and what to do are missing here: {0}", "txn "+s.verb.usage)
	case len(parts) > 3:
		return marks[2].at("one -- too many: comparisons -- what to do if they hold -- what to do if not")
	}
	txn := &event.Txn{}
	s.order.Txn = txn
	var wrong *Mistake
	if txn.Compare, wrong = comparisons(parts[0]); wrong != nil {
		return wrong
	}
	if txn.Success, wrong = requests(parts[1]); wrong != nil || len(parts) == 2 {
		return wrong
	}
	txn.Failure, wrong = requests(parts[2])
	return wrong
}

// txnParts cuts the words at every --.
func txnParts(words []word) (parts [][]word, marks []word) {
	from := 0
	for i, w := range words {
		if w.ends() {
			parts, marks, from = append(parts, words[from:i]), append(marks, w), i+1
		}
	}
	return append(parts, words[from:]), marks
}

var targets = [...]struct{ name, short, target string }{
	{"value", "val", "value"}, {"version", "ver", "version"}, {"create", "c", "create"}, {"mod", "m", "mod"}, {"lease", "lease", "lease"}}

// comparisons reads comparisons that follow one another. One may be a single quoted word, or be written
// with blanks around its sign.
func comparisons(words []word) ([]event.Compare, *Mistake) {
	var all []event.Compare
	for len(words) > 0 {
		if words[0].bare && words[0].text == ";" {
			words = words[1:]
			continue
		}
		c, used, wrong := comparison(words)
		if wrong != nil {
			return nil, wrong
		}
		if len(all) == maxTxnRequests {
			return nil, words[0].at("too many comparisons: {0} at most", number(maxTxnRequests))
		}
		all, words = append(all, c), words[used:]
	}
	return all, nil
}

// comparison reads TARGET(KEY) SIGN VALUE and says how many words it was.
func comparison(words []word) (event.Compare, int, *Mistake) {
	first := words[0]
	name, rest, found := halves(first.text, '(')
	c, used := event.Compare{Target: targetOf(trimmed(name))}, 1
	if !found || c.Target == "" {
		return c, 0, first.at("{0} is not a comparison: write for example value(KEY) = VALUE; others are version, create, mod and lease", shown(first.text))
	}
	if c.Key, rest, found = keyOf(rest); !found {
		return c, 0, first.at("the key's ) is missing: {0}(KEY)", c.Target)
	}
	if trimmed(rest) == "" && used < len(words) {
		rest, used = words[used].text, used+1
	}
	if c.Result, rest = signOf(trimmed(rest)); c.Result == "" {
		return c, 0, words[used-1].at("a sign is missing after {0}({1}): =, !=, < or >", c.Target, clip(c.Key))
	}
	switch rest = trimmed(rest); {
	case rest != "":
		c.Value = unquoted(rest)
	case used < len(words):
		c.Value, used = words[used].text, used+1
	default:
		return c, 0, mistake(words[used-1].to, words[used-1].to, "what to compare with is missing here")
	}
	return c, used, sane(c, words[0], words[used-1])
}

// sane refuses what etcd would not understand.
func sane(c event.Compare, first, last word) *Mistake {
	if c.Key == "" {
		return first.at("a key cannot be empty: {0}(KEY)", c.Target)
	}
	if c.Target != "value" && (c.Value == "" || !digits(c.Value) || len(c.Value) > 18) {
		return last.at("{0} is a number: compare it with one, such as 0", c.Target)
	}
	return nil
}

func targetOf(name string) string {
	for _, t := range targets {
		if name == t.name || name == t.short {
			return t.target
		}
	}
	return ""
}

// keyOf reads KEY) or "KEY") and gives what follows.
func keyOf(text string) (key, rest string, ok bool) {
	if startsWith(text, `"`) {
		if end := closing(text); end > 0 && startsWith(text[end+1:], ")") {
			return unquoted(text[:end+1]), text[end+2:], true
		}
	}
	return halves(text, ')')
}

// closing is the place of the quote that closes the one at 0, or -1.
func closing(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// unquoted takes "…" off a text that has it, and the backslashes inside that protect something.
func unquoted(text string) string {
	if len(text) < 2 || text[0] != '"' || closing(text) != len(text)-1 {
		return text
	}
	inside, plain := text[1:len(text)-1], []byte(nil)
	for i := 0; i < len(inside); i++ {
		if inside[i] == '\\' && i+1 < len(inside) && (inside[i+1] == '"' || inside[i+1] == '\\') {
			i++
		}
		plain = append(plain, inside[i])
	}
	return string(plain)
}

func signOf(text string) (sign, rest string) {
	for _, sign := range []string{"!=", "=", "<", ">"} {
		if rest, ok := after(text, sign); ok {
			return sign, rest
		}
	}
	return "", text
}

// requests reads requests with ; between.
func requests(words []word) ([]event.Request, *Mistake) {
	var all []event.Request
	for len(words) > 0 {
		n := 0
		for n < len(words) && !(words[n].bare && words[n].text == ";") {
			n++
		}
		if n > 0 {
			r, wrong := request(words[:n])
			if wrong != nil {
				return nil, wrong
			}
			if len(all) == maxTxnRequests {
				return nil, words[0].at("too many requests: {0} at most", number(maxTxnRequests))
			}
			all = append(all, r)
		}
		words = words[min(n+1, len(words)):]
	}
	return all, nil
}

// inTxn are the verbs that a transaction takes, with the flags that mean something there.
var inTxn = [...]verb{
	{name: "put", kind: event.Put, slots: []slot{slotKey, {name: "VALUE", set: setValue}}, check: keyNamed},
	{name: "get", kind: event.Get, slots: []slot{slotKey, slotEnd}, flags: []option{flagPrefix, flagFromKey}, check: oneRange},
	{name: "del", kind: event.Del, slots: []slot{slotKey, slotEnd}, flags: []option{flagPrefix, flagFromKey}, check: oneRange},
}

// request reads one put, get or del.
func request(words []word) (event.Request, *Mistake) {
	for i := range inTxn {
		if inTxn[i].name != words[0].text {
			continue
		}
		s := said{verb: &inTxn[i], order: event.Command{Kind: inTxn[i].kind}, end: words[len(words)-1].to}
		if wrong := s.flags(words[1:]); wrong != nil {
			return event.Request{}, wrong
		}
		if wrong := s.fit(); wrong != nil {
			return event.Request{}, wrong
		}
		o := s.order
		return event.Request{Kind: o.Kind, Key: o.Key, Value: o.Value, End: o.End, Prefix: o.Prefix}, nil
	}
	return event.Request{}, words[0].at("{0} is not a request of a transaction: put, get or del", shown(words[0].text))
}
