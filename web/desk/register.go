package desk

// registered is the moment with the register of its recording, in which things are found without all being read. The register
// comes with the timeline's chronicle; it is read on a little here, so that it gets along without anybody who looks at that.
func (m Moment) registered() Moment {
	if m.Journal == nil {
		return m
	}
	c := chronicleOf(m.Journal)
	m.register = &c.register
	if !c.mu.TryLock() { // whoever holds it reads on as well, or draws the timeline
		m.behind = m.register.Next() <= m.State.Seq
		return m
	}
	defer c.mu.Unlock()
	all := c.catchUp(m.Journal, readAtOnce) // of a damaged recording all that can be read
	m.behind = !all && m.register.Next() <= m.State.Seq
	return m
}
