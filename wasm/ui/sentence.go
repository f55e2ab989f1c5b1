package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// sentence says in words what an event means to those who watch; "" if it is not worth a sentence of its
// own. The State is still what was before the event.
func (m *Model) sentence(e *event.Event) (string, tone) {
	p := m.phrase(e)
	if p.text == "" {
		return "", minor
	}
	return m.spoken(e, p.text, p.more...), p.tone
}

// phrase is a sentence with places, and its tone.
type phrase struct {
	text string
	tone tone
	more []string // for the places from {7} on
}

// spoken puts an event into the places of a text: {0} the node, {1} the other one, {2} the term, {3} the index, {4} how many,
// {5} what it says, {6} the factor or how long; {7}, {8} and {9} are what the text needs besides.
func (m *Model) spoken(e *event.Event, text string, more ...string) string {
	amount := spell(m.Language, e.Took)
	if e.Factor != 0 {
		amount = factor(m.Language, e.Factor)
	}
	return m.Say(text, append([]string{e.Node.String(), e.Peer.String(), number(e.Term), number(e.Index), strconv.FormatInt(e.N, 10), e.Text,
		amount}, more...)...)
}

// The sentences about events that say one thing, or one of two.
var phrases = [...]struct {
	tone      tone
	one, many string // many where e is not what other asks for
}{
	event.PreVoteSet:        {fault, words.Of("Candidates ask first whether they could win (pre-vote)."), words.Of("Candidates stand for election without asking first (no pre-vote).")},
	event.MachineAdded:      {fault, words.Of("{0} is a new machine in the ring."), ""},
	event.MachineRemoved:    {fault, words.Of("{0} has left the ring for good."), ""},
	event.Started:           {fault, words.Of("{0} starts in term {2} with its log up to entry {3}."), ""},
	event.Suspended:         {fault, words.Of("{0} stands still, its clock too. It will not notice."), ""},
	event.Resumed:           {fault, words.Of("{0} goes on as if nothing had been; {4} message had been waiting for it."), words.Of("{0} goes on as if nothing had been; {4} messages had been waiting for it.")},
	event.Wiped:             {fault, words.Of("{0}'s disk is empty: it has forgotten its log, its term and its vote."), ""},
	event.Corrupted:         {fault, words.Of("A bit in {0}'s file {5} has flipped, at byte {4}."), ""},
	event.DriftSet:          {fault, words.Of("{0}'s clock is true again."), words.Of("{0}'s clock runs at {6} times the true speed.")},
	event.DiskSet:           {fault, words.Of("{0}'s disk is as quick as before."), words.Of("{0}'s disk takes {6} longer for every fsync.")},
	event.Truncated:         {bad, words.Of("{0} cut its log back: entry {3} and all after it are gone, because the leader's log differs."), ""},
	event.SnapshotTaken:     {plain, words.Of("{0} took a snapshot of everything up to entry {3}."), ""},
	event.SnapshotInstalled: {plain, words.Of("{0} restored its own snapshot up to entry {3}."), words.Of("{0} installed {1}'s snapshot up to entry {3}: its log was too far behind.")},
	event.Compacted:         {minor, words.Of("{0} dropped its log before entry {3}."), ""},
	event.SafetyBroken:      {bad, words.Of("Safety is broken: {5}"), ""},
	event.ChaosSet:          {fault, words.Of("Chaos: faults come by themselves."), words.Of("The chaos has ended.")},
	event.Woke:              {fault, words.Of("The room slept for {6}, and its machines start again."), words.Of("The room was opened again, and its machines start; {7}.")},
}

// first says which of two sentences an event gets.
func first(e *event.Event) bool {
	// the others have one
	//exhaustive:ignore
	switch e.Kind {
	case event.PreVoteSet, event.ChaosSet:
		return e.OK
	case event.Resumed:
		return e.N == 1
	case event.DriftSet:
		return e.Factor == event.One
	case event.DiskSet:
		return e.Took == 0
	case event.SnapshotInstalled:
		return e.Peer == 0
	case event.Woke:
		return e.Text == ""
	}
	return true
}

