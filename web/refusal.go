package web

import (
	"strings"

	"github.com/quorumlab/quorumlab/cluster/words"
)

// refusals are the sentences in which a room refuses what somebody does on its page. Its errors are English, as programs that call
// the API and logs want them; a page in another language gets these in its own, and others as they are. A test (cmd/tidy)
// holds them to the errors in the room's code.
var refusals = [...]string{
	words.Of("the room is closing"),
	words.Of("the room is closing, or has {0} commands waiting already; wait for some of them"),
	words.Of("there is no leader who could do that; wait for an election, or see why there is none"),
	words.Of("no node of this room runs; restart one"),
	words.Of("the ring is full: {0} machines; remove one first"),
	words.Of("there is no node {0} in this room"),
	words.Of("there is no node {0} in this room; say which"),
	words.Of("there is no machine {0} in this room"),
	words.Of("there is no link from {0} to {1} in this room"),
	words.Of("only a frozen room can be stepped; freeze it first"),
	words.Of("nothing happens in this room within ten virtual seconds: no machine that runs has anything to do; restart or resume one"),
	words.Of("a rate is between {0} and {1} virtual seconds a second, not {2}"),
	words.Of("a clock drifts between ×{0} and ×{1}, not ×{2}"),
	words.Of("an fsync takes between 0 and {0} ms more, not {1}"),
	words.Of("delay and jitter of a link are between 0 and {0} ms"),
	words.Of("loss and duplicate of a link are shares between 0 and 1"),
	words.Of("slow is a factor between 0 (as usual) and {0}"),
	words.Of("a timeout is between 0 and {0} ms, not {1}"),
	words.Of("{0} is down already"),
	words.Of("{0} runs; kill it first, or resume it if it is suspended"),
	words.Of("{0} runs; kill it first: bits are flipped in the files of a stopped node"),
	words.Of("{0} cannot be started: it runs, or is not in the room"),
	words.Of("{0} refuses to start: {1}"),
	words.Of("{0} refuses to start; replace it first"),
	words.Of("{0} is suspended already"),
	words.Of("{0} is not suspended"),
	words.Of("{0}: the machine is down"),
	words.Of("{0} is in two groups"),
	words.Of("group {0} names {1}, which is not in this room"),
	words.Of("message {0} does not wait at a gate (it arrived, was dropped, or never was)"),
	words.Of("message {0} is not under way (it arrived, was dropped, or never was)"),
	words.Of("messages {0} and {1} are on different links; only those of one link can change places"),
	words.Of("there is nothing to take back: no fault is remembered"),
	words.Of("{0}. The next undo takes back what was done before it"),
	words.Of("“{0}” cannot be taken back: {1}"),
	words.Of("{0} has left the ring"),
	words.Of("a flipped bit cannot be taken back: wipe {0}, and let the others tell it"),
	words.Of("a change of members cannot be taken back: it is agreed on by the members. Ask them for the opposite"),
	words.Of("what was done to a message cannot be taken back: it has gone, or is gone"),
	words.Of("the intensity of chaos is above 0, and at most 1"),
	words.Of("there is no chaos in this room at the moment"),
	words.Of("there is no situation {0}; there are {1}"),
	words.Of("“{0}” needs {1} voters; this room has {2}"),
	words.Of("another situation is being brought about; wait until it is there"),
	words.Of("within {0} virtual seconds it was not so that {1}"),
	words.Of("This was not done: at most {0} commands a second are taken."),
	words.Of("This was not done: {0} of your commands wait for the room's answer already. Is it frozen?"),
	words.Of("This was not done: this address is for watching. Whoever gave it to you has another one, for acting in the room."),
	words.Of("This room has {0} machines and may not have more."),
}

// retold is a refusal in a language, with what it names left as it is. Of the sentences that fit it is the one of which most is
// said in so many words.
func retold(l *words.Language, said string) string {
	if l == nil || l.Tag == "" || l.Tag == "en" {
		return said
	}
	best, named, most := "", []string(nil), 0
	for _, text := range refusals {
		if values, fits := places(text, said); fits && literal(text) > most {
			best, named, most = text, values, literal(text)
		}
	}
	if best == "" {
		return said
	}
	for i := range named {
		named[i] = retold(l, named[i]) // a refusal may give another one as its reason; it is shorter
	}
	return l.Say(best, named...)
}

// places are what stands in a sentence where a text has its places {0}, {1} …, in this order; false if it is another sentence.
func places(text, said string) (values []string, fits bool) {
	parts := strings.Split(text, "{")
	said, fits = strings.CutPrefix(said, parts[0])
	for i, part := range parts[1:] {
		if !fits {
			return nil, false
		}
		part = part[len("0}"):]
		at := strings.Index(said, part)
		if i == len(parts)-2 {
			at = len(said) - len(part)
			fits = at >= 0 && said[max(at, 0):] == part
		}
		if at <= 0 || !fits {
			return nil, false
		}
		values, said = append(values, said[:at]), said[at+len(part):]
	}
	return values, fits && said == ""
}

// literal is how many bytes of a text are not places.
func literal(text string) int { return len(text) - len("{0}")*strings.Count(text, "{") }
