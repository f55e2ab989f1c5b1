package ui

type cache struct{}

func Scene(m *Model) *Element { return tag("div") }
