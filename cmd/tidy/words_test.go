package tidy

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

// word is something that may not stand in a file.
type word struct {
	pattern *regexp.Regexp
	except  *regexp.Regexp // lines in which it is fine; nil: none
	endings []string
	why     string
}

// prose and code: whatever a person wrote and may read.
var prose = []string{".go", ".templ", ".css", ".js", ".md", ".yml", ".html", ".svg", ".ci/run"}

// The patterns are put together from pieces so that this file does not match them itself.
var unwanted = []word{
	{pattern: regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|X` + `XX|HA` + `CK)\b`), except: regexp.MustCompile(`\w\.TO` + `DO\(\)`), endings: prose, why: "says of itself that it is unfinished: finish it, or write an issue"},
	{pattern: regexp.MustCompile(`(?i)\b(not ` + `implemented|st` + `ub)\b`), endings: prose, why: "says of itself that it is unfinished: finish it, or write an issue"},
	{pattern: regexp.MustCompile(`(?i)\bplace` + `holder\b`), except: regexp.MustCompile(`(?i)::?place` + `holder|place` + `holder=|"place` + `holder"|\[place` + `holder`),
		endings: prose, why: "is fine as an attribute of a form field only"},
	{pattern: regexp.MustCompile(`\.\./sha` + `red|(?m)(^|[" (=` + "`" + `'])/(work|root|home)/[a-z]`), endings: prose, why: "is a path of one machine; the project must stand alone"},
}

// asleep are timed waits in tests, and awake is how a line says that its clock is virtual.
var (
	asleep = regexp.MustCompile(`\btime\.Sl` + `eep\(|chromedp\.Sl` + `eep\(`)
	awake  = regexp.MustCompile(`// virtual: \S`)
)

func TestNoWordsAreLeftBehind(t *testing.T) {
	for _, w := range unwanted {
		for _, path := range matching(t, w.endings...) {
			source := read(t, path)
			if generated(source) || !w.pattern.Match(source) { // most files have nothing at all
				continue
			}
			eachLine(source, func(n int, line string) {
				if found := w.in(line); found != "" {
					t.Errorf("%s:%d: %q %s", path, n, found, w.why)
				}
			})
		}
	}
}

// in is what the line has of the word, "" for nothing.
func (w word) in(line string) string {
	if w.except != nil {
		line = w.except.ReplaceAllString(line, "")
	}
	return strings.TrimSpace(w.pattern.FindString(line))
}

func TestNoTestWaitsOnTheWallClock(t *testing.T) {
	for _, path := range matching(t, "_test.go") {
		source := read(t, path)
		if bytes.Contains(source, []byte(`"testing/syn`+`ctest"`)) {
			continue // inside a bubble sleeping costs nothing and is exact
		}
		eachLine(source, func(n int, line string) {
			if asleep.MatchString(line) && !awake.MatchString(line) {
				t.Errorf("%s:%d: a timed sleep; wait on a condition instead. Where the clock is virtual, say so on the line: // virtual: why", path, n)
			}
		})
	}
}

func TestWordsSeeWhatTheyForbid(t *testing.T) {
	for line, bad := range map[string]bool{
		"// TO" + "DO: later":                        true,
		"func mastodon() {}":                         false,
		"f(context.TO" + "DO())":                     false,
		`<input place` + `holder="put x 1">`:         false,
		"input::place" + "holder { color: red }":     false,
		"// a place" + "holder until the real thing": true,
		"dir := \"/ro" + "ot/x\"":                    true,
		"GET /ro" + "oms/x":                          false,
		"st" + "ub resolver":                         true,
	} {
		found := ""
		for _, w := range unwanted {
			found += w.in(line)
		}
		if (found != "") != bad {
			t.Errorf("%q: found %q, should find something: %v", line, found, bad)
		}
	}
}
