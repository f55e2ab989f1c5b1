package ui

import "github.com/quorumlab/quorumlab/cluster/event"

// forEtcdctl begins the line.
const forEtcdctl = "etcdctl --endpoints="

// endpointsElement is the line with which etcd's clients join in. It names all nodes; those that are down are marked.
func endpointsElement(m *Model) *Element {
	if m.endpoints == "" {
		return nil
	}
	line, code, down := forEtcdctl, tag("code").set("id", "endpoints"), []event.NodeID(nil)
	code.add(tag("span").say(line))
	var last *Element
	m.eachEndpoint(func(id event.NodeID, url string) {
		if last != nil {
			last.say(",")
			line += ","
		}
		line += url
		n := m.State.Node(id)
		off := n != nil && !n.Up
		if off {
			down = append(down, id)
		}
		last = tag("span").when(off, "class", "down").say(url)
		code.add(last)
	})
	note := m.Say("On the machine that runs this room.")
	if len(down) > 0 {
		note += " " + m.Say("Struck out: {0}, down now.", list(m.Language, down))
	}
	return classed("div", "joining").add(tag("h2").say(m.Say("etcd's clients")), code,
		button("btn small", "copy", line).say(m.Say("Copy the line")), tag("p").say(note))
}

// eachEndpoint goes through what the room told of its endpoints.
func (m *Model) eachEndpoint(do func(id event.NodeID, url string)) {
	for rest := m.endpoints; rest != ""; {
		var name string
		name, rest, _ = halves(rest, '\n')
		name, url, _ := halves(name, ' ')
		do(nodeNamed(name), url)
	}
}
