package tale

import (
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// ground is why a request was refused that Raft had nothing against: part stands in what its client was told.
type ground struct{ part, sentence string }

// grounds are those that need more words than the client got. The parts are etcd's, which says some in two ways.
var grounds = []ground{
	{"permission denied", words.Of("Authentication is on, and no role of the user who asked allows this for these keys. What the roles allow is in the store of every member, so all of them decide alike.")},
	{"user name is empty", words.Of("Authentication is on, and whoever asked did not say who it is: log in with --user.")},
	{"invalid auth token", words.Of("Authentication is on, and the login has run out or is of another time: log in again.")},
	{"invalid user ID or password", words.Of("Authentication is on, and the name or the password is wrong.")},
	{"revision in header is old", words.Of("Users or roles were changed between the login and the request: log in again.")},
	{"authentication is not enabled", words.Of("Nobody has switched authentication on, so nobody can log in.")},
	{"lease not found", words.Of("A lease ends when it was not kept alive for its time, or when it is revoked; the keys that hung on it are deleted with it, at all members alike, for both are entries of the log.")},
	{"revision has been compacted", words.Of("Somebody compacted the store: what keys were before that revision is forgotten for good.")},
	{"future revision", words.Of("Every change makes the revision one higher, and the store of who was asked has not come so far.")},
	{"request is too large", words.Of("An entry that is too large would hold up the log for everybody, so it is refused before it gets there.")},
	{"too many requests", words.Of("More requests wait at that node than it may keep in memory, so it takes no more until some are done.")},
	{"in sync with leader", words.Of("A learner is made a voter only when it has nearly all of the leader's log: a majority in which one lags would have to wait for it.")},
	{"too many learner members", words.Of("Every learner costs the leader as much as a follower and helps nobody to commit, so etcd bounds their number.")},
	{"only promote a learner", words.Of("It votes already.")},
	{"rpc not supported for learner", words.Of("A learner answers no linearizable reads and takes no writes: it may be far behind, and nobody counts on it.")},
	{"not leader", words.Of("Only the leader can do that, and whoever was asked is none, or none any more.")},
	{"duplicate key given in txn", words.Of("All writes of a transaction happen at one revision, and a key can have one value there.")},
}

// sayGround adds why a request was refused that Raft had nothing against; false if that is not known.
func (q *inquiry) sayGround() bool {
	for _, g := range grounds {
		if strings.Contains(q.op.Error, g.part) {
			q.say(q.Say(g.sentence))
			q.seeLease()
			return true
		}
	}
	return false
}

// seeLease adds the newest entry that ended a lease, where one was asked for that is gone.
func (q *inquiry) seeLease() {
	if !strings.Contains(q.op.Error, "lease not found") {
		return
	}
	revoked := q.last(of(event.Appended).that(func(e *event.Event) bool { return e.At <= q.op.Answered && strings.HasPrefix(e.Text, "revoke ") }))
	if revoked != nil {
		q.happened(revoked, entryMark(revoked.Node, revoked.Index), q.Say("The last lease that ended before it: entry {0}, {1}.", number(revoked.Index), revoked.Text))
	}
}
