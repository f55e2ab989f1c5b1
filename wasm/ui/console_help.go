package ui

// about takes the words after help.
func (s *said) about() *Mistake {
	if len(s.words) == 0 {
		return nil
	}
	v, named := find(s.words)
	switch {
	case v == nil && partsOf(s.words[0].text) != nil:
		return nil
	case v == nil:
		return unknownVerb(s.words)
	case named < len(s.words):
		return s.words[named].at("help explains one command at a time")
	}
	s.topic = v
	return nil
}

// help explains one verb, or lists those whose name begins with a word, or all.
func (c *Console) help(s said) {
	if s.topic != nil {
		c.explainVerb(s.topic)
		return
	}
	for _, group := range groups {
		for i := range verbs {
			v := &verbs[i]
			if v.group == group && (len(s.words) == 0 || startsWith(v.name, s.words[0].text+" ")) {
				c.show(ink("good", v.name), ink("dim", "  "+firstSentence(c.Say(v.about))))
			}
		}
	}
	if len(s.words) == 0 {
		c.show(ink("good", "chaos · undo · preset"), ink("dim", "  "+c.Say("faults that come by themselves, the last one taken back, situations by name")))
		c.show(ink("good", c.Say("etcdctl's")), ink("dim", "  "+c.Say("watch, lock, lease, txn -i, endpoint, user and all others")))
		c.show(ink("dim", c.Say("help COMMAND explains one · Tab completes · ↑ brings back what was typed")))
	}
}

func (c *Console) explainVerb(v *verb) {
	c.show(ink("good", v.wording()))
	c.show(ink("", c.Say(v.about)))
	for _, f := range v.flags {
		c.show(ink("", "  "+f.wording()), ink("dim", "  "+c.Say(f.about)))
	}
	if v.also != "" {
		c.show(ink("dim", c.Say("also called {0}", v.also)))
	}
	c.show(ink("dim", c.Say("for example: {0}", v.example)))
}

// firstSentence is the text up to its first full stop or semicolon.
func firstSentence(text string) string {
	for i := 0; i < len(text); i++ {
		if text[i] == ';' || text[i] == '.' && (i+1 == len(text) || text[i+1] == ' ') {
			return text[:i]
		}
	}
	return text
}
