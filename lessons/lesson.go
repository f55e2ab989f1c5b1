// Package lessons teaches: it reads lesson files (Markdown with a YAML header, checks in CEL), and judges from the
// facts that a cluster reported whether a learner has done a step. Nothing here knows a browser or an engine.
package lessons

import "github.com/quorumlab/quorumlab/cluster/event"

// Bounds of a lesson file and of what is made of it.
const (
	MaxFile    = 64 << 10 // bytes of one file
	MaxBlock   = 16 << 10 // of its header, or of one step block
	MaxText    = 8 << 10  // of one text, such as what stands before a step block
	MaxLessons = 200      // of a library
	MaxSteps   = 24       // of a lesson
	MaxAnswers = 4        // of a question; it has at least 2
	MaxHints   = 8        // of a step
	MaxLines   = 64       // console lines of one list (setup, begin, solve, do)
)

// Lesson is one lesson file, checked.
type Lesson struct {
	ID      string // "a07"
	Title   string
	Track   Track
	Minutes int      // that it takes
	Needs   []string // ids of lessons that should come before; no cycles
	File    string   // where it was read, for messages

	Nodes   int          // of its room, 1 to 9
	Rate    event.Factor // of its room; 0: the workshop's
	PreVote bool         // of its room
	Setup   []Line       // what was done in the room before the learner comes, in virtual time
	Denied  []string     // console verbs that the lesson does without, such as "wipe"

	AnyOrder bool // steps may be done in any order, by everybody: free play with things to try
	Intro    *Prose
	Steps    []*Step

	Remember      []*Prose // what to remember: two sentences
	Read          []Link   // where to read on
	Misconception string   // the belief that it corrects
	Authority     string   // and who says otherwise
	Summary       []*Prose // what happened, from facts, told at the end

	Hash string // of the file: progress of another version of it does not fit

	line, needsLine int // of its id and its needs in the file
}

// Track is a group of lessons.
type Track string

// The tracks.
const (
	Consensus Track = "A"
	Store     Track = "B"
	OnCall    Track = "C"
	Play      Track = "P" // free play and challenges
)

// Kind of a step.
type Kind string

// The kinds of steps (see docs/lessons.md).
const (
	Predict  Kind = "predict"  // a question that is locked in before the next step opens
	Act      Kind = "act"      // the learner does something to the cluster; Check says when it is done
	Observe  Kind = "observe"  // something happens by itself; Check says when
	Explain  Kind = "explain"  // two or three sentences why; the learner goes on
	Transfer Kind = "transfer" // like Predict: the same idea in a situation that was not shown
)

// Asks says whether the step is a question.
func (k Kind) Asks() bool { return k == Predict || k == Transfer }

// Judged says whether only facts complete the step.
func (k Kind) Judged() bool { return k == Act || k == Observe }

// Step is one step of a lesson.
type Step struct {
	Kind      Kind
	Title     string
	Line      int    // of the file
	Prose     *Prose // what to do, or the question
	Why       *Prose // shown when it is done; nil: nothing
	Check     *Check // of Act and Observe, nil for the others
	Freeze    *Check // freezes the room at the moment that it begins to hold while the step is open; nil: never
	Begin     []Line // what the lesson does itself when the step opens
	Traffic   []Line // requests to the store that the lesson makes over and over, in turn, while the step is open
	Try       *Line  // AnyOrder: does it for the visitor, on a button
	Label     string // of that button
	Answers   []Answer
	Highlight []string // n1 to n9, n1-n2, stage, log, console, lamps, lanes, rate
	Hints     []Hint

	Solve []Line  // what the scripted learner does
	Wrong []Wrong // what does not complete the step

	Unwinnable bool // the step cannot be done, and that is its point: as many wrong ways as there are, but no solution
}

// Answer of a question.
type Answer struct {
	Text  *Prose
	Right bool
	Say   *Prose // about this answer, when it was chosen; nil: nothing
}

// Hint helps with an Act or Observe step.
type Hint struct {
	Say  *Prose
	When *Check // unfolds by itself when this holds; nil: in its turn, when the learner is in trouble or asks
}

// Wrong is a way of not doing a step.
type Wrong struct {
	Do   []Line
	Hint int // number of the hint that has unfolded then, from 1; 0: none need
}

// Line is a line for the console, with {{ }} inserts; or "wait 2s" (virtual time), or "until EXPR" (a check; at most
// a virtual minute). A line that ends in " &" is not waited for.
type Line struct {
	Text   string
	Number int // of the line in the file

	file  string // for messages
	parts parts  // of a command
	kind  event.CommandKind
	node  event.NodeID // the greatest that it names
	async bool
	wait  event.Micros
	until *Check
}

// Link is a place to read on.
type Link struct {
	Text string
	URL  string // https only
}
