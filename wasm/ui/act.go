package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// acted carries out a control of the page: action is its data-action, arg its data-arg.
func (m *Model) acted(action, arg string) []Effect {
	switch action {
	case "run":
		return m.chosen(arg)
	case "node":
		return m.actedOnNode(nodeNamed(arg))
	case "link":
		return m.actedOnLink(pairNamed(arg))
	case "message":
		id, _ := event.ParseNumber(arg)
		m.pick(picked{message: id, open: true})
		return append(m.look("side", "message "+arg), focus("message-first"))
	case "close":
		return m.back()
	case "tab":
		return m.turnTo(arg)
	case "freeze":
		return m.freeze()
	case "hold":
		return m.holdAll()
	case "cut":
		m.cutting, m.parting.open = !m.cutting, false
	case "partition", "side", "part":
		return m.part(action, arg)
	case "set-link", "set-disk", "set-drift":
		return m.set(action, arg)
	case "reconnect":
		m.wire.attempts = 0
		return only(Reconnect{})
	case "theme":
		return m.switchTheme()
	case "projector":
		m.large = !m.large
	case "rules":
		return only(Show{"rules"})
	case "dismiss":
		m.dismiss(arg)
	case "stop":
		return m.Console.stop(arg)
	case "log":
		m.logTo(arg)
	case "learn":
		return append(m.toLive(), tell(event.FrameLearn, 0, "", arg))
	case "ask":
		m.tab = "node"
		return append(m.look("side", arg), m.closeMenu()...)
	case "look":
		m.tab = "node"
		m.uncover(arg)
		return m.look("side", arg)
	case "type":
		m.tab = "console"
		return append(m.Console.fill(arg), focus(ConsoleField))
	case "copy":
		return only(Copy{arg})
	}
	return m.actedOnTape(action, arg)
}

// turnTo shows another panel. The console's field is made anew, and what was being typed goes back into it.
func (m *Model) turnTo(tab string) []Effect {
	was := m.panel()
	m.tab = tab
	if tab == "console" && was != tab {
		return only(setField(ConsoleField, m.Console.line))
	}
	return nil
}

// chosen carries out a button that is a line of the console. A menu has done its work with it.
func (m *Model) chosen(line string) []Effect {
	effects := m.run(line)
	if !m.picked.open {
		return effects
	}
	return append(effects, m.closeMenu()...)
}

// closeMenu puts the focus back on what the menu was about.
func (m *Model) closeMenu() []Effect {
	p := m.picked
	m.picked.open = false
	switch {
	case p.node != 0:
		return only(focus("node-" + p.node.String()))
	case p.link != pair{}:
		return only(focus("link-" + p.link.String()))
	}
	m.picked = picked{}
	return nil
}

// run carries out a line of the console: every gesture can be typed, and shows how.
func (m *Model) run(line string) []Effect {
	c, wrong := Parse(line)
	if forRoom(line, wrong) {
		m.Console.echo(line)
		return m.Console.start(m, line)
	}
	if wrong != nil {
		m.notify(true, wrong.Words(m.Language))
		return nil
	}
	return m.Console.do(m, c)
}

// pick selects something instead of what was selected. Nothing held against a node's form is kept.
func (m *Model) pick(p picked) {
	if m.picked.node != p.node || m.picked.link != p.link {
		clear(m.fields)
	}
	m.picked = p
	if m.panel() == "feed" {
		m.tab = "node"
	}
}

// actedOnNode opens a node's menu; while a partition is being put together it changes sides instead.
func (m *Model) actedOnNode(id event.NodeID) []Effect {
	if m.State.Node(id) == nil {
		return nil
	}
	if m.parting.open {
		m.parting.flip(id)
		return nil
	}
	m.pick(picked{node: id, open: true})
	return append(m.look("side", "node "+id.String()), focus("menu-first"))
}

// actedOnLink opens a link's menu; with the scissors in hand it cuts the link, or mends it.
func (m *Model) actedOnLink(p pair) []Effect {
	ends := p.a.String() + " " + p.b.String()
	switch {
	case !m.cutting:
		m.pick(picked{link: p, open: true})
		return append(m.look("side", "link "+ends), focus("link-first"))
	case m.link(p.a, p.b).Cut || m.link(p.b, p.a).Cut:
		return m.run("mend " + ends)
	}
	return m.run("cut " + ends)
}

func nodeNamed(s string) event.NodeID {
	id, _ := event.ParseNodeID(s)
	return id
}

// pairNamed reads "n1-n2".
func pairNamed(s string) pair {
	for i := range len(s) {
		if s[i] == '-' {
			return pairOf(nodeNamed(s[:i]), nodeNamed(s[i+1:]))
		}
	}
	return pair{}
}

// back closes the innermost thing that is open.
func (m *Model) back() []Effect {
	switch {
	case m.parting.open:
		m.parting = parting{}
	case m.picked.open:
		return m.closeMenu()
	case m.picked != picked{}:
		m.picked = picked{}
	case m.cutting:
		m.cutting = false
	case len(m.notices) > 0:
		m.dropNotice(len(m.notices) - 1)
	}
	return nil
}

func (m *Model) freeze() []Effect {
	if m.State.Rate == 0 {
		return m.run("thaw")
	}
	return m.run("freeze")
}

// step runs a frozen room to the next thing; a running one is frozen first.
func (m *Model) step() []Effect {
	if m.State.Rate != 0 {
		return m.run("freeze")
	}
	return m.run("step")
}

// holdAll closes every gate, or opens them all if any is closed.
func (m *Model) holdAll() []Effect {
	if m.holding() {
		return m.run("release")
	}
	return m.run("hold")
}

// holding says whether any gate is closed.
func (m *Model) holding() bool {
	for i := range m.State.Links {
		if m.State.Links[i].Hold {
			return true
		}
	}
	return false
}

func (m *Model) switchTheme() []Effect {
	switch m.theme {
	case "":
		m.theme = "dark"
	case "dark":
		m.theme = "light"
	default:
		m.theme = ""
	}
	return only(Remember{"theme", m.theme})
}

func (m *Model) dismiss(arg string) {
	for i, n := range m.notices {
		if strconv.FormatUint(n.id, 10) == arg {
			m.dropNotice(i)
			return
		}
	}
}

func (m *Model) dropNotice(i int) { m.notices = append(m.notices[:i:i], m.notices[i+1:]...) }
