package event

// Frame is one websocket message or one piece of a recording, in either direction. Which fields count
// depends on Type; the comment at each type names them.
type Frame struct {
	Type    FrameType
	Version uint64  // Hello, Welcome: WireVersion
	Epoch   uint64  // which life of the room's journal the sequence numbers belong to
	Room    string  // Welcome
	Seq     uint64  // Events: of the first event; Checkpoint: what it stands for; Hello: the last one seen (0: none)
	At      Micros  // virtual time at which the frame was closed: nothing is missing up to here
	Wall    Micros  // wall time of the same
	Events  []Event // Events, Checkpoint (there without sequence numbers of their own)
	Result  Result  // Answer
	Command Command // Order
	Code    string  // Output: one of the Output codes; Notice: "limit", "bad-command", "slow", "closing"; Panel: its place
	Text    string  // Notice: a sentence; Hello: the viewer's token, a random name that its browser keeps; Learn, Wind, Look: the words; Panel: HTML
	Viewers int     // Welcome, Audience
	Limits  Limits  // Welcome
	Lesson  Lesson  // Lesson
	Tape    Tape    // Tape
	Marks   string  // Panel: what it rests on, to be highlighted, as in Lesson.Marks
}

// Tape is where a viewer looks at the recording of its room, and how far the recording reaches.
type Tape struct {
	Mode    TapeMode
	Speed   Factor // of playing, beside the rate of the room's own time at that place; 1 = as it was
	Seq     uint64 // the last event that is folded into what the viewer sees
	At      Micros // virtual time there
	First   uint64 // the oldest event that can be seen
	FirstAt Micros // virtual time before it
	Head    uint64 // the newest event
	HeadAt  Micros // virtual time now
	Sealed  bool   // the recording has ended: there is no LIVE
}

// Span is the virtual time from FirstAt on that a drawing of the whole recording covers: exactly the recording if it has
// ended, otherwise a little more, so that the drawing need not change whenever time goes on.
func (t *Tape) Span() Micros {
	length := t.HeadAt - t.FirstAt
	if t.Sealed {
		return max(length, 1)
	}
	span := Micros(2_000_000)
	for span < length {
		span += span / 4
	}
	return span
}

// TapeMode is what a viewer's recorder does.
type TapeMode uint8

// The modes of a recorder.
const (
	TapeLive    TapeMode = iota // the viewer sees what happens
	TapePaused                  // it looks at one moment of the past
	TapePlaying                 // the past passes by
)

// Lesson is the panel of a lesson as one viewer sees it, made by the server.
type Lesson struct {
	ID     string // "" when no lesson is open
	HTML   string // of the panel: safe, and made of nothing that people typed
	Marks  string // what to highlight, separated by blanks: n4, n1-n2, log …
	Denied string // console verbs that the lesson does without, separated by blanks
	Said   string // what changed, as a sentence to be read aloud; "" for nothing
	Done   int    // steps that are done, of
	Steps  int
}

// Limits are what a viewer may do, told on connecting.
type Limits struct {
	ValueBytes int `json:"value_bytes"` // longest value of a put
	Commands   int `json:"commands"`    // a second
	Nodes      int `json:"nodes"`
}

// WireVersion is written in Hello and Welcome; a side that meets another version says so and reloads.
const WireVersion = 5

// FrameType is the first byte of a frame.
type FrameType uint8

// The frames. Server to browser unless it says otherwise.
const (
	FrameNone       FrameType = iota
	FrameHello                // browser: Version, Epoch, Seq, Text
	FrameOrder                // browser: Command
	FrameWelcome              // Version, Epoch, Room, Viewers, Limits; the first one
	FrameCheckpoint           // Epoch, Seq, At, Wall, Events: fold them into a zero State, then set its Seq, At and Wall
	FrameEvents               // Seq, At, Wall, Events (may be none: time went on, nothing happened)
	FrameAnswer               // Result
	FrameNotice               // Code, Text
	FrameAudience             // Viewers
	FrameLesson               // Lesson
	FrameLearn                // browser: Text, what the viewer says to the lesson ("answer 2", "hint", "next")
	FrameRun                  // browser: Seq: the viewer's number of it, Text: a line for the room to run as etcdctl would
	FrameInput                // browser: Seq, Text: a line that the running line Seq asked for
	FrameStop                 // browser: Seq: the line shall end
	FrameOutput               // Seq, Code, Text: what the line Seq says; see the Output codes
	FrameEndpoints            // Text: where etcd's clients reach the nodes: "n1 http://127.0.0.1:40001", one a line
	FrameWind                 // browser: Text: what its recorder shall do; see the words of web/tape
	FrameTape                 // Tape: where the viewer's recorder stands; after each Wind, and when it changes by itself
	FrameLook                 // browser: Code: a panel's place, Text: what it shall show ("" for nothing, the panel is closed)
	FramePanel                // Code: its place, Text: HTML of the server's, Marks; whenever it differs from the last one

	frameTypesEnd
)

// The codes of FrameOutput.
const (
	OutputPlain = ""     // Text: lines
	OutputBad   = "bad"  // Text: lines that say what is wrong
	OutputAsk   = "ask"  // Text: a prompt; the line waits for a FrameInput
	OutputFile  = "file" // Text: a name, a blank, and the path where it is to be had
	OutputEnd   = "end"  // nothing comes any more
)
