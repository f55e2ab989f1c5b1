package ui

import "github.com/quorumlab/quorumlab/cluster/event"

// panel is HTML of the room's that stands at one place of the page: "side" beside the console, "timeline" below the stage,
// "story" where a living room has its lesson, "dialog" above everything.
type panel struct {
	place string
	words string // what the page asked to look at
	html  string
	marks string
	asked bool // nothing of what was asked for last has come yet
}

// look asks the room to show something at a place, and to show it anew whenever it changes. What is there stays until that
// comes; no words close the panel.
func (m *Model) look(place, words string) []Effect {
	p := m.panelAt(place)
	if p.words == words {
		return nil
	}
	if p.words, p.asked = words, true; words == "" {
		*p = panel{place: place}
	}
	m.touch(inSide)
	return only(tell(event.FrameLook, 0, place, words))
}

// shut is told when a dialog has been closed. If another one has been asked for meanwhile, that comes.
func (m *Model) shut() []Effect {
	p := m.panelAt("dialog")
	if !p.asked {
		return m.look("dialog", "")
	}
	p.html = ""
	m.touch(inSide)
	return nil
}

// panelAt is the panel at a place; an empty one is made where there is none yet.
func (m *Model) panelAt(place string) *panel {
	for i := range m.panels {
		if m.panels[i].place == place {
			return &m.panels[i]
		}
	}
	m.panels = append(m.panels, panel{place: place})
	return &m.panels[len(m.panels)-1]
}

// shown takes what the room drew, unless the page looks at something else by now.
func (m *Model) shown(f *event.Frame) {
	for i := range m.panels {
		if p := &m.panels[i]; p.place == f.Code && p.words != "" {
			p.html, p.marks, p.asked = f.Text, f.Marks, false
			m.touch(inSide, inTape, inGuide)
		}
	}
}

// lookAgain tells a room that was connected anew what the page looks at.
func (m *Model) lookAgain() (effects []Effect) {
	for i := range m.panels {
		if p := &m.panels[i]; p.words != "" {
			effects = append(effects, tell(event.FrameLook, 0, p.place, p.words))
		}
	}
	return effects
}
