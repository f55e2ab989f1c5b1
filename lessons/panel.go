package lessons

import "html/template"

// Panel is what one viewer sees of the lesson in the room.
type Panel struct {
	Lesson   string        `json:"lesson"`           // its id; "" if none is open
	Number   string        `json:"number,omitempty"` // "Lesson 7 of 15"
	Track    string        `json:"track,omitempty"`  // "Consensus"
	Title    string        `json:"title"`
	Minutes  int           `json:"minutes,omitempty"`
	AnyOrder bool          `json:"any_order,omitempty"`
	Intro    template.HTML `json:"intro,omitempty"` // only until the first step is done
	Steps    []PanelStep   `json:"steps"`
	Next     string        `json:"next,omitempty"` // title and id of the lesson that follows; "" if none
	NextID   string        `json:"next_id,omitempty"`
	End      *Ending       `json:"end,omitempty"` // when it is finished

	Viewers int    `json:"viewers"`           // people in the room
	Holder  bool   `json:"holder,omitempty"`  // this viewer holds control
	Held    bool   `json:"held,omitempty"`    // somebody holds it
	Wants   int    `json:"wants,omitempty"`   // others who ask for control; the holder sees it
	Asked   bool   `json:"asked,omitempty"`   // this viewer asks
	Trouble string `json:"trouble,omitempty"` // a sentence: the room could not be prepared, or the like

	Marks  string `json:"marks,omitempty"`  // highlights of the open step, separated by blanks
	Denied string `json:"denied,omitempty"` // verbs that are not there, separated by blanks
	Done   int    `json:"done"`             // steps done
	Said   string `json:"said,omitempty"`   // a sentence about what changed last, for a screen reader
}

// PanelStep is a step as the viewer sees it.
type PanelStep struct {
	Number  int             `json:"number"` // from 1
	Kind    Kind            `json:"kind"`
	State   StepState       `json:"state"`
	Title   string          `json:"title"`
	Prose   template.HTML   `json:"prose,omitempty"` // of Done and Now
	Why     template.HTML   `json:"why,omitempty"`   // of Done
	Answers []PanelAnswer   `json:"answers,omitempty"`
	Locked  bool            `json:"locked,omitempty"` // this viewer has answered
	Count   int             `json:"count,omitempty"`  // viewers who have answered
	Reveal  bool            `json:"reveal,omitempty"` // this viewer may reveal the answers
	Hints   []template.HTML `json:"hints,omitempty"`  // unfolded
	More    bool            `json:"more,omitempty"`   // there is another hint to ask for
	Do      string          `json:"do,omitempty"`     // AnyOrder: a console line that does it for the visitor, filled in with what is there now
	Label   string          `json:"label,omitempty"`  // of its button
	Latest  bool            `json:"latest,omitempty"` // the step that was done last: what it explains is news
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
	Number int           `json:"number"` // from 1
	Text   template.HTML `json:"text,omitempty"`
	Picked bool          `json:"picked,omitempty"`
	Right  bool          `json:"right,omitempty"` // only when revealed
	Count  int           `json:"count,omitempty"` // who chose it, only when revealed
	Say    template.HTML `json:"say,omitempty"`
}

// Ending is a finished lesson.
type Ending struct {
	Remember []template.HTML `json:"remember,omitempty"`
	Read     []Link          `json:"read,omitempty"`
	Facts    []template.HTML `json:"facts,omitempty"` // what happened in this room
	Right    int             `json:"right,omitempty"` // predictions that were right, of
	Asked    int             `json:"asked,omitempty"`
	Minutes  int             `json:"minutes,omitempty"` // wall time it took
	Share    string          `json:"share,omitempty"`   // the same as text to copy
}
