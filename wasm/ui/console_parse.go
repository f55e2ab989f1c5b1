package ui

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"slices"
)

// said is a command line understood.
type said struct {
	verb  *verb
	order event.Command
	words []word   // after the verb's name, without flags
	given []string // names of the flags
	topic *verb    // of help
	end   int      // of the line: where a missing word would stand
}

// Parse reads one line of the console. Lines that the page answers by itself (help, status and the like)
// give a Command of kind CommandNone. Every Mistake lies within the line.
func Parse(line string) (event.Command, *Mistake) {
	s, wrong := parse(line)
	return s.order, wrong
}

func parse(line string) (said, *Mistake) {
	if len(line) > MaxLine {
		return said{}, &Mistake{MaxLine, len(line), "the line is too long: " + plural(MaxLine, "byte") + " at most"}
	}
	words, wrong := cutWords(line)
	if wrong != nil {
		return said{}, wrong
	}
	v, named := find(words)
	if v == nil {
		return said{}, unknownVerb(words)
	}
	s := said{verb: v, order: event.Command{Kind: v.kind}, end: len(line)}
	if wrong := s.flags(words[named:]); wrong != nil {
		return said{}, wrong
	}
	if wrong := s.read(); wrong != nil {
		return said{}, wrong
	}
	return s, nil
}

// read takes the words after the verb's name.
func (s *said) read() *Mistake {
	switch {
	case !s.verb.free:
		return s.fit()
	case s.verb.kind == event.TxnDo:
		return readTxn(s)
	case s.verb.kind == event.Partition:
		return readGroups(s)
	}
	return s.about()
}

func unknownVerb(words []word) *Mistake {
	if len(words) == 0 {
		return &Mistake{0, 0, "nothing to do: help lists the commands"}
	}
	first := words[0]
	if parts := partsOf(first.text); parts != nil {
		list := strung(parts, ", ")
		if len(words) == 1 {
			return first.at(first.text + " what? " + list)
		}
		return words[1].at(first.text + " has no " + shown(words[1].text) + ", only " + list)
	}
	if hint := meant(first.text, names()); hint != "" {
		return first.at("unknown command " + shown(first.text) + hint)
	}
	return first.at("unknown command " + shown(first.text) + ": help lists them all")
}

// names are all names of verbs.
func names() []string {
	var all []string
	for i := range verbs {
		all = append(all, verbs[i].name)
		if verbs[i].also != "" {
			all = append(all, verbs[i].also)
		}
	}
	roomVerbs(func(v roomVerb) bool {
		if !slices.Contains(all, v.name) {
			all = append(all, v.name)
		}
		return false
	})
	return all
}

// partsOf are the second words of verbs such as member add.
func partsOf(first string) []string {
	var parts []string
	for _, name := range names() {
		if rest, ok := after(name, first+" "); ok {
			parts = append(parts, rest)
		}
	}
	return parts
}

// flags takes the flags out of the words and keeps the others. A bare -- ends them.
func (s *said) flags(words []word) *Mistake {
	for i := 0; i < len(words); i++ {
		w := words[i]
		if w.ends() {
			if s.verb.kind != event.TxnDo {
				i++ // the mark itself says nothing more
			}
			s.words = append(s.words, words[i:]...)
			return nil
		}
		if !w.flag {
			s.words = append(s.words, w)
			continue
		}
		used, wrong := s.flag(w, words[i+1:])
		if wrong != nil {
			return wrong
		}
		i += used
	}
	return nil
}

// flagged says whether the flag was given.
func (s *said) flagged(name string) bool { return slices.Contains(s.given, name) }

// ends says whether the word is the mark after which nothing is a flag.
func (w word) ends() bool { return w.bare && w.text == "--" }

// flag reads one flag and says how many of the words after it were its value.
func (s *said) flag(w word, after []word) (int, *Mistake) {
	name, given, has := halves(w.text[2:], '=')
	f := s.verb.flag(name)
	s.given = append(s.given, name)
	switch {
	case f == nil:
		return 0, unknownFlag(s.verb, name, word{from: w.from, to: min(w.to, w.from+2+len(name))})
	case f.value == nil && has:
		return 0, w.at("--" + name + " takes no value: leave it out, or leave out the flag")
	case f.value == nil:
		f.on(&s.order)
		return 0, nil
	case has:
		return 0, f.value.set(&s.order, word{text: given, from: min(w.to, w.from+3+len(name)), to: w.to})
	case len(after) == 0:
		return 0, &Mistake{s.end, s.end, "--" + name + " needs a value: " + f.wording()}
	}
	return 1, f.value.set(&s.order, after[0])
}

func unknownFlag(v *verb, name string, w word) *Mistake {
	text := "unknown flag --" + clip(name) + " for " + v.name
	if near := nearest(name, flagNames(v)); near != "" {
		return w.at(text + ": did you mean --" + near + "?")
	}
	if len(v.flags) == 0 {
		return w.at(text + ": it has none")
	}
	return w.at(text + ": it has --" + strung(flagNames(v), ", --"))
}

func flagNames(v *verb) []string {
	if v == nil {
		return nil
	}
	var all []string
	for i := range v.flags {
		all = append(all, v.flags[i].name)
	}
	return all
}

// fit puts the words into the verb's slots.
func (s *said) fit() *Mistake {
	for i, w := range s.words {
		if w.bare && len(w.text) == 1 && sign(w.text[0]) {
			return w.at("a bare " + w.text + " separates: put it in quotes to mean the character")
		}
		if i >= len(s.verb.slots) {
			return w.at(tooMany(s.verb, w))
		}
		if wrong := s.verb.slots[i].set(&s.order, w); wrong != nil {
			return wrong
		}
	}
	if n := len(s.words); n < len(s.verb.slots) && !s.verb.slots[n].optional {
		return &Mistake{s.end, s.end, s.verb.name + " needs a " + s.verb.slots[n].name + " here: " + s.verb.wording()}
	}
	if s.verb.check != nil {
		return s.verb.check(s)
	}
	return nil
}

func tooMany(v *verb, w word) string {
	text := shown(w.text) + " is one word too many: " + v.wording()
	if v.kind == event.Put {
		text += "; a value with blanks goes in quotes"
	}
	return text
}

// shown is a word of the line as an error quotes it.
func shown(text string) string { return `"` + clip(text) + `"` }

// clip keeps quoted words short.
func clip(text string) string {
	const most = 40
	if len(text) <= most {
		return text
	}
	for i := range text {
		if i > most-4 {
			return text[:i] + "…"
		}
	}
	return text
}
