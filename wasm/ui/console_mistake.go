package ui

import "github.com/quorumlab/quorumlab/cluster/words"

// Mistake says what is wrong with a command line, where (the bytes From..To of it, within the line), and
// what would be right.
type Mistake struct {
	From, To int
	text     string // with places for the values
	values   []string
	foreign  bool // a flag that the page does not know: etcdctl may
}

// Words are the sentence; nil is English.
func (w *Mistake) Words(l *words.Language) string { return l.Say(w.text, w.values...) }

func mistake(from, to int, text string, values ...string) *Mistake {
	return &Mistake{From: from, To: to, text: text, values: values}
}

// at is a mistake about one word.
func (w word) at(text string, values ...string) *Mistake {
	return mistake(w.from, w.to, text, values...)
}

// nearest is the name at the smallest edit distance from what was said, within a third of its length.
func nearest(said string, names []string) string {
	best, least := "", 1+(len(said)+1)/3
	for _, name := range names {
		if d := distance(said, name); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance is the number of characters to insert, delete, replace or swap with their neighbour (optimal
// string alignment).
func distance(a, b string) int {
	const longest = 40 // no name is longer; keeps a pasted novel cheap
	if len(a) > longest || len(b) > longest {
		return longest
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
