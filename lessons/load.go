package lessons

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// readLesson reads one file. The lesson is there as far as it could be read, nil if not even the header could.
func readLesson(name string, text []byte) (*Lesson, Problems) {
	r := &report{file: name}
	if !readable(r, text) {
		return nil, r.problems
	}
	header, intro, sections := cut(r, normal(text))
	if len(r.problems) > 0 && header.text == "" {
		return nil, r.problems
	}
	l, ok := readHeader(r, header)
	if !ok {
		return nil, r.problems
	}
	l.Intro = readProse(r, intro, l)
	if len(sections) == 0 {
		r.fail(header.line, "the lesson has no steps: each begins with a heading ## Title")
	}
	if len(sections) > MaxSteps {
		r.fail(sections[MaxSteps].line, "this step is one too many: a lesson has at most %d", MaxSteps)
		sections = sections[:MaxSteps]
	}
	for _, s := range sections {
		l.Steps = append(l.Steps, readStep(r, s, l))
	}
	sum := sha256.Sum256(text)
	l.Hash = hex.EncodeToString(sum[:8])
	return l, r.problems.sorted()
}

// normal is a text without a byte order mark and with simple line ends.
func normal(text []byte) string {
	return strings.ReplaceAll(strings.TrimPrefix(string(text), "\uFEFF"), "\r\n", "\n")
}

// readable says whether the bytes are a text that a lesson may be.
func readable(r *report, text []byte) bool {
	switch {
	case len(text) > MaxFile:
		r.fail(0, "the file has more than %d KB, which no lesson needs: split it", MaxFile>>10)
	case bytes.IndexByte(text, 0) >= 0:
		r.fail(lineAt(text, bytes.IndexByte(text, 0)), "there is a NUL byte here: a lesson is plain text")
	case !utf8.Valid(text):
		r.fail(lineAt(text, invalidAt(text)), "there is something here that is not UTF-8: save the file as UTF-8")
	}
	return len(r.problems) == 0
}

func lineAt(text []byte, at int) int { return 1 + bytes.Count(text[:at], []byte("\n")) }

func invalidAt(text []byte) int {
	for at := 0; at < len(text); {
		c, n := utf8.DecodeRune(text[at:])
		if c == utf8.RuneError && n == 1 {
			return at
		}
		at += n
	}
	return len(text)
}
