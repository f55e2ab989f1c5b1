package ui

// word is one word of a command line, unquoted, and the bytes From..To of the line that it was.
type word struct {
	text     string
	from, to int
	bare     bool // nothing in it was quoted
	flag     bool // it begins with a bare --
}

// cutWords cuts a line into words as a shell does: blanks separate; '…' is literal; inside "…" a backslash
// stands before ", \ or itself; outside, a backslash takes the next character as it is. A bare ; or | is a
// word of its own.
func cutWords(line string) ([]word, *Mistake) {
	var words []word
	for at := 0; at < len(line); {
		if blank(line[at]) {
			at++
			continue
		}
		w, next, wrong := scan(line, at)
		if wrong != nil {
			return nil, wrong
		}
		words, at = append(words, w), next
	}
	return words, nil
}

// scan reads the word that begins at from.
func scan(line string, from int) (word, int, *Mistake) {
	if sign(line[from]) {
		return word{text: line[from : from+1], from: from, to: from + 1, bare: true}, from + 1, nil
	}
	var text []byte
	bare, at := true, from
	for at < len(line) && !blank(line[at]) && !sign(line[at]) {
		next, wrong := at+1, (*Mistake)(nil)
		switch line[at] {
		case '\'', '"':
			next, wrong = quoted(line, at, &text)
		case '\\':
			next, wrong = escaped(line, at, &text)
		default:
			text = append(text, line[at])
			at = next
			continue
		}
		if wrong != nil {
			return word{}, at, wrong
		}
		bare, at = false, next
	}
	flag := startsWith(line[from:at], "--") && at > from+2
	return word{string(text), from, at, bare, flag}, at, nil
}

// quoted reads from the quote at from to the one that closes it.
func quoted(line string, from int, text *[]byte) (int, *Mistake) {
	quote := line[from]
	for at := from + 1; at < len(line); at++ {
		switch {
		case line[at] == quote:
			return at + 1, nil
		case quote == '"' && line[at] == '\\' && at+1 < len(line) && (line[at+1] == '"' || line[at+1] == '\\'):
			at++
		}
		*text = append(*text, line[at])
	}
	return 0, mistake(from, len(line), "this {0} is never closed: add another at the end of the text", string(quote))
}

// escaped reads a backslash and the character that it protects.
func escaped(line string, from int, text *[]byte) (int, *Mistake) {
	if from+1 == len(line) {
		return 0, mistake(from, from+1, `a \ at the end protects nothing: leave it out, or write \\ for the character itself`)
	}
	*text = append(*text, line[from+1])
	return from + 2, nil
}

func blank(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

func sign(b byte) bool { return b == ';' || b == '|' }

// trimmed is the line without blanks around it.
func trimmed(line string) string {
	for line != "" && blank(line[0]) {
		line = line[1:]
	}
	for line != "" && blank(line[len(line)-1]) {
		line = line[:len(line)-1]
	}
	return line
}

// strung puts a text between words.
func strung(words []string, between string) string {
	all := ""
	for i, w := range words {
		if i > 0 {
			all += between
		}
		all += w
	}
	return all
}

// quote writes text as one word of a command line.
func quote(text string) string {
	plain := text != "" && text[0] != '-'
	for i := 0; i < len(text) && plain; i++ {
		plain = !blank(text[i]) && !sign(text[i]) && text[i] != '\'' && text[i] != '"' && text[i] != '\\'
	}
	switch {
	case plain:
		return text
	case !has(text, '\''):
		return "'" + text + "'"
	}
	return doubleQuoted(text)
}
