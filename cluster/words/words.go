// Package words puts what people read into their language. English is the language of the program itself: its texts are
// the keys, and a catalogue has each of them in another language, as GNU gettext does it. So a text that no catalogue has
// is still a sentence, and whoever reads the program reads what it says. A test (cmd/tidy) holds the catalogues to the texts.
//
// The browser carries this package, so it imports nothing.
package words

// Language is one that the interface speaks. The zero Language, and a nil one, is English.
type Language struct {
	Tag   string // BCP 47: "en", "de"
	texts map[string]string
}

// Of marks a text that is said elsewhere, by a Say that does not have it in its hands: in a table, in a constant, as in
// words.Of("a heartbeat"). It is no function: a conversion costs nothing, and a table of constants is not made when the
// program starts.
type Of = string

// Say is the text in this language. Values take the places {0}, {1} … {9}, in whatever order the language has them; a place
// without a value stays as it is. A text is a whole sentence or label: what is put together of pieces cannot be translated.
func (l *Language) Say(text string, values ...string) string {
	if l != nil {
		if other, known := l.texts[text]; known {
			text = other
		}
	}
	if len(values) == 0 {
		return text
	}
	return Fill(text, values...)
}

// Count is Say of one or of many, by n: "{0} request" or "{0} requests". The place {0} is n itself, which comes as it is
// to be shown.
func (l *Language) Count(n int, shown, one, many string, values ...string) string {
	if n != 1 {
		one = many
	}
	return l.Say(one, append([]string{shown}, values...)...)
}

// Fill puts the values in their places.
func Fill(text string, values ...string) string {
	size := len(text)
	for _, v := range values {
		size += len(v)
	}
	out, from := make([]byte, 0, size), 0
	for i := 0; i+2 < len(text); i++ {
		if n := int(text[i+1]) - '0'; text[i] == '{' && text[i+2] == '}' && n >= 0 && n < len(values) {
			out = append(append(out, text[from:i]...), isolated(values[n])...)
			from = i + 3
			i += 2
		}
	}
	return string(append(out, text[from:]...))
}

// isolated keeps a value that is written from right to left, or has marks that turn the direction, from turning the sentence
// around it too (Unicode Standard Annex 9, first strong isolate).
func isolated(value string) string {
	for i := range len(value) {
		c := value[i]
		// Hebrew to NKo begin with 0xD6 to 0xDF, the presentation forms with 0xEF 0xAC to 0xEF 0xBB; the marks are U+202A to U+202E.
		turns := c >= 0xD6 && c <= 0xDF
		if i+2 < len(value) {
			next, last := value[i+1], value[i+2]
			turns = turns || c == 0xE2 && next == 0x80 && last >= 0xAA && last <= 0xAE || c == 0xEF && next >= 0xAC && next <= 0xBB || c == 0xE0 && next >= 0xA0 && next <= 0xA3
		}
		if turns {
			return "\u2068" + value + "\u2069"
		}
	}
	return value
}