func (m *Model) phrase(e *event.Event) phrase {
	// the others are in the table, or are not told
	//exhaustive:ignore
	switch e.Kind {
	case event.RateSet:
		return phrase{text: rateSentence(e.Factor)}
	case event.Stopped:
		return m.stopped(e)
	case event.Dropped:
		return m.droppedSentence(e)
	case event.RoleChanged:
		return m.roleSentence(e)
	case event.VoteGranted:
		return granted(e)
	case event.VoteRefused:
		return m.refused(e)
	case event.MembersSet:
		return m.membersSentence(e)
	case event.Asked:
		return askedSentence(e)
	case event.Answered:
		return m.answeredSentence(e)
	}
	if int(e.Kind) >= len(phrases) {
		return phrase{}
	}
	p := &phrases[e.Kind]
	return phrase{text: switched(first(e), p.one, p.many), tone: p.tone, more: []string{m.Say(e.Text)}}
}

func switched(yes bool, one, other string) string {
	if yes {
		return one
	}
	return other
}

func rateSentence(rate event.Factor) string {
	switch rate {
	case 0:
		return words.Of("Time stands still.")
	case realTime:
		return words.Of("Time runs as it does outside.")
	}
	return words.Of("Time runs at {6} times the real speed.")
}

func (m *Model) stopped(e *event.Event) phrase {
	who := e.Node.String()
	if n := m.State.Node(e.Node); n != nil && n.Role == event.Leader {
		who = m.Say("{0}, the leader of term {1},", who, number(n.Term))
	}
	p := phrase{words.Of("{7} was killed."), fault, []string{who}}
	// only the reasons of Stopped can come
	//exhaustive:ignore
	switch e.Reason {
	case event.KilledBeforeFsync:
		p.text = words.Of("{7} was killed with a write under way that never reached its disk.")
	case event.KilledAfterFsync:
		p.text = words.Of("{7} was killed right after its write was on disk, before anybody heard of it.")
	case event.RefusedToStart:
		p.text = words.Of("{7} refuses to start: {5}")
	case event.LeftCluster:
		p.text = words.Of("{7} stopped: it is no member any more.")
	case event.RoomClosed:
		p.text = words.Of("{7} stopped with the room.")
	}
	return p
}

func (m *Model) droppedSentence(e *event.Event) phrase {
	msg := m.State.Message(e.Msg)
	if msg == nil {
		return phrase{}
	}
	p := phrase{tone: minor, more: []string{named(m.Language, msg)}}
	// a cut link or a dead machine drop everything, which the picture shows
	//exhaustive:ignore
	switch e.Reason {
	case event.Lost:
		p.text = words.Of("Lost on the way: {7} from {0} to {1}.")
	case event.ByHand:
		p.text = words.Of("Dropped by hand: {7} from {0} to {1}.")
	case event.QueueFull:
		p.text = words.Of("Dropped, because too many were waiting: {7} from {0} to {1}.")
	}
	return p
}

// messageNames say what a message is, and what a reply to it is that agrees or does not. {0} is what it carries, {1} its
// term, {2} its index.
var messageNames = [...][3]string{
	event.MessageNone:     {words.Of("a message"), words.Of("an answer"), words.Of("an answer")},
	event.AppendEntries:   {words.Of("the entries {0}"), words.Of("the acknowledgement of entries"), words.Of("the refusal of entries")},
	event.Heartbeat:       {words.Of("a heartbeat"), words.Of("the answer to a heartbeat"), words.Of("the answer to a heartbeat")},
	event.RequestVote:     {words.Of("a vote request of term {1}"), words.Of("a vote for it"), words.Of("a refusal to vote for it")},
	event.RequestPreVote:  {words.Of("a pre-vote request of term {1}"), words.Of("a vote for it"), words.Of("a refusal to vote for it")},
	event.TimeoutNow:      {words.Of("the order to stand for election now"), words.Of("an answer"), words.Of("an answer")},
	event.InstallSnapshot: {words.Of("the snapshot up to entry {2}"), words.Of("the answer to a snapshot"), words.Of("the answer to a snapshot")},
	event.Forward:         {words.Of("the forwarded {0}"), words.Of("the answer to what was forwarded"), words.Of("the answer to what was forwarded")},
	event.ReadIndex:       {words.Of("a read's question for the commit index"), words.Of("the commit index for a read"), words.Of("the commit index for a read")},
}

