package event

import (
	"errors"
	"strconv"
)

// The wire form of a Frame: its type byte, then fields, each a tag byte and a value, until tag 0. Unset fields
// are left out. Numbers are varints, signed ones zigzag; texts and lists begin with their length. Events are
// packed further: see codec_event.go. The codec is our own because the browser carries it: nothing of fmt,
// reflect or encoding/* comes along, and an event costs a tenth of what JSON costs to read.

// Bounds of one frame. What exceeds them is refused by DecodeFrame with a sentence.
const (
	MaxFrame  = 16 << 20 // bytes
	MaxString = 2 << 20  // bytes of one text: the longest value of a put that is worth refusing by name
	MaxItems  = 1 << 18  // events and elements of lists together, so that a short frame cannot ask for much memory
)

// The tags of a frame's fields. Version comes first and keeps its tag in all versions.
const (
	frameVersion = iota + 1
	frameEpoch
	frameRoom
	frameSeq
	frameAt
	frameWall
	frameEvents
	frameResult
	frameCommand
	frameCode
	frameText
	frameViewers
	frameLimits
	frameLesson
	frameTape
	frameMarks
)

// AppendFrame appends the wire form of f to dst. The events' own sequence numbers are not written: they
// follow from f.Seq. It writes what it is given; keeping within the bounds is the caller's work.
func AppendFrame(dst []byte, f *Frame) []byte {
	w := writer{b: append(dst, byte(f.Type))}
	w.uint(frameVersion, f.Version)
	w.uint(frameEpoch, f.Epoch)
	w.text(frameRoom, f.Room)
	w.uint(frameSeq, f.Seq)
	w.int(frameAt, int64(f.At))
	w.int(frameWall, int64(f.Wall))
	if len(f.Events) > 0 {
		w.byte(frameEvents)
		writeEvents(&w, f)
	}
	if f.Type == FrameAnswer {
		w.byte(frameResult)
		writeResult(&w, &f.Result)
	}
	if f.Type == FrameOrder {
		w.byte(frameCommand)
		writeCommand(&w, &f.Command)
	}
	w.text(frameCode, f.Code)
	w.text(frameText, f.Text)
	w.int(frameViewers, int64(f.Viewers))
	if f.Limits != (Limits{}) {
		w.byte(frameLimits)
		writeLimits(&w, f.Limits)
	}
	if f.Lesson != (Lesson{}) {
		w.byte(frameLesson)
		writeLesson(&w, &f.Lesson)
	}
	if f.Tape != (Tape{}) {
		w.byte(frameTape)
		writeTape(&w, &f.Tape)
	}
	w.text(frameMarks, f.Marks)
	w.end()
	return w.b
}

// AppendRequest is AppendFrame for what a browser says, byte for byte the same. The browser carries
// nothing of what writes events and answers.
func AppendRequest(dst []byte, f *Frame) []byte {
	w := writer{b: append(dst, byte(f.Type))}
	w.uint(frameVersion, f.Version)
	w.uint(frameEpoch, f.Epoch)
	w.uint(frameSeq, f.Seq)
	if f.Type == FrameOrder {
		w.byte(frameCommand)
		writeCommand(&w, &f.Command)
	}
	w.text(frameCode, f.Code)
	w.text(frameText, f.Text)
	w.end()
	return w.b
}

// DecodeFrame reads one frame, which must fill b. It never panics, whatever b holds, and keeps nothing of b.
// Of a Hello or Welcome of another wire version only Type and Version are read, so that the reader can say so.
func DecodeFrame(b []byte) (Frame, error) { return decode(b, readCommand) }

// DecodeResponse is DecodeFrame for what a browser hears: it knows every frame but Order, which no browser is sent,
// and carries nothing of what reads commands.
func DecodeResponse(b []byte) (Frame, error) { return decode(b, nil) }

func decode(b []byte, command func(*reader) Command) (Frame, error) {
	if len(b) > MaxFrame {
		return Frame{}, errors.New("the frame has " + strconv.Itoa(len(b)) + " bytes, at most " + strconv.Itoa(MaxFrame) + " are read: ask for less at once")
	}
	r := reader{b: b, items: MaxItems, command: command}
	f := Frame{Type: FrameType(r.byte())}
	if f.Type == FrameNone || f.Type >= frameTypesEnd {
		r.fail("type " + strconv.Itoa(int(f.Type)) + " is not known")
	}
	for tag := r.tag(); tag != 0; tag = r.tag() {
		readFrameField(&r, &f, tag)
		if f.foreign() {
			return Frame{Type: f.Type, Version: f.Version}, nil
		}
	}
	if r.err == nil && r.at < len(b) {
		r.fail("it goes on after its end")
	}
	if r.err != nil {
		return Frame{}, r.err
	}
	if f.Type == FrameEvents {
		for i := range f.Events {
			f.Events[i].Seq = f.Seq + uint64(i)
		}
	}
	return f, nil
}

