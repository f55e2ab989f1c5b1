package lessons

import "html/template"

// Panel is what one viewer sees of the lesson in the room.
type Panel struct {
	Lesson   string // its id; "" if none is open
	Number   string // "Lesson 7 of 15"
	Track    string // "Consensus"
	Title    string
	Minutes  int
	AnyOrder bool
	Intro    template.HTML // only until the first step is done
	Steps    []PanelStep
	Next     string // title and id of the lesson that follows; "" if none
	NextID   string
	End      *Ending // when it is finished

	Viewers int    // people in the room
	Holder  bool   // this viewer holds control
	Held    bool   // somebody holds it
	Wants   int    // others who ask for control; the holder sees it
	Asked   bool   // this viewer asks
	Trouble string // a sentence: the room could not be prepared, or the like

	Marks  string // highlights of the open step, separated by blanks
	Denied string // verbs that are not there, separated by blanks
	Done   int    // steps done
	Said   string // a sentence about what changed last, for a screen reader
}

// PanelStep is a step as the viewer sees it.
type PanelStep struct {
	Number  int // from 1
	Kind    Kind
	State   StepState
	Title   string
	Prose   template.HTML // of Done and Now
	Why     template.HTML // of Done
	Answers []PanelAnswer
	Locked  bool            // this viewer has answered
	Count   int             // viewers who have answered
	Reveal  bool            // this viewer may reveal the answers
	Hints   []template.HTML // unfolded
	More    bool            // there is another hint to ask for
	Do      string          // AnyOrder: a console line that does it for the visitor, filled in with what is there now
	Label   string          // of its button
	Latest  bool            // the step that was done last: what it explains is news
}

// StepState of a PanelStep.
type StepState string

// The states.
const (
	StepDone StepState = "done"
	StepNow  StepState = "now"
	StepOpen StepState = "open" // still to come
)

// PanelAnswer is an answer as the viewer sees it.
type PanelAnswer struct {
	Number int // from 1
	Text   template.HTML
	Picked bool
	Right  bool // only when revealed
	Count  int  // who chose it, only when revealed
	Say    template.HTML
}

// Ending is a finished lesson.
type Ending struct {
	Remember []template.HTML
	Read     []Link
	Facts    []template.HTML // what happened in this room
	Right    int             // predictions that were right, of
	Asked    int
	Minutes  int    // wall time it took
	Share    string // the same as text to copy
}
