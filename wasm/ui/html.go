package ui

// AppendHTML appends the element as HTML. Text and values are escaped; names are taken as they are, since
// they come from the program and never from people.
func (e *Element) AppendHTML(to []byte) []byte {
	if e.Tag == "" {
		return appendEscaped(to, e.Text, false)
	}
	to = append(append(to, '<'), e.Tag...)
	for _, a := range e.Attrs {
		to = append(append(to, ' '), a.Name...)
		to = append(appendEscaped(append(to, '=', '"'), a.Value, true), '"')
	}
	to = append(to, '>')
	if void(e.Tag) {
		return to
	}
	to = append(to, e.Raw...)
	for _, k := range e.Kids {
		to = k.AppendHTML(to)
	}
	return append(append(append(to, '<', '/'), e.Tag...), '>')
}

// void says whether the tag has neither children nor an end (HTML standard, "void elements").
func void(tag string) bool {
	switch tag {
	case "br", "hr", "img", "input", "link", "meta", "wbr":
		return true
	}
	return false
}

// appendEscaped writes text so that a parser reads back exactly it. A NUL cannot be written in HTML at all.
func appendEscaped(to []byte, s string, attr bool) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		var with string
		switch s[i] {
		case '&':
			with = "&amp;"
		case '<':
			with = "&lt;"
		case '>':
			with = "&gt;"
		case '"':
			if !attr {
				continue
			}
			with = "&#34;"
		case '\r':
			with = "&#13;"
		case 0:
			with = "\uFFFD"
		default:
			continue
		}
		to = append(append(to, s[from:i]...), with...)
		from = i + 1
	}
	return append(to, s[from:]...)
}
