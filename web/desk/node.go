package desk

import (
	"slices"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/tale"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// nodeSight is one machine as its panel shows it.
type nodeSight struct {
	Moment
	n    *view.Node
	past tale.Past
	ask  storeAsk
}

// drawNode draws "node n3", and of its store what "node n3 rev 12 find PREFIX" asks for.
func drawNode(m Moment, words []string) *content {
	if len(words) == 0 {
		return nil
	}
	id, err := event.ParseNodeID(words[0])
	n := m.State.Node(id)
	if err != nil || n == nil {
		return nil
	}
	ask, ok := readStoreAsk(words[1:])
	if !ok {
		return nil
	}
	s := nodeSight{Moment: m.registered(), n: n, ask: ask}
	if m.Journal != nil {
		s.past = s.Moment.past(id)
	}
	return &content{body: nodePanel(s), marks: id.String(), more: s.behind}
}

// row is a name and a value.
type row struct{ name, value string }

// headline says what the machine is and why.
func (s nodeSight) headline() string {
	n, w := s.n, s.Words
	switch {
	case n.Refused != "":
		return w.Say("It refuses to start: {0}.", strings.TrimSuffix(n.Refused, "."))
	case !n.Up:
		return s.down()
	case n.Suspended:
		return w.Say("It stands still, its clock too. It believes to be what it was: {0}.", s.role())
	case n.Role == event.Leader:
		return s.leads()
	case n.Role == event.Candidate:
		return s.stands()
	}
	return s.follows()
}

func (s nodeSight) role() string {
	switch s.n.Role {
	case event.Leader:
		return s.Words.Say("leader of term {0}", number(s.n.Term))
	case event.Candidate:
		return s.Words.Say("candidate in term {0}", number(s.n.Term))
	case event.Follower, event.RoleNone:
	}
	return s.Words.Say("follower in term {0}", number(s.n.Term))
}

// since is how long it has been what it is; "" if that is longer than was looked back.
func (s nodeSight) since() string {
	if s.past.Role == nil {
		return ""
	}
	return s.Words.Duration(int64(s.State.At - s.past.Role.At))
}

func (s nodeSight) down() string {
	w, since := s.Words, s.since()
	if since == "" {
		since = w.Say("a while")
	}
	// only the reasons of Stopped can be there
	//exhaustive:ignore
	switch s.n.Down {
	case event.KilledBeforeFsync:
		return w.Say("Down for {0}: it was killed with a write under way that never reached its disk.", since)
	case event.KilledAfterFsync:
		return w.Say("Down for {0}: it was killed right after its write was on disk, before anybody heard of it.", since)
	case event.LeftCluster:
		return w.Say("Stopped {0} ago: it is no member any more.", since)
	case event.RoomClosed:
		return w.Say("Stopped with the room.")
	case event.Killed:
		if s.n.Last == 0 && s.n.Term == 0 { // wiped
			return w.Say("Down for {0}: it was killed.", since)
		}
		return w.Say("Down for {0}: it was killed. Its disk is as it was.", since)
	}
	return w.Say("Down: it does not run.")
}

func (s nodeSight) leads() string {
	w, term, since := s.Words, number(s.n.Term), s.since()
	if since == "" {
		since = w.Say("a while")
	}
	if s.State.StaleLeader(s.n) {
		return w.Say("It still believes that it leads term {0}, for {1} now. Another one was elected in a newer term: nothing that this one appends can be committed.", term, since)
	}
	var by []event.NodeID
	for _, b := range s.n.Ballots {
		if b.Granted && !b.PreVote {
			by = append(by, b.Voter)
		}
	}
	if len(by) == 0 {
		return w.Say("Leader of term {0} for {1}.", term, since)
	}
	return w.Say("Leader of term {0} for {1}: {2} voted for it.", term, since, w.List(names(by)))
}

func (s nodeSight) stands() string {
	votes, first := 0, s.n.AsksFirst()
	for _, b := range s.n.Ballots {
		if b.Granted && b.PreVote == first {
			votes++
		}
	}
	if first {
		return s.Words.Say("Asks in term {0} whether it could win the next (pre-vote): {1} of the {2} that it needs would vote for it.", number(s.n.Term), number(uint64(votes)), number(uint64(s.State.VotesNeeded(s.n))))
	}
	return s.Words.Say("Stands for election in term {0}: it has {1} of the {2} votes it needs.", number(s.n.Term), number(uint64(votes)), number(uint64(s.State.VotesNeeded(s.n))))
}

func (s nodeSight) follows() string {
	w, term := s.Words, number(s.n.Term)
	switch {
	case s.suffrage() == event.NoMember && len(s.State.Members) > 0:
		return w.Say("It runs, but is no member of the cluster: nobody counts with it.")
	case s.n.Leader == 0:
		return w.Say("Follows nobody in term {0}: it knows of no leader.", term)
	case s.suffrage() == event.Learner:
		return w.Say("Learns from {1}, the leader of term {0}: it is replicated to, but has no vote.", term, s.n.Leader.String())
	}
	return w.Say("Follows {1}, the leader of term {0}.", term, s.n.Leader.String())
}

func (s nodeSight) suffrage() event.Suffrage {
	for _, x := range s.State.Members {
		if x.ID == s.n.ID {
			return x.Suffrage
		}
	}
	return event.NoMember
}

// facts are what it believes and knows.
func (s nodeSight) facts() (rows []row) {
	w, n := s.Words, s.n
	rows = append(rows, row{w.Say("Term"), number(n.Term)}, row{w.Say("Vote"), s.vote()}, row{w.Say("Place"), s.place(s.suffrage())},
		row{w.Say("Committed to"), w.Say("entry {0}", number(n.Commit))},
		row{w.Say("Applied to"), w.Say("entry {0} · revision {1}", number(n.Applied), number(uint64(n.Revision)))})
	if n.Drift != event.One && n.Drift != 0 {
		rows = append(rows, row{w.Say("Clock"), w.Say("{0} times the true speed", w.Decimal(int64(n.Drift), int64(event.One), 4))})
	}
	return rows
}

func (s nodeSight) vote() string {
	w, n := s.Words, s.n
	switch {
	case n.VoteTerm == 0:
		return w.Say("never given")
	case n.Vote == n.ID:
		return w.Say("itself, in term {0}", number(n.VoteTerm))
	}
	return w.Say("{0}, in term {1}", n.Vote.String(), number(n.VoteTerm))
}

func (s nodeSight) place(x event.Suffrage) string {
	switch x {
	case event.Voter:
		return s.Words.Say("voter")
	case event.Learner:
		return s.Words.Say("learner, no vote")
	case event.NoMember:
	}
	return s.Words.Say("no member")
}

// disk is what is on its disk, and how quick that is.
func (s nodeSight) disk() (rows []row) {
	w, n := s.Words, s.n
	rows = append(rows, row{w.Say("Log"), s.log()})
	if n.SnapshotIndex != 0 {
		rows = append(rows, row{w.Say("Snapshot"), w.Say("up to entry {0} of term {1}", number(n.SnapshotIndex), number(n.SnapshotTerm))})
	}
	if e := s.past.Fsync; e == nil && s.past.From == 1 {
		rows = append(rows, row{w.Say("Last fsync"), w.Say("never")})
	} else if e == nil && s.past.From > 1 {
		rows = append(rows, row{w.Say("Last fsync"), w.Say("none in the last {0}", w.Duration(int64(s.State.At-s.past.FromAt)))})
	} else if e != nil && e.Took == 0 {
		rows = append(rows, row{w.Say("Last fsync"), w.Say("{0} of data, to entry {1}, {2} ago", w.Bytes(e.N), number(e.Index), w.Duration(int64(s.State.At-e.At)))})
	} else if e != nil {
		rows = append(rows, row{w.Say("Last fsync"), w.Say("{0} of data, to entry {1}: took {2}, {3} ago", w.Bytes(e.N), number(e.Index), w.Duration(int64(e.Took)), w.Duration(int64(s.State.At-e.At)))})
	}
	delay := w.Say("none")
	if n.Fsync != 0 {
		delay = w.Say("{0} more for every fsync", w.Duration(int64(n.Fsync)))
	}
	return append(rows, row{w.Say("Added delay"), delay})
}

func (s nodeSight) log() string {
	w, n := s.Words, s.n
	switch {
	case n.Last == 0:
		return w.Say("empty")
	case n.First == 0 || n.First > n.Last:
		return w.Say("all in the snapshot, up to entry {0}", number(n.Last))
	}
	size := int64(0)
	for i := range n.Log.Len() {
		size += n.Log.At(i).Bytes
	}
	if uint64(n.Log.Len()) < n.Last-n.First+1 {
		return w.Say("entries {0} to {1}, more than {2} of data", number(n.First), number(n.Last), w.Bytes(size))
	}
	return w.Say("entries {0} to {1}, {2} of data", number(n.First), number(n.Last), w.Bytes(size))
}

// timer says when it would stand for election; ok is false where no timer runs.
func (s nodeSight) timer() (t timerSight, ok bool) {
	n, w := s.n, s.Words
	if !n.Up || n.Role == event.Leader || n.TimerMax <= n.TimerFrom || s.suffrage() != event.Voter {
		return t, false
	}
	part := func(at event.Micros) int { // of timerWidth
		return int(min(max(at-n.TimerFrom, 0), n.TimerMax-n.TimerFrom) * timerWidth / (n.TimerMax - n.TimerFrom))
	}
	t.now, t.least = part(s.State.At), part(n.TimerMin)
	left := func(at event.Micros) string { return w.Duration(int64(max(at-s.State.At, 0))) }
	switch {
	case n.Suspended:
		t.words = w.Say("Its clock stands still.")
	case n.Role == event.Candidate && s.State.At < n.TimerMin:
		t.words = w.Say("It tries again in {0} to {1}, unless it wins or hears from a leader.", left(n.TimerMin), left(n.TimerMax))
	case n.Role == event.Candidate:
		t.words = w.Say("It tries again at any moment, in {0} at the latest.", left(n.TimerMax))
	case s.State.At < n.TimerMin:
		t.words = w.Say("It stands for election in {0} to {1}, unless it hears from a leader or gives its vote.", left(n.TimerMin), left(n.TimerMax))
	default:
		t.words = w.Say("It stands for election at any moment, in {0} at the latest.", left(n.TimerMax))
	}
	return t, true
}

// timerSight is an election timer as a bar: how much of it has run, and where the window begins in which it may end.
type timerSight struct {
	now, least int // of timerWidth
	words      string
}

const timerWidth = 300

// peer is another machine as this one sees it.
type peer struct {
	id                 string
	match, next, heard string
}

// peers are the others of its configuration and whoever else reached it.
func (s nodeSight) peers() (all []peer) {
	for i := range s.State.Nodes {
		id := s.State.Nodes[i].ID
		if id == s.n.ID {
			continue
		}
		p := peer{id: id.String(), heard: s.heard(id)}
		for _, x := range s.n.Peers {
			if x.ID == id {
				p.match, p.next = number(x.Match), number(x.Next)
			}
		}
		all = append(all, p)
	}
	return all
}

func (s nodeSight) heard(id event.NodeID) string {
	for _, c := range s.past.Heard {
		if c.Peer == id {
			return s.ago(c.At)
		}
	}
	switch {
	case s.past.From == 0:
		return ""
	case s.past.From > 1:
		return s.Words.Say("not for {0}", s.Words.Duration(int64(s.State.At-s.past.FromAt)))
	}
	return s.Words.Say("never")
}

// members are the configuration that it uses.
func (s nodeSight) members() (voters, learners, since string) {
	var v, l []event.NodeID
	for _, x := range s.n.Members {
		switch x.Suffrage {
		case event.Voter:
			v = append(v, x.ID)
		case event.Learner:
			l = append(l, x.ID)
		case event.NoMember:
		}
	}
	since = s.Words.Say("since entry {0}, which it knows to be committed", number(s.n.MembersIndex))
	if s.n.MembersIndex > s.n.Commit {
		since = s.Words.Say("since entry {0}, which it does not know to be committed yet", number(s.n.MembersIndex))
	}
	return s.Words.List(names(v)), s.Words.List(names(l)), since
}

// linkRow is one link of the machine.
type linkRow struct{ id, other, words string }

func (s nodeSight) links() (all []linkRow) {
	for i := range s.State.Nodes {
		other := s.State.Nodes[i].ID
		if other == s.n.ID {
			continue
		}
		a, b := min(s.n.ID, other), max(s.n.ID, other)
		all = append(all, linkRow{id: a.String() + "-" + b.String(), other: other.String(), words: s.linkWords(s.n.ID, other)})
	}
	return all
}

// linkWords say how the two directions between machines are.
func (m Moment) linkWords(a, b event.NodeID) string {
	out, in := m.link(a, b), m.link(b, a)
	if out == in {
		return m.Words.Say("both ways: {0}", m.manner(out))
	}
	return m.Words.Say("to {0}: {1}; from it: {2}", b.String(), m.manner(out), m.manner(in))
}

// link is one direction; whole if nothing is known of it.
func (m Moment) link(from, to event.NodeID) event.Link {
	if l := m.State.Link(from, to); l != nil {
		return l.Link
	}
	return event.Link{}
}

// endpoint is where etcd's clients reach it; "" where they do not.
func (s nodeSight) endpoint() string {
	for line := range strings.Lines(s.Endpoints) {
		if name, url, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name == s.n.ID.String() {
			return url
		}
	}
	return ""
}

// deeds are the last things it did or had done to it, newest first.
func (s nodeSight) deeds() (all []told) {
	if s.Journal == nil {
		return nil
	}
	for left := s.past.Changed; len(left) > 0 && len(all) < tale.MaxDeeds; {
		k := max(0, len(left)-tale.MaxDeeds)
		newest := s.tell(left[k:])
		slices.Reverse(newest)
		all, left = append(all, newest...), left[:k]
	}
	return all[:min(len(all), tale.MaxDeeds)]
}
