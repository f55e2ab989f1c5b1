package desk

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/words"
)

func init() {
	drawers["share"] = drawShare
	drawers["marks"] = drawMarks
}

// shared is one thing that can be given to others.
type shared struct {
	title, explains, text string
}

// shareSight is what can be shared of a recording, looked at in some place.
type shareSight struct {
	l      *words.Language
	things []shared
	file   string // where the recording is to be had; "" if it is not
}

// drawShare draws what one may give away: the page's own address stands first in the words, then, of the moment that was looked
// at, its event, the journal's epoch, and its virtual time in microseconds.
func drawShare(m Moment, words []string) *content {
	if len(words) == 0 {
		return nil
	}
	page, err := url.Parse(words[0])
	if err != nil || page.Scheme != "http" && page.Scheme != "https" || page.Host == "" {
		return nil
	}
	page.RawQuery, page.Fragment = "", ""
	s := shareSight{l: m.Words, file: m.Recording}
	watched := *page
	switch {
	case m.Journal != nil && m.Journal.Reach().Closed:
		s.add(m.Words.Say("The recording"), m.Words.Say("Whoever has this address sees the recording."), page.String())
	case m.Watching:
		page.Path = m.Watch
		s.file = "" // its address is the room's, which who watches does not know
	default:
		s.add(m.Words.Say("The room"), m.Words.Say("Whoever has this address sees the room and may act in it."), page.String())
	}
	if m.Watch != "" {
		watched.Path = m.Watch
		s.add(m.Words.Say("To watch only"), m.Words.Say("Whoever has this address sees the room and cannot act in it."), watched.String())
	}
	if moment, ok := fragment(words[1:]); ok {
		watched.Fragment = moment
		s.moments(m, *page, watched)
	}
	watched.RawQuery = "embed"
	s.frames(m.Words, watched)
	return &content{body: sharePanel(s)}
}

// frames are what shows the recording in other pages: as it goes on, or from its beginning if it has ended, and at the moment that is looked at.
func (s *shareSight) frames(l *words.Language, at url.URL) {
	frame := func() string {
		return `<iframe src="` + at.String() + `" width="100%" height="560" loading="lazy" title="quorumlab"></iframe>`
	}
	moment := at.Fragment
	at.Fragment = ""
	s.add(l.Say("In a page of yours"), l.Say("Stage and timeline, without everything around them."), frame())
	if at.Fragment = moment; moment != "" {
		s.add(l.Say("This moment in a page of yours"), l.Say("It opens where this page looks now."), frame())
	}
}

// moments are the addresses of the moment that is looked at. The first one gives nothing away but the sight of it.
func (s *shareSight) moments(m Moment, page, watched url.URL) {
	opens := m.Words.Say("It opens where this page looks now.")
	if m.Watch == "" || m.Watching {
		page.Fragment = watched.Fragment
		s.add(m.Words.Say("This moment"), opens, page.String())
		return
	}
	s.add(m.Words.Say("This moment"), opens+" "+m.Words.Say("Whoever has this address sees the room and cannot act in it."), watched.String())
	page.Fragment = watched.Fragment
	s.add(m.Words.Say("This moment, and the room with it"), opens+" "+m.Words.Say("Whoever has this address sees the room and may act in it."), page.String())
}

func (s *shareSight) add(title, explains, text string) {
	s.things = append(s.things, shared{title, explains, text})
}

// fragment is what stands behind the # of a moment's address.
func fragment(words []string) (string, bool) {
	names := [...]string{"seq", "epoch", "at"}
	if len(words) != len(names) {
		return "", false
	}
	var parts []string
	for i, name := range names {
		if _, err := strconv.ParseUint(words[i], 10, 64); err != nil {
			return "", false
		}
		parts = append(parts, name+"="+words[i])
	}
	return strings.Join(parts, "&"), true
}

// marked is the note of the bookmark at the moment that is looked at.
func marked(m Moment) (note string, there bool) {
	for _, k := range m.Journal.Marks() {
		if m.State != nil && k.Seq == m.State.Seq {
			return k.Note, true
		}
	}
	return "", false
}

// drawMarks lists the bookmarks, and takes new ones.
func drawMarks(m Moment, words []string) *content {
	if len(words) != 0 || m.Journal == nil {
		return nil
	}
	return &content{body: marksPanel(m)}
}
