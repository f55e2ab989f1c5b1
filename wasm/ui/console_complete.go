package ui

import (
	"slices"
	"strconv"
)

// offer says where the words come from that could fill a slot.
type offer uint8

// The offers.
const (
	offerNothing offer = iota
	offerKeys
	offerNodes
	offerMessages
	offerFiles
	offerSwitch
	offerRates
	offerConsistency
)

// maxOffers bounds the words listed when Tab finds several.
const maxOffers = 24

// complete finishes the last word of the line as far as it is clear, and lists what could come.
func (c *Console) complete(m *Model) []Effect {
	words, last, ok := c.lastWord()
	if !ok {
		return nil
	}
	fits := startingWith(last, candidates(m, words, last))
	if len(fits) == 0 {
		return nil
	}
	full := shared(fits)
	if len(fits) == 1 {
		full += " "
	}
	effects := c.fill(c.line[:len(c.line)-len(last)] + full)
	if len(fits) > 1 {
		c.offers = fits[:min(len(fits), maxOffers)]
	}
	return effects
}

// TabCompletes says whether Tab would do something in the console's field; otherwise it moves on as it does everywhere.
func (m *Model) TabCompletes() bool {
	head, last, ok := m.Console.lastWord()
	return ok && m.Console.line != "" && len(startingWith(last, candidates(m, head, last))) > 0
}

// lastWord is the word being typed, perhaps empty, and the words before it. There is none inside quotes.
func (c *Console) lastWord() (before []word, last string, ok bool) {
	if len(c.line) > MaxLine {
		return nil, "", false
	}
	from := len(c.line)
	for from > 0 && !blank(c.line[from-1]) {
		from--
	}
	before, wrong := cutWords(c.line[:from])
	return before, c.line[from:], wrong == nil
}

// candidates are all words that could stand after these, given that the one being typed begins so.
func candidates(m *Model, words []word, last string) []string {
	v, named := find(words)
	if len(words) == 0 || v != nil && v.name == "help" {
		return names()
	}
	parts := partsOf(words[0].text)
	switch {
	case len(words) == 1 && parts != nil:
		return parts
	case startsWith(last, "--"):
		return dashed(flagNames(v))
	case v == nil:
		return append(m.offers(offerKeys), m.offers(offerNodes)...)
	}
	s := said{verb: v}
	for i, w := range words[named:] {
		if f := v.flag(w.text[min(len(w.text), 2):]); w.flag && f != nil && f.value != nil && i == len(words)-named-1 {
			return m.offers(f.value.offer)
		}
	}
	if s.flags(words[named:]) != nil {
		return nil
	}
	if n := len(s.words); n < len(v.slots) {
		return m.offers(v.slots[n].offer)
	}
	if v.free {
		return append(m.offers(offerNodes), m.offers(offerKeys)...)
	}
	return dashed(flagNames(v))
}

// offers are the words for a slot, from what the room has reported.
func (m *Model) offers(o offer) []string {
	var all []string
	switch o {
	case offerNothing:
	case offerKeys:
		for i := len(m.State.Ops) - 1; i >= 0; i-- {
			if key := m.State.Ops[i].Key; key != "" && !slices.Contains(all, quote(key)) {
				all = append(all, quote(key))
			}
		}
		sortWords(all)
	case offerNodes:
		for i := range m.State.Nodes {
			all = append(all, m.State.Nodes[i].ID.String())
		}
	case offerMessages:
		for i := range m.State.Messages {
			if m.State.Messages[i].Held {
				all = append(all, strconv.FormatUint(m.State.Messages[i].ID, 10))
			}
		}
	case offerFiles:
		all = []string{"log", "stable", "store"}
	case offerSwitch:
		all = []string{"on", "off"}
	case offerRates:
		all = []string{"real", "workshop", "slow"}
	case offerConsistency:
		all = []string{"l", "s"}
	}
	return all
}

// sortWords sorts by insertion: there are few.
func sortWords(words []string) {
	for i := range words {
		for j := i; j > 0 && words[j] < words[j-1]; j-- {
			words[j], words[j-1] = words[j-1], words[j]
		}
	}
}

func dashed(names []string) []string {
	for i := range names {
		names[i] = "--" + names[i]
	}
	return names
}

func startingWith(start string, words []string) []string {
	var fit []string
	for _, w := range words {
		if startsWith(w, start) {
			fit = append(fit, w)
		}
	}
	return fit
}

// shared is the longest beginning that all words have.
func shared(words []string) string {
	most := words[0]
	for _, w := range words[1:] {
		for !startsWith(w, most) {
			most = most[:len(most)-1]
		}
	}
	return most
}

// hint is what could be typed next: the usage of the verb that the line begins with.
func (c *Console) hint() string {
	words, wrong := cutWords(c.line[:min(len(c.line), MaxLine)])
	if wrong != nil {
		return wrong.Words(c.Language)
	}
	if len(words) == 0 {
		return ""
	}
	if v, _ := find(words); v != nil {
		return v.wording() + " — " + firstSentence(c.Say(v.about))
	}
	if v := roomVerbOf(words); v.name != "" {
		return c.Say("{0} {1} — help {0} tells more", v.name, v.usage)
	}
	return ""
}
