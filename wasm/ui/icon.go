package ui

// icons are drawn on a field of 16 × 16, with lines.
var icons = [...][2]string{
	{"scissors", "M13 3 6.2 10.2M13 13 6.2 5.8M4.4 6.2a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM4.4 13.8a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z"},
	{"split", "M8 1.5v13M4.2 5.2 1.5 8l2.7 2.8M11.8 5.2 14.5 8l-2.7 2.8"},
	{"heal", "M6.5 9.5l3-3M7 4.7 8.6 3a3 3 0 0 1 4.3 4.3L11.3 9M9 11.3 7.4 13a3 3 0 0 1-4.3-4.3L4.7 7"},
	{"pause", "M5 3v10M11 3v10"},
	{"play", "M4.5 2.8v10.4L13 8Z"},
	{"step", "M4 3v10l6-5ZM12.5 3v10"},
	{"chaos", "M9 1.5 3.5 9H8l-1 5.5L12.5 7H8Z"},
	{"gate", "M2 2.5v11M14 2.5v11M5 8h4M7.5 5.5 10 8l-2.5 2.5"},
	{"share", "M8 9.5v-8M5 4l3-3 3 3M3 8v6h10V8"},
	{"theme", "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 2v12M8 5.5h4.5M8 8h6M8 10.5h4.5"},
	{"help", "M5.5 6a2.5 2.5 0 1 1 3.7 2.2C8.3 8.7 8 9.2 8 10M8 12.8v.2"},
	{"book", "M8 4.2C6.6 3 4.6 2.7 2 3v9.5c2.6-.3 4.6 0 6 1.2 1.4-1.2 3.4-1.5 6-1.2V3c-2.6-.3-4.6 0-6 1.2ZM8 4.2v9.5"},
	{"add", "M8 3v10M3 8h10"},
	{"close", "M4 4l8 8M12 4l-8 8"},
	{"tick", "M3.5 8.5l3 3 6-7"},
	{"first", "M4 3v10M12.5 3.5 8 8l4.5 4.5"},
	{"back", "M10.5 3.5 6 8l4.5 4.5"},
	{"forward", "M5.5 3.5 10 8l-4.5 4.5"},
	{"end", "M12 3v10M3.5 3.5 8 8l-4.5 4.5"},
}

// icon is a picture beside words, or on a button that has a name.
func icon(name string) *Element {
	path := tag("path")
	for i := range icons { // a map would be made when the page starts, by much code
		if icons[i][0] == name {
			path.set("d", icons[i][1])
		}
	}
	return classed("svg", "icon").with("viewBox=0 0 16 16|aria-hidden=true").add(path)
}

// Picture is the HTML of an icon, for pages and panels that the server writes.
func Picture(name string) string { return string(icon(name).AppendHTML(nil)) }

// button is a control that does an action.
func button(class, action, arg string) *Element {
	return tag("button").set("type", "button").set("class", class).set("data-action", action).when(arg != "", "data-arg", arg)
}

// tool is a button with a picture and words.
func tool(picture, words, action, arg string) *Element {
	return button("btn", action, arg).add(icon(picture), tag("span").say(words))
}

// onOff says whether a button that stays down is down.
func (e *Element) onOff(on bool) *Element {
	return e.set("aria-pressed", switched(on, "true", "false"))
}