// named says what a message is: "the entries x=1", "a vote request of term 3".
func named(l *words.Language, msg *view.Message) string {
	which, kind, carried := 0, int(msg.Type), msg.Text
	if kind >= len(messageNames) {
		kind = 0
	}
	if msg.Type == event.AppendEntries {
		carried = carries(msg)
	}
	switch {
	case msg.Reply && msg.OK:
		which = 1
	case msg.Reply:
		which = 2
	case msg.Type == event.AppendEntries && msg.N == 0:
		return l.Say("an empty AppendEntries")
	}
	return l.Say(messageNames[kind][which], carried, number(msg.Term), number(msg.Index))
}

// roleSentence tells who leads, who wants to, and who gives up.
func (m *Model) roleSentence(e *event.Event) phrase {
	was := event.RoleNone
	n := m.State.Node(e.Node)
	if n != nil {
		was = n.Role
	}
	switch {
	case e.Role == event.Leader:
		if voters := elected(n); len(voters) > 0 {
			return phrase{words.Of("{0} leads term {2} with the votes of {7}."), good, []string{list(m.Language, voters)}}
		}
		return phrase{text: words.Of("{0} leads term {2}."), tone: good}
	case e.Role == event.Candidate && timedOut(n, e.At):
		return phrase{text: words.Of("{0} stands for election: it heard from no leader in time.")}
	case e.Role == event.Candidate:
		return phrase{text: words.Of("{0} stands for election.")}
	case e.Role == event.Follower && was == event.Leader:
		return phrase{text: words.Of("{0} steps down: it does not lead any more, term {2}.")}
	case e.Role == event.Follower && was == event.Candidate:
		return phrase{text: words.Of("{0} gives up its candidacy and follows, term {2}."), tone: minor}
	}
	return phrase{}
}

// timedOut says whether a node's election timer may have run out, as far as the room told of it. One that is
// told to stand for election does not wait for it.
func timedOut(n *view.Node, at event.Micros) bool {
	return n != nil && n.TimerMin != 0 && at >= n.TimerMin
}

// elected are those who voted for a new leader.
func elected(n *view.Node) (voters []event.NodeID) {
	if n == nil {
		return nil
	}
	for _, b := range n.Ballots {
		if b.Granted && !b.PreVote {
			voters = append(voters, b.Voter)
		}
	}
	inOrder(voters)
	return voters
}

func granted(e *event.Event) phrase {
	switch {
	case e.Node == e.Peer:
		return phrase{}
	case e.OK:
		return phrase{text: words.Of("{0} would vote for {1} in term {2} (pre-vote)."), tone: minor}
	}
	return phrase{text: words.Of("{0} votes for {1} in term {2}."), tone: minor}
}

