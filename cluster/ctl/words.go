package ctl

import (
	"errors"
	"strings"
)

var errQuote = errors.New("a quote is not closed")

// cut cuts a line into words as a shell does: blanks separate; '…' is literal; inside "…" a backslash stands before ", \ or
// itself; outside, a backslash takes the next character as it is.
func cut(line string) (words []string, err error) {
	var word strings.Builder
	open := false // there is a word, perhaps an empty one
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			if open {
				words, open = append(words, word.String()), false
				word.Reset()
			}
			continue
		case c == '\'' || c == '"':
			end := closing(line[i+1:], c)
			if end < 0 {
				return nil, errQuote
			}
			word.WriteString(plain(line[i+1:i+1+end], c))
			i += end + 1
		case c == '\\' && i+1 < len(line):
			i++
			word.WriteByte(line[i])
		default:
			word.WriteByte(c)
		}
		open = true
	}
	if open {
		words = append(words, word.String())
	}
	return words, nil
}

// closing is the place of the quote that closes what s begins in, or -1.
func closing(s string, quote byte) int {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == quote:
			return i
		case s[i] == '\\' && quote == '"':
			i++
		}
	}
	return -1
}

// plain takes away the backslashes that protect something inside quotes.
func plain(s string, quote byte) string {
	if quote == '\'' {
		return s
	}
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s)
}
