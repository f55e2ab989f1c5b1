package words

import "errors"

// MaxCatalogue bounds a catalogue, in bytes.
const MaxCatalogue = 1 << 20

// Read reads a catalogue: a text in English on a line of its own, and on the next, after a tab, the same in the other
// language. Empty lines and those that begin with # count for nothing. Text that cannot be read so is an error that says where.
func Read(tag, catalogue string) (*Language, error) {
	if len(catalogue) > MaxCatalogue {
		return nil, errors.New("the catalogue of " + tag + " is longer than a catalogue may be")
	}
	l, english := &Language{Tag: tag, texts: map[string]string{}}, ""
	for catalogue != "" {
		var line string
		line, catalogue = cutLine(catalogue)
		switch {
		case line == "" || line[0] == '#':
		case line[0] != '\t' && english == "":
			english = line
		case line[0] == '\t' && english != "":
			if _, twice := l.texts[english]; twice {
				return nil, errors.New("the catalogue of " + tag + " has this text twice: " + english)
			}
			l.texts[english], english = line[1:], ""
		case english != "":
			return nil, errors.New("the catalogue of " + tag + " does not say what this is: " + english)
		default:
			return nil, errors.New("the catalogue of " + tag + " does not say of what this is the translation: " + line[1:])
		}
	}
	if english != "" {
		return nil, errors.New("the catalogue of " + tag + " does not say what this is: " + english)
	}
	return l, nil
}

func cutLine(text string) (line, rest string) {
	for i := range len(text) {
		if text[i] == '\n' {
			return text[:i], text[i+1:]
		}
	}
	return text, ""
}

// Each goes through the texts of a catalogue.
func (l *Language) Each(do func(english, other string)) {
	for english, other := range l.texts {
		do(english, other)
	}
}
