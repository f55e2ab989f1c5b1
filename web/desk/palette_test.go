package desk

import (
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/preset"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/wasm/ui"
)

// three are machines of which one leads, one is down and one stands still.
func three() *view.State {
	s := &view.State{}
	for id := event.NodeID(1); id <= 3; id++ {
		s.Apply(event.Event{Kind: event.MachineAdded, Node: id})
		s.Apply(event.Event{Kind: event.Started, Node: id})
	}
	for _, e := range []event.Event{
		{Kind: event.RoleChanged, Node: 1, Role: event.Leader, Term: 2}, {Kind: event.Stopped, Node: 2, Reason: event.Killed},
		{Kind: event.Suspended, Node: 3}, {Kind: event.LinkSet, Node: 1, Peer: 3, Link: event.Link{Cut: true}},
		{Kind: event.UndoSet, Text: "suspend n3"}, {Kind: event.RateSet, Factor: event.One},
	} {
		s.Apply(e)
	}
	return s
}

// TestPaletteSaysWhatTheConsoleCanRead: each line that it runs is one that can be typed.
func TestPaletteSaysWhatTheConsoleCanRead(t *testing.T) {
	p := &palette{s: three(), live: true}
	p.time()
	p.faults()
	p.machines()
	p.links()
	p.situations()
	seen := map[string]bool{}
	for _, f := range p.feats {
		if f.title == "" || f.group == "" || seen[f.title] {
			t.Errorf("%q is there twice, or has no name", f.title)
		}
		seen[f.title] = true
		if f.action != "run" {
			continue
		}
		name := strings.Fields(f.arg)[0]
		if name == "undo" || name == "preset" || name == "chaos" {
			continue // the room reads them
		}
		if _, wrong := ui.Parse(f.arg); wrong != nil {
			t.Errorf("%q cannot be typed: %v", f.arg, wrong)
		}
	}
	for _, want := range []string{"Restart n2", "Resume n3", "Kill n1", "n1 hands leadership over", "Mend the link between n1 and n3", "Cut n1 from n2", "Undo: suspend n3"} {
		if !seen[want] {
			t.Errorf("%q is not there", want)
		}
	}
}

func TestPaletteOfThePastActsNot(t *testing.T) {
	s := three()
	live, past := Draw(Moment{State: s, Live: true}, "palette").HTML, Draw(Moment{State: s}, "palette").HTML
	if !strings.Contains(live, `data-action="run"`) || !strings.Contains(live, `role="combobox"`) || !strings.Contains(live, `role="option"`) {
		t.Error(live)
	}
	if strings.Contains(past, `data-action="run"`) || !strings.Contains(past, `data-action="wind"`) {
		t.Error("who looks back is offered to act, or not to move")
	}
}

func TestChaosPanelOffersWhatTheRoomCanDo(t *testing.T) {
	s := three()
	s.Apply(event.Event{Kind: event.MembersSet, Index: 1, Members: []event.Member{{ID: 1, Suffrage: event.Voter}, {ID: 2, Suffrage: event.Voter}, {ID: 3, Suffrage: event.Voter}}})
	html := Draw(Moment{State: s, Live: true}, "chaos").HTML
	for _, p := range preset.All {
		if !strings.Contains(html, `data-arg="preset `+p.Name+`"`) {
			t.Errorf("%s is not there", p.Name)
		}
	}
	if !strings.Contains(html, "disabled") || strings.Contains(html, "chaos off") {
		t.Error("what needs five voters can be chosen, or chaos that is not be ended")
	}
	s.Apply(event.Event{Kind: event.ChaosSet, OK: true, Factor: event.One / 2, N: 7})
	if html = Draw(Moment{State: s, Live: true}, "chaos").HTML; !strings.Contains(html, "intensity of 0.5 and the seed 7") || !strings.Contains(html, "chaos off") {
		t.Error(html)
	}
}
