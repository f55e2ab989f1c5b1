package journal

import "slices"

// MaxLives bounds the lives of a room that a recording tells apart; the oldest are forgotten first. Numbers of events that somebody
// noted in one of those are not known any more, times are.
const MaxLives = 1000

// Life is a part of a recording that a room wrote without a pause: from when it was opened until it fell asleep.
type Life struct {
	Epoch uint64 `json:"epoch"` // Options.Epoch of its journal
	First uint64 `json:"first"` // its first event
}

// follow has an empty journal go on where before ended.
func (j *Journal) follow(before *Journal) {
	j.chunks, j.oldest, j.oldestAt = before.chunks, before.oldest, before.oldestAt
	j.bytes, j.marks = before.bytes, before.marks
	j.state, j.at, j.reach = before.state, before.at, before.reach
	j.start, j.startReach, j.grown = before.start, before.startReach, before.grown
	j.lives = before.lives[max(0, len(before.lives)-MaxLives+1):]
}

// forgetLives removes those of which nothing is kept.
func (j *Journal) forgetLives() {
	for len(j.lives) > 1 && j.lives[1].First <= j.oldest+1 {
		j.lives = slices.Delete(j.lives, 0, 1)
	}
}

// Numbered says whether the event that had the number seq in an epoch has it in this recording: whether that life is part of the
// recording, or went before its oldest part, and did not go on to that number without being recorded.
func (j *Journal) Numbered(seq, epoch uint64) bool {
	j.mu.RLock()
	defer j.mu.RUnlock()
	for i, l := range j.lives {
		if l.Epoch == epoch {
			return i+1 == len(j.lives) || seq < j.lives[i+1].First
		}
	}
	return false
}
