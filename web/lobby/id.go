package lobby

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
)

// alphabet is lower case without i, l, o and u, so that an id can be read aloud (Crockford).
var alphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// secretBytes make an id: 128 bits cannot be guessed. The two words before them are for people.
const secretBytes = 16

var (
	colours = strings.Fields("amber azure beige blue bronze cedar coral cream crimson ebony emerald golden green indigo ivory jade " +
		"khaki lemon lilac linen mauve mint ochre olive onyx opal pearl plum ruby rust sage silver")
	animals = strings.Fields("badger beaver bison crane crow deer dove eagle falcon finch fox gecko hare heron ibex jay " +
		"koala lark lemur lynx marten mole moose newt otter owl panda puffin raven seal swift wren")
)

// newID is a room's name and key: who has it may enter.
func newID() string {
	b := make([]byte, secretBytes+2)
	rand.Read(b) // never fails (crypto/rand)
	word := func(list []string, n byte) string { return list[int(n)%len(list)] }
	return word(colours, b[0]) + "-" + word(animals, b[1]) + "-" + alphabet.EncodeToString(b[2:])
}

// nickname is the part of an id that may be logged: who reads a log need not be able to enter the room.
func nickname(id string) string {
	if i := strings.LastIndexByte(id, '-'); i > 0 && i+4 < len(id) {
		return id[:i+5] + "…"
	}
	return id
}
