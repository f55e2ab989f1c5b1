package ui

import (
	"math"
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// tens are the powers of ten that decimal rounds to.
var tens = [...]float64{1, 10, 100, 1_000, 10_000, 100_000, 1_000_000}

// decimal writes at most so many digits (0 to 6) behind the point, and no zeros at the end: for attributes, and for fields
// and lines that a program reads. It does without strconv's floats, which would add their tables to what the browser loads.
func decimal(x float64, digits int) string {
	n := int64(math.Round(x * tens[digits]))
	for ; digits > 0 && n%10 == 0; digits-- {
		n /= 10
	}
	b := strconv.AppendInt(make([]byte, 0, 24), max(n, -n), 10)
	for len(b) <= digits {
		b = append([]byte{'0'}, b...)
	}
	if digits > 0 {
		b = append(b, 0)
		copy(b[len(b)-digits:], b[len(b)-1-digits:])
		b[len(b)-1-digits] = '.'
	}
	if n < 0 {
		return "-" + string(b)
	}
	return string(b)
}

// milliseconds writes a duration for a field whose unit is ms.
func milliseconds(d event.Micros) string { return decimal(float64(d)/1e3, 3) }

// percent writes a share for a field whose unit is %.
func percent(f event.Factor) string { return decimal(f.Float()*100, 2) }

// ratio writes a factor for a field.
func ratio(f event.Factor) string { return decimal(f.Float(), 4) }

// number writes an index or a term.
func number(n uint64) string { return strconv.FormatUint(n, 10) }

// px writes a coordinate of the stage to a tenth.
func px(x float64) string { return decimal(x, 1) }

// spell writes a duration as people read it: "2 ms", "612 ms", "3.4 s", "2 min 5 s".
func spell(l *words.Language, d event.Micros) string { return l.Duration(int64(d)) }

// factor writes a factor as people read it: "1.5", with the comma where a language has one.
func factor(l *words.Language, f event.Factor) string {
	return l.Decimal(int64(f), int64(event.One), 4)
}

// hundredths spells how many of a hundred, to a tenth.
func hundredths(l *words.Language, f event.Factor) string {
	return l.Decimal(int64(100*f), int64(event.One), 1)
}

// list joins nodes: "n1, n2 and n3".
func list(l *words.Language, ids []event.NodeID) string {
	var names []string
	for _, id := range ids {
		names = append(names, id.String())
	}
	return l.List(names)
}

// count says how many there are of something.
func (m *Model) count(n int, one, many string, values ...string) string {
	return m.Count(n, strconv.Itoa(n), one, many, values...)
}
