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
	Code    string  // Output: one of the Output codes; Notice: "limit", "bad-command", "slow", "closing", "asleep"
	Text    string  // Notice: a sentence; Hello: the viewer's token, a random name that its browser keeps; Learn: the words
	Viewers int     // Welcome, Audience
	Limits  Limits  // Welcome
	Lesson  Lesson  // Lesson
}

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
const WireVersion = 3

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
