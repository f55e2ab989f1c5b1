// Package preset names the situations that a room can be brought into, for those who offer them and those who bring them about.
package preset

import "github.com/quorumlab/quorumlab/cluster/words"

// Situation is a moment that is worth looking at.
type Situation struct {
	Name   string // as it is asked for
	Title  string
	About  string // what is to be seen, and what comes when time goes on
	Voters int    // that it needs at least
}

// All situations, the simple ones first.
var All = []Situation{
	{"election", words.Of("An election under way"), words.Of("The leader is dead, and votes are on their way to a candidate."), 3},
	{"split-vote", words.Of("A split vote about to happen"), words.Of("The leader is dead, and two candidates of one term will get as many votes as each other."), 3},
	{"held-commit", words.Of("A put held before its commit"), words.Of("The leader has sent a new entry to everybody; it waits at the gates. Whose copy makes it committed?"), 3},
	{"cut-leader", words.Of("The leader cut off with one follower"), words.Of("Two cannot commit anything, and do not know yet that three others will elect a leader."), 5},
	{"two-leaders", words.Of("Two leaders"), words.Of("The old leader stood still while another was elected. It wakes, behind a cut, and believes that it leads."), 3},
	{"stale-read", words.Of("A read at a leader of the past"), words.Of("Somebody asks the old leader for a value that the new one has replaced. It must not answer."), 3},
	{"no-quorum", words.Of("The quorum is lost"), words.Of("So many have died that the leader's new entry cannot be committed."), 3},
	{"overwrite", words.Of("An entry about to be overwritten"), words.Of("The old leader wrote an entry that nobody else has. The new leader's entry for that place is on its way."), 3},
	{"snapshot", words.Of("A follower a snapshot behind"), words.Of("What a follower missed is no longer in the leader's log; a snapshot is on its way."), 3},
	{"one-way", words.Of("A follower that hears nobody"), words.Of("It can speak but not hear, and stands for election against a leader who is well."), 3},
	{"member-joins", words.Of("A member about to be added"), words.Of("The configuration with a new voter is in the leader's log, not yet committed, and in use already."), 1},
	{"slow-disk", words.Of("A leader with a slow disk"), words.Of("The leader writes first: nobody gets an entry before its slow disk has it."), 3},
}

// Find is the situation of this name; nil if there is none.
func Find(name string) *Situation {
	for i := range All {
		if All[i].Name == name {
			return &All[i]
		}
	}
	return nil
}
