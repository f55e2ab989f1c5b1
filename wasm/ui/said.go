package ui

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// Sentence is what the feed says of an event, and its tone: plain, good, bad, fault or minor. It is empty for
// what is not worth a sentence of its own. s is what was before the event; it is only read.
func Sentence(l *words.Language, s *view.State, e *event.Event) (text, tone string) {
	m := Model{Language: l, State: *s}
	text, t := m.sentence(e)
	return text, toneNames[t]
}

// Manner says how one direction of a link behaves: "whole", "50 ms one way, 10 % lost".
func Manner(l *words.Language, link event.Link) string { return manner(l, link) }

// Named says what a message is: "a heartbeat", "the entries x=1".
func Named(l *words.Language, msg *view.Message) string { return named(l, msg) }
