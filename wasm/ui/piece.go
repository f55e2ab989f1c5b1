package ui

// The browser's packages do without strings: it brings the tables of all characters along.

// startsWith says whether text begins so.
func startsWith(text, start string) bool {
	return len(text) >= len(start) && text[:len(start)] == start
}

// after is what follows the start, or the text itself if it does not begin so.
func after(text, start string) (rest string, found bool) {
	if startsWith(text, start) {
		return text[len(start):], true
	}
	return text, false
}

// before is what precedes the end, or the text itself if it does not end so.
func before(text, end string) (rest string, found bool) {
	if n := len(text) - len(end); n >= 0 && text[n:] == end {
		return text[:n], true
	}
	return text, false
}

// halves is what stands on either side of the first such byte; without one, all of it and nothing.
func halves(text string, at byte) (left, right string, found bool) {
	for i := 0; i < len(text); i++ {
		if text[i] == at {
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}

func mentions(text, words string) bool {
	for i := range text {
		if startsWith(text[i:], words) {
			return true
		}
	}
	return false
}

func has(text string, b byte) bool {
	_, _, found := halves(text, b)
	return found
}
