package ui

// local answers a line from what the page knows.
func (c *Console) local(s said) {
	switch s.verb.name {
	case "help":
		c.help(s)
	case "clear":
		c.out = nil
	case "history":
		for _, line := range c.history[max(0, len(c.history)-MaxRows):] {
			c.show(ink("", c.shortened(line)))
		}
	}
}
