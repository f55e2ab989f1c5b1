package ui

import (
	"math"
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// spell writes a duration as people read it: "2 ms", "612 ms", "3.4 s", "2 min 5 s".
func spell(d event.Micros) string {
	switch {
	case d < 0:
		return "−" + spell(-d)
	case d < 1_000:
		return strconv.FormatInt(int64(d), 10) + " µs"
	case d < 10_000:
		return decimal(float64(d)/1e3, 1) + " ms"
	case d < 1_000_000:
		return strconv.FormatInt(int64(d/1_000), 10) + " ms"
	case d < 60_000_000:
		return decimal(float64(d)/1e6, 1) + " s"
	case d < 3_600_000_000:
		return strconv.FormatInt(int64(d/60_000_000), 10) + " min " + strconv.FormatInt(int64(d/1_000_000%60), 10) + " s"
	}
	return strconv.FormatInt(int64(d/3_600_000_000), 10) + " h " + strconv.FormatInt(int64(d/60_000_000%60), 10) + " min"
}

// tens are the powers of ten that decimal rounds to.
var tens = [...]float64{1, 10, 100, 1_000, 10_000, 100_000, 1_000_000}

// decimal writes at most so many digits (0 to 6) behind the point, and no zeros at the end. It does without
// strconv's floats, which would add their tables to what the browser loads.
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

// ratio writes a factor.
func ratio(f event.Factor) string { return decimal(f.Float(), 4) }

// number writes an index or a term.
func number(n uint64) string { return strconv.FormatUint(n, 10) }

// px writes a coordinate of the stage to a tenth.
func px(x float64) string { return decimal(x, 1) }

// list joins nodes: "n1, n2 and n3".
func list(ids []event.NodeID) string {
	s := ""
	for i, id := range ids {
		switch {
		case i == 0:
		case i == len(ids)-1:
			s += " and "
		default:
			s += ", "
		}
		s += id.String()
	}
	return s
}