// foreign says whether f greets in another version of the wire form.
func (f *Frame) foreign() bool {
	return (f.Type == FrameHello || f.Type == FrameWelcome) && f.Version != 0 && f.Version != WireVersion
}

func readFrameField(r *reader, f *Frame, tag byte) {
	switch tag {
	case frameVersion:
		f.Version = r.uint()
	case frameEpoch:
		f.Epoch = r.uint()
	case frameRoom:
		f.Room = r.text()
	case frameSeq:
		f.Seq = r.uint()
	case frameAt:
		f.At = Micros(r.int())
	case frameWall:
		f.Wall = Micros(r.int())
	case frameEvents:
		if f.Type != FrameEvents && f.Type != FrameCheckpoint {
			r.fail("a frame of its type carries no events")
			return
		}
		f.Events = readEvents(r, f)
	case frameResult:
		if f.Type != FrameAnswer {
			r.fail("only an answer carries a result")
			return
		}
		f.Result = readResult(r)
	case frameCommand:
		if f.Type != FrameOrder || r.command == nil {
			r.fail("only an order to a room carries a command")
			return
		}
		f.Command = r.command(r)
	case frameCode:
		f.Code = r.text()
	case frameText:
		f.Text = r.text()
	case frameViewers:
		f.Viewers = int(r.int())
	case frameLimits:
		f.Limits = readLimits(r)
	case frameLesson:
		f.Lesson = readLesson(r)
	case frameTape:
		f.Tape = readTape(r)
	case frameMarks:
		f.Marks = r.text()
	default:
		r.unknown("a frame", tag)
	}
}

const (
	limitValueBytes = iota + 1
	limitCommands
	limitNodes
)

func writeLimits(w *writer, l Limits) {
	w.int(limitValueBytes, int64(l.ValueBytes))
	w.int(limitCommands, int64(l.Commands))
	w.int(limitNodes, int64(l.Nodes))
	w.end()
}

func readLimits(r *reader) (l Limits) {
	for tag := r.tag(); tag != 0; tag = r.tag() {
		switch tag {
		case limitValueBytes:
			l.ValueBytes = int(r.int())
		case limitCommands:
			l.Commands = int(r.int())
		case limitNodes:
			l.Nodes = int(r.int())
		default:
			r.unknown("limits", tag)
		}
	}
	return l
}

const (
	lessonID = iota + 1
	lessonHTML
	lessonMarks
	lessonDenied
	lessonSaid
	lessonDone
	lessonSteps
)

func writeLesson(w *writer, l *Lesson) {
	w.text(lessonID, l.ID)
	w.text(lessonHTML, l.HTML)
	w.text(lessonMarks, l.Marks)
	w.text(lessonDenied, l.Denied)
	w.text(lessonSaid, l.Said)
	w.int(lessonDone, int64(l.Done))
	w.int(lessonSteps, int64(l.Steps))
	w.end()
}

func readLesson(r *reader) (l Lesson) {
	for tag := r.tag(); tag != 0; tag = r.tag() {
		switch tag {
		case lessonID:
			l.ID = r.text()
		case lessonHTML:
			l.HTML = r.text()
		case lessonMarks:
			l.Marks = r.text()
		case lessonDenied:
			l.Denied = r.text()
		case lessonSaid:
			l.Said = r.text()
		case lessonDone:
			l.Done = int(r.int())
		case lessonSteps:
			l.Steps = int(r.int())
		default:
			r.unknown("a lesson", tag)
		}
	}
	return l
}

const (
	tapeMode = iota + 1
	tapeSpeed
	tapeSeq
	tapeAt
	tapeFirst
	tapeFirstAt
	tapeHead
	tapeHeadAt
	tapeSealed
)

func writeTape(w *writer, t *Tape) {
	w.uint(tapeMode, uint64(t.Mode))
	w.int(tapeSpeed, int64(t.Speed))
	w.uint(tapeSeq, t.Seq)
	w.int(tapeAt, int64(t.At))
	w.uint(tapeFirst, t.First)
	w.int(tapeFirstAt, int64(t.FirstAt))
	w.uint(tapeHead, t.Head)
	w.int(tapeHeadAt, int64(t.HeadAt))
	w.bool(tapeSealed, t.Sealed)
	w.end()
}

func readTape(r *reader) (t Tape) {
	for tag := r.tag(); tag != 0; tag = r.tag() {
		switch tag {
		case tapeMode:
			t.Mode = TapeMode(r.enum())
		case tapeSpeed:
			t.Speed = Factor(r.int())
		case tapeSeq:
			t.Seq = r.uint()
		case tapeAt:
			t.At = Micros(r.int())
		case tapeFirst:
			t.First = r.uint()
		case tapeFirstAt:
			t.FirstAt = Micros(r.int())
		case tapeHead:
			t.Head = r.uint()
		case tapeHeadAt:
			t.HeadAt = Micros(r.int())
		case tapeSealed:
			t.Sealed = true
		default:
			r.unknown("a tape", tag)
		}
	}
	return t
}
