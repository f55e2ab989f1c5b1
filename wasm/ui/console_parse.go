package ui

import (
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
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
		return said{}, mistake(MaxLine, len(line), "the line is too long: {0} bytes at most", number(MaxLine))
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
		return mistake(0, 0, "nothing to do: help lists the commands")
	}
	first := words[0]
	if parts := partsOf(first.text); parts != nil {
		list := strung(parts, ", ")
		if len(words) == 1 {
			return first.at("{0} what? {1}", first.text, list)
		}
		return words[1].at("{0} has no {1}, only {2}", first.text, shown(words[1].text), list)
	}
	if near := nearest(first.text, names()); near != "" {
		return first.at("unknown command {0}: did you mean {1}?", shown(first.text), near)
	}
	return first.at("unknown command {0}: help lists them all", shown(first.text))
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
		return 0, w.at("--{0} takes no value: leave it out, or leave out the flag", name)
	case f.value == nil:
		f.on(&s.order)
		return 0, nil
	case has:
		return 0, f.value.set(&s.order, word{text: given, from: min(w.to, w.from+3+len(name)), to: w.to})
	case len(after) == 0:
		return 0, mistake(s.end, s.end, "--{0} needs a value: {1}", name, f.wording())
	}
	return 1, f.value.set(&s.order, after[0])
}

func unknownFlag(v *verb, name string, w word) *Mistake {
	if near := nearest(name, flagNames(v)); near != "" {
		return w.at("unknown flag --{0} for {1}: did you mean --{2}?", clip(name), v.name, near)
	}
	wrong := w.at("unknown flag --{0} for {1}: it has --{2}", clip(name), v.name, strung(flagNames(v), ", --"))
	if len(v.flags) == 0 {
		wrong.text = words.Of("unknown flag --{0} for {1}: it has none")
	}
	wrong.foreign = true
	return wrong
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
			return w.at("a bare {0} separates: put it in quotes to mean the character", w.text)
		}
		if i >= len(s.verb.slots) {
			return tooMany(s.verb, w)
		}
		if wrong := s.verb.slots[i].set(&s.order, w); wrong != nil {
			return wrong
		}
	}
	if n := len(s.words); n < len(s.verb.slots) && !s.verb.slots[n].optional {
		return mistake(s.end, s.end, "{0} needs a {1} here: {2}", s.verb.name, s.verb.slots[n].name, s.verb.wording())
	}
	if s.verb.check != nil {
		return s.verb.check(s)
	}
	return nil
}

func tooMany(v *verb, w word) *Mistake {
	wrong := w.at("{0} is one word too many: {1}", shown(w.text), v.wording())
	if v.kind == event.Put {
		wrong.text = words.Of("{0} is one word too many: {1}; a value with blanks goes in quotes")
	}
	return wrong
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
