// Package desk draws what a viewer looks into beside the picture: a machine, a link, a request's whole path, the life of an
// entry, why something did not happen, the recording's timeline. Panels are HTML, made from facts alone, so that a living
// room, a recording that is replayed by a server, and one that is replayed in a browser without any draw the same.
package desk

import (
	"bytes"
	"context"
	"strings"

	"github.com/a-h/templ"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/tale"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
	"github.com/quorumlab/quorumlab/web/languages"
)

// Moment is what a panel is drawn from: a recording, and the place in it that is looked at.
type Moment struct {
	Journal *journal.Journal
	State   *view.State     // what the facts up to that place add up to; not to be changed
	Live    bool            // the place is the end of a recording that goes on
	Words   *words.Language // of whoever looks; nil: English

	Endpoints string  // where etcd's clients reach the nodes, as in event.FrameEndpoints; "": nowhere
	Watch     string  // path at which the room can be watched and not acted in; "": there is none
	Watching  bool    // whoever looks may not act
	Recording string  // address of the recording as a file; "": there is none
	Memory    *Memory // what panels of this room remember between two drawings; nil: nothing

	// Store asks a node of a living room what its own store holds, without anybody being told; nil: nobody can be asked, only
	// the facts are known. The error is a sentence. It must not take longer than a drawing may wait.
	Store func(event.NodeID, event.Command) (event.Result, error)

	register *tale.Register // of the journal, see registered; nil: none was asked for
	behind   bool           // it does not know all that was before the moment
}

// Panel is what stands at one place of the page.
type Panel struct {
	HTML  string
	Marks string // what it rests on, to be highlighted on the stage: n4, n1-n2, log …, separated by blanks
	More  bool   // not all has been read yet that it shows: drawn again, it goes on
}

// content is a panel before it is written.
type content struct {
	body  templ.Component
	marks string
	more  bool
}

// drawer draws what the words after its own name ask for; nil says that there is no such thing.
type drawer func(m Moment, words []string) *content

// drawers by the first word of what a viewer looks at.
var drawers = map[string]drawer{
	"node":    drawNode,
	"link":    drawLink,
	"message": drawMessage,
	"entry":   drawEntry,
	"op":      drawOp,
	"ops":     drawOps,
}

// MaxWords bounds what a viewer may ask to look at, in bytes.
const MaxWords = 512

// Draw draws what the words name: "node n3", "op 17", "why …". What is not known, or no longer there, is a sentence, and so
// is a drawing that panics: whoever looks must not be able to end the room that is looked at.
func Draw(m Moment, words string) (p Panel) {
	defer func() {
		if cause := recover(); cause != nil {
			p = broken(m, words, cause)
		}
	}()
	return draw(m, words)
}

// draw is Draw where a panic goes on.
func draw(m Moment, words string) Panel {
	var c *content
	if fields := strings.Fields(words); len(fields) > 0 && len(words) <= MaxWords {
		if draw := drawers[fields[0]]; draw != nil {
			c = draw(m, fields[1:])
		}
	}
	if c == nil {
		c = &content{body: nothing(strings.TrimPrefix(words, "why "), m.Live)}
	}
	return c.panel(m)
}

// panel writes the content.
func (c *content) panel(m Moment) Panel {
	var b bytes.Buffer
	if err := c.body.Render(languages.With(context.Background(), m.Words), &b); err != nil {
		panic(err) // a buffer takes everything
	}
	return Panel{HTML: b.String(), Marks: c.marks, More: c.more}
}