// refused answers why a vote was refused.
func (m *Model) refused(e *event.Event) phrase {
	why, more := words.Of("it has already voted in this term."), []string{"", number(e.LogTerm)}
	last, lastTerm := m.lastOf(e.Peer)
	// only the reasons of VoteRefused can come
	//exhaustive:ignore
	switch e.Reason {
	case event.StaleTerm:
		why = words.Of("that term is over.")
	case event.AlreadyVoted:
		if n := m.State.Node(e.Node); n != nil && n.VoteTerm == e.Term && n.Vote != 0 {
			why, more[0] = words.Of("it has voted for {7}."), n.Vote.String()
		}
	case event.HasLeader:
		why = words.Of("it has a leader, as far as it knows.")
	case event.LogTermBehind:
		why, more[0] = words.Of("{0}'s log is newer (last term {8})."), number(lastTerm)
		if lastTerm != 0 {
			why = words.Of("{0}'s log is newer (last term {8} against {7}).")
		}
	case event.LogIndexBehind:
		why, more[0] = words.Of("{0}'s log is longer (last entry {3})."), number(last)
		if last != 0 {
			why = words.Of("{0}'s log is longer (last entry {3} against {7}).")
		}
	case event.NotAVoter:
		why = words.Of("{1} is no voter in {0}'s configuration.")
	default:
		why = e.Text
	}
	p := phrase{text: words.Of("{0} refused its vote to {1} in term {2}: {7}"), more: []string{m.spoken(e, why, more...)}}
	if e.OK {
		p.text = words.Of("{0} would not vote for {1} in term {2}: {7}")
	}
	return p
}

// lastOf is a node's last entry and its term, as the room reported them; 0 where it is not known.
func (m *Model) lastOf(id event.NodeID) (index, term uint64) {
	n := m.State.Node(id)
	if n == nil {
		return 0, 0
	}
	return n.Last, n.LastTerm()
}

// membersSentence tells a new configuration once: when the leader begins to use it.
func (m *Model) membersSentence(e *event.Event) phrase {
	if l := m.leader(); l == nil || l.ID != e.Node || l.MembersIndex == e.Index {
		return phrase{}
	}
	var voters, learners []event.NodeID
	for _, x := range e.Members {
		switch x.Suffrage {
		case event.Voter:
			voters = append(voters, x.ID)
		case event.Learner:
			learners = append(learners, x.ID)
		case event.NoMember:
		}
	}
	p := phrase{text: words.Of("The leader counts with a new configuration: voters {7}."), more: []string{list(m.Language, voters), list(m.Language, learners)}}
	if len(learners) > 0 {
		p.text = words.Of("The leader counts with a new configuration: voters {7}, learners {8}.")
	}
	return p
}

func askedSentence(e *event.Event) phrase {
	switch {
	case !e.Command.Client():
		return phrase{}
	case e.Node != 0:
		return phrase{text: words.Of("Asked of {0}: {5}"), tone: minor}
	}
	return phrase{text: words.Of("Asked: {5}"), tone: minor}
}

func (m *Model) answeredSentence(e *event.Event) phrase {
	asked := ""
	for i := range m.State.Ops {
		if m.State.Ops[i].ID == e.Op {
			asked = m.State.Ops[i].Text
		}
	}
	if asked == "" {
		asked = e.Command.String()
	}
	more := []string{asked, ""}
	switch e.Outcome {
	case event.Failed:
		return phrase{words.Of("{7} failed: {5}"), bad, more}
	case event.Unknown:
		more[1] = upper(e.Text)
		return phrase{words.Of("{7}: outcome unknown, it may or may not have happened. {8}"), bad, more}
	case event.OK:
		if !e.Command.Client() || e.Command == event.LeaseKeepAlive {
			return phrase{}
		}
		return m.done(e, more)
	case event.Pending:
	}
	return phrase{}
}

// done tells of a request that was answered well.
func (m *Model) done(e *event.Event, more []string) phrase {
	text := words.Of("{7}: ok, after {6}.")
	more = append(more[:1], strconv.FormatInt(e.Rev, 10), list(m.Language, e.Nodes))
	switch held := len(e.Nodes) > 0; {
	case e.Command == event.Watch:
		return phrase{words.Of("{7} has ended, after {6}."), minor, more}
	case e.Rev != 0 && held:
		text = words.Of("{7}: ok, revision {8}, held by {9}, after {6}.")
	case e.Rev != 0:
		text = words.Of("{7}: ok, revision {8}, after {6}.")
	case held:
		text = words.Of("{7}: ok, held by {9}, after {6}.")
	}
	return phrase{text, good, more}
}
