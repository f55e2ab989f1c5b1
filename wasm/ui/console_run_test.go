package ui

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// sent types a line and gives the frames that it sends.
func (d *desk) sent(line string) []event.Frame {
	d.write(line)
	var frames []event.Frame
	for _, e := range d.press("Enter") {
		if s, ok := e.(Send); ok {
			frames = append(frames, s.Frame)
		}
	}
	return frames
}

// What etcdctl knows and the page does not is run by the room; what both know the page does, as lessons expect.
func TestWhoRunsALine(t *testing.T) {
	d := newDesk(t)
	d.m.wire.phase = live
	for line, want := range map[string]event.FrameType{
		"put x 1":                      event.FrameOrder,
		"put x -5":                     event.FrameOrder,
		"get x --prefix --limit 3":     event.FrameOrder,
		"put x '-w'":                   event.FrameOrder,
		"elect n3":                     event.FrameOrder,
		"move-leader n3":               event.FrameOrder,
		"snapshot n2":                  event.FrameOrder,
		"member add":                   event.FrameOrder,
		"txn -- put x 1":               event.FrameOrder,
		"put x 1 --lease 3f":           event.FrameRun,
		"put x 1 -n n2":                event.FrameRun,
		"get x -w=json":                event.FrameRun,
		"get x -w json":                event.FrameRun,
		"get x --keys-only":            event.FrameRun,
		"del x --prev-kv":              event.FrameRun,
		"txn -i":                       event.FrameRun,
		"watch svc/ --prefix":          event.FrameRun,
		"watch":                        event.FrameRun,
		"lock deploy":                  event.FrameRun,
		"elect chair me":               event.FrameRun,
		"move-leader 8e9e05c52164694d": event.FrameRun,
		"snapshot save x.db":           event.FrameRun,
		"member list":                  event.FrameRun,
		"member add --learner x":       event.FrameRun,
		"endpoint status -w fields":    event.FrameRun,
		"lease grant 10":               event.FrameRun,
		"user add ann:pw":              event.FrameRun,
		"help watch":                   event.FrameRun,
		"put x":                        event.FrameNone,
		"get x --prefx":                event.FrameNone, // meant --prefix
		"wacth x":                      event.FrameNone,
		"help":                         event.FrameNone,
		"help put":                     event.FrameNone,
	} {
		frames := d.sent(line)
		switch {
		case want == event.FrameNone && len(frames) > 0, want != event.FrameNone && (len(frames) != 1 || frames[0].Type != want):
			t.Errorf("%s sends %+v, wanted a frame of type %d", line, frames, want)
		case want == event.FrameRun && (frames[0].Text != line || frames[0].Seq == 0):
			t.Errorf("%s sends %+v", line, frames[0])
		}
		d.m.Console.runs = nil
	}
	d.m.Console.waits = nil
	d.sent("wacth x")
	d.shows(`unknown command "wacth": did you mean watch?`)
}

// hears is what a running line says.
func (d *desk) hears(id uint64, code, text string) {
	d.m, _ = Update(d.m, Arrived{event.Frame{Type: event.FrameOutput, Seq: id, Code: code, Text: text}})
}

// stops says whether the effects are nothing but the end of a running line.
func stops(effects []Effect, id uint64) bool {
	if len(effects) != 1 {
		return false
	}
	s, ok := effects[0].(Send)
	return ok && s.Frame.Type == event.FrameStop && s.Frame.Seq == id
}

func TestARunningLine(t *testing.T) {
	d := newDesk(t)
	d.m.wire.phase = live
	watch := d.sent("watch x")[0].Seq
	d.hears(watch, event.OutputPlain, "PUT\nx\n1")
	d.shows("PUT", "x", "1", "⟳ watch x · runs until you stop it Stop")
	lock := d.sent("lock y")[0].Seq
	d.hears(watch, event.OutputPlain, "PUT\nx\n2")
	d.shows("watch x:", "PUT", "x", "2", "⟳ watch x · runs until you stop it Stop", "⟳ lock y · runs until you stop it Stop")
	d.hears(lock+7, event.OutputPlain, "of an earlier connection")
	effects := d.m.acted("stop", number(watch))
	if !stops(effects, watch) {
		t.Errorf("the button sends %+v", effects)
	}
	d.hears(watch, event.OutputEnd, "")
	d.shows("watch x has ended", "⟳ lock y · runs until you stop it Stop")
	d.write("")
	if effects := d.m.Console.press(&d.m, Pressed{Key: "c", Ctrl: true, Console: true}); !stops(effects, lock) {
		t.Errorf("Ctrl C sends %+v", effects)
	}
	d.m, _ = Update(d.m, Disconnected{})
	d.shows("lock y has ended: the connection was lost")
	if frames := d.sent("lock z"); len(frames) > 0 {
		t.Errorf("without a connection it sends %+v", frames)
	}
}

func TestALineThatAsks(t *testing.T) {
	d := newDesk(t)
	d.m.wire.phase = live
	id := d.sent("txn -i")[0].Seq
	d.hears(id, event.OutputAsk, "compares:")
	d.shows("compares:", "⟳ txn -i · waits for a line of yours Stop")
	for _, line := range []string{`mod("x") = "0"`, ""} {
		frames := d.sent(line)
		if want := (event.Frame{Type: event.FrameInput, Seq: id, Text: line}); len(frames) != 1 || frames[0].Type != want.Type || frames[0].Seq != id || frames[0].Text != line {
			t.Errorf("%q sends %+v", line, frames)
		}
		d.hears(id, event.OutputAsk, "")
	}
	d.hears(id, event.OutputFile, "x.db /api/rooms/a/snapshot?node=n1&name=x.db")
	d.shows("Save x.db", "⟳ txn -i · waits for a line of yours Stop")
}

func TestEndpoints(t *testing.T) {
	d := newDesk(t)
	d.m, _ = Update(d.m, Arrived{event.Frame{Type: event.FrameEndpoints, Text: "n1 http://127.0.0.1:1\nn2 http://127.0.0.1:2"}})
	for i := range d.m.State.Nodes {
		d.m.State.Nodes[i].Up = d.m.State.Nodes[i].ID != 2
	}
	want := "etcd's clientsetcdctl --endpoints=http://127.0.0.1:1,http://127.0.0.1:2Copy the lineOn the machine that runs this room. Struck out: n2, down now."
	if got := wordsOf(endpointsElement(&d.m)); got != want {
		t.Errorf("the room's: %q, wanted %q", got, want)
	}
}
