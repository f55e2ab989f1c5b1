package ui

import "github.com/quorumlab/quorumlab/cluster/view"

// pressed folds a key. In the console's field every key is the console's; elsewhere keys with Ctrl, Alt or
// Meta are the browser's own.
func (m *Model) pressed(p Pressed) []Effect {
	if p.Console {
		if p.Key == "Escape" && m.Console.line == "" {
			return m.leaveConsole()
		}
		return m.Console.press(m, p)
	}
	if p.Ctrl || p.Alt || p.Meta {
		return nil
	}
	if len(p.Key) == 1 && p.Key[0] >= '1' && p.Key[0] <= '9' {
		return m.nth(int(p.Key[0] - '1'))
	}
	switch p.Key {
	case "k", "K":
		return m.toPicked("kill ", func(n *view.Node) bool { return n.Up })
	case "p", "P":
		return m.toPicked("suspend ", func(n *view.Node) bool { return n.Up && !n.Suspended })
	case "r", "R":
		return m.backToWork()
	case "x", "X":
		m.cutting = !m.cutting
	case "h", "H":
		return m.run("heal")
	case "u", "U":
		return m.run("undo")
	case " ":
		if m.past() {
			return m.play()
		}
		return m.freeze()
	case "ArrowRight":
		if m.past() {
			return m.wind("step 1")
		}
		return m.step()
	case "ArrowLeft":
		return m.wind("step -1")
	case ",":
		return m.wind("previous " + m.sought)
	case ".":
		return m.wind("next " + m.sought)
	case "l", "L":
		return m.toEnd()
	case "Home":
		return m.wind("part 0")
	case "End":
		return m.toEnd()
	case "/":
		return append(m.turnTo("console"), focus(ConsoleField))
	case "?":
		return only(Show{"rules"})
	case "Escape":
		return m.back()
	}
	return nil
}

// leaveConsole goes back to the stage, so that keys are no letters any more: to the selected node, or the first one.
func (m *Model) leaveConsole() []Effect {
	id := m.picked.node
	if id == 0 && len(m.State.Nodes) > 0 {
		id = m.State.Nodes[0].ID
	}
	return append(only(focus("node-"+id.String())), m.back()...)
}

// nth selects the node with this number in the ring, counted from 0.
func (m *Model) nth(i int) []Effect {
	if i >= len(m.State.Nodes) {
		return nil
	}
	id := m.State.Nodes[i].ID
	m.pick(picked{node: id})
	return append(m.look("side", "node "+id.String()), focus("node-"+id.String()))
}

// toPicked sends a command about the selected node if it makes sense now.
func (m *Model) toPicked(verb string, sensible func(*view.Node) bool) []Effect {
	if n := m.State.Node(m.picked.node); n != nil && sensible(n) {
		return m.run(verb + n.ID.String())
	}
	return nil
}

// backToWork restarts or resumes the selected node, whichever it needs.
func (m *Model) backToWork() []Effect {
	n := m.State.Node(m.picked.node)
	switch {
	case n == nil:
		return nil
	case n.Suspended:
		return m.run("resume " + n.ID.String())
	case !n.Up:
		return m.run("restart " + n.ID.String())
	}
	return nil
}
