package lessons

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/wasm/ui"
)

// headerKeys are what a header may say.
var headerKeys = []string{"id", "title", "track", "minutes", "needs", "nodes", "rate", "prevote", "setup", "allow", "forbid", "order",
	"remember", "read", "misconception", "authority", "summary"}

// Bounds of a header, beside those of lesson.go.
const (
	maxTitle   = 80 // characters of a title or a label
	maxMinutes = 60
	maxNodes   = 9
	maxNeeds   = 16
	maxLinks   = 12
	maxFacts   = 12 // of a summary
)

var (
	lessonID = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	tracks   = []string{string(Consensus), string(Store), string(OnCall), string(Play)}
	always   = []string{event.Rate.String(), event.Freeze.String(), event.Thaw.String(), event.Step.String()} // that allow leaves alone
)

// readHeader reads the YAML at the top of a file.
func readHeader(r *report, p passage) (l *Lesson, ok bool) {
	v, ok := readYAML(r, p.text, "the header", p.line)
	if !ok {
		return nil, false
	}
	v.line = 1
	t, ok := v.table(headerKeys)
	if !ok {
		return nil, false
	}
	l = &Lesson{File: r.file}
	t.identity(l)
	t.room(l)
	t.teaching(l)
	return l, true
}

// identity reads what the lesson is.
func (t table) identity(l *Lesson) {
	l.ID, l.line = t.text("id")
	if !lessonID.MatchString(l.ID) {
		t.fail(l.line, "the id is %q: give a short one of small letters and digits, such as a07", l.ID)
		l.ID = ""
	}
	l.Title = t.title("title")
	track, line := t.text("track")
	if l.Track = Track(track); !slices.Contains(tracks, track) {
		t.fail(line, "the track is %q: it is one of A (consensus), B (the store), C (on call), P (free play)", track)
	}
	l.Minutes = t.number("minutes", 0, 1, maxMinutes)
	if l.Minutes == 0 && !t.has("minutes") {
		t.fail(t.line, "the header says nothing about minutes: tell how many the lesson takes")
	}
	order, line := t.text("order")
	if l.AnyOrder = order == "any"; order != "" && !l.AnyOrder {
		t.fail(line, "the order is %q: leave it out, or say any", order)
	}
	l.Needs, l.needsLine = t.words("needs"), t.fields["needs"].line
	if len(l.Needs) > maxNeeds {
		t.fail(l.needsLine, "it needs %d lessons, and %d are the most", len(l.Needs), maxNeeds)
	}
}

// title is a short text that must be there.
func (t table) title(key string) string {
	text, line := t.text(key)
	switch {
	case strings.TrimSpace(text) == "" && !t.has(key):
		t.fail(t.line, "%s has no %s", t.what, key)
	case len([]rune(text)) > maxTitle:
		t.fail(line, "the %s has more than %d characters: shorten it", key, maxTitle)
	}
	return oneLine(text)
}

// room reads how the lesson's room is.
func (t table) room(l *Lesson) {
	l.Nodes = t.number("nodes", 5, 1, maxNodes)
	l.PreVote = t.flag("prevote", true)
	if word, line := t.text("rate"); word != "" {
		c, wrong := ui.Parse("rate " + word)
		if wrong != nil {
			t.fail(line, "the rate is wrong: %s", wrong.Words(nil))
		}
		l.Rate = c.Factor
	}
	l.Setup = t.lines("setup")
	l.Denied = t.denied()
}

// spoken are the commands that the console calls otherwise than events do.
var spoken = map[string]event.CommandKind{"elect": event.Elect, "move-leader": event.Transfer, "pre-vote": event.PreVote,
	"member add": event.MemberAdd, "member promote": event.MemberPromote, "member demote": event.MemberDemote, "member remove": event.MemberRemove}

// denied are the commands that a lesson does without.
func (t table) denied() []string {
	verbs := wordsOf[event.CommandKind](event.Commands - 1)[1:]
	if t.has("allow") && t.has("forbid") {
		t.fail(t.fields["forbid"].line, "it has both allow and forbid: one of them says all")
	}
	if !t.has("allow") {
		return t.verbs("forbid", verbs)
	}
	allowed := append(t.verbs("allow", verbs), always...)
	return slices.DeleteFunc(verbs, func(v string) bool { return slices.Contains(allowed, v) })
}

// verbs are the commands that a key names.
func (t table) verbs(key string, known []string) (named []string) {
	for _, v := range t.list(key) {
		word, line := v.text()
		if kind, ok := spoken[word]; ok {
			word = kind.String()
		}
		if word != "" && !slices.Contains(known, word) {
			t.fail(line, "%s names %q, which is no command%s", key, word, orMeant(word, known))
		}
		named = append(named, word)
	}
	return named
}

// teaching reads what is to be learned.
func (t table) teaching(l *Lesson) {
	l.Misconception, _ = t.text("misconception")
	l.Authority, _ = t.text("authority")
	in := setting{denied: l.Denied}
	for _, v := range t.list("remember") {
		l.Remember = append(l.Remember, v.prose(in))
	}
	for _, v := range t.list("summary") {
		l.Summary = append(l.Summary, v.prose(in))
	}
	if len(l.Summary) > maxFacts {
		t.fail(t.fields["summary"].line, "the summary has %d facts, and %d are the most", len(l.Summary), maxFacts)
	}
	l.Read = t.links()
	if l.Track == Play {
		return
	}
	if n := len(l.Remember); n != 2 {
		t.fail(t.at("remember"), "remember has %d sentences: a lesson has two of them", n)
	}
	if len(l.Read) == 0 && !t.has("read") {
		t.fail(t.line, "the header has no read: say where to read on")
	}
	for _, key := range []string{"misconception", "authority"} {
		if !t.has(key) {
			t.fail(t.line, "the header has no %s: say which belief the lesson corrects, and who says otherwise", key)
		}
	}
}

// at is the line of a key, or of the table if it is not there.
func (t table) at(key string) int {
	if v, there := t.fields[key]; there {
		return v.line
	}
	return t.line
}

// links reads where to read on.
func (t table) links() (links []Link) {
	all := t.list("read")
	if len(all) > maxLinks {
		t.fail(t.at("read"), "read has %d links, and %d are the most", len(all), maxLinks)
	}
	for _, v := range all {
		one, ok := v.table([]string{"text", "url"})
		if !ok {
			continue
		}
		to, line := one.text("url")
		if !secure(to) {
			one.fail(line, "the link to %q is refused: only https:// links are allowed", to)
		}
		links = append(links, Link{Text: one.title("text"), URL: to})
	}
	return links
}

// secure says whether a link may stand in a lesson.
func secure(to string) bool {
	u, err := url.Parse(to)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && !strings.ContainsAny(to, " \t\n\"<>")
}
