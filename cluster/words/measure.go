package words

import "strconv"

// Duration writes microseconds as people read them: "2 ms", "612 ms", "3.4 s", "2 min 5 s".
func (l *Language) Duration(micros int64) string {
	whole := func(n int64) string { return strconv.FormatInt(n, 10) }
	switch d := micros; {
	case d < 0:
		return "−" + l.Duration(-d)
	case d == 0:
		return l.Say("{0} s", "0")
	case d < 1_000:
		return l.Say("{0} µs", whole(d))
	case d < 10_000:
		return l.Say("{0} ms", l.Decimal(d, 1_000, 1))
	case d < 1_000_000:
		return l.Say("{0} ms", whole(d/1_000))
	case d < 60_000_000:
		return l.Say("{0} s", l.Decimal(d, 1_000_000, 1))
	case d < 3_600_000_000:
		return l.Say("{0} min {1} s", whole(d/60_000_000), whole(d/1_000_000%60))
	}
	return l.Say("{0} h {1} min", whole(micros/3_600_000_000), whole(micros/60_000_000%60))
}

// Decimal writes n/of with at most so many digits (0 to 6) behind the point, and no zeros at the end. of is a power of ten.
func (l *Language) Decimal(n, of int64, digits int) string {
	sign := ""
	if n < 0 {
		sign, n = "−", -n
	}
	unit := of
	for range digits {
		unit /= 10
	}
	unit = max(unit, 1)
	n = (n + unit/2) / unit
	per := of / unit
	rest := strconv.FormatInt(per+n%per, 10)[1:]
	for rest != "" && rest[len(rest)-1] == '0' {
		rest = rest[:len(rest)-1]
	}
	if rest == "" {
		return sign + strconv.FormatInt(n/per, 10)
	}
	return sign + l.Say("{0}.{1}", strconv.FormatInt(n/per, 10), rest)
}

// Number writes a count with its thousands apart: "1,204". Indices, terms and revisions are names and not counts: they
// are written as they are.
func (l *Language) Number(n uint64) string {
	if n < 1_000 {
		return strconv.FormatUint(n, 10)
	}
	return l.Say("{0},{1}", l.Number(n/1_000), strconv.FormatUint(1_000+n%1_000, 10)[1:])
}

// Bytes writes a size: "312 B", "4.2 kB", "1.5 MB".
func (l *Language) Bytes(n int64) string {
	switch {
	case n < 1_000:
		return l.Say("{0} B", strconv.FormatInt(n, 10))
	case n < 1_000_000:
		return l.Say("{0} kB", l.Decimal(n, 1_000, 1))
	}
	return l.Say("{0} MB", l.Decimal(n, 1_000_000, 1))
}

// List joins names: "n1, n2 and n3".
func (l *Language) List(names []string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return names[0]
	}
	all := names[0]
	for _, name := range names[1 : len(names)-1] {
		all = l.Say("{0}, {1}", all, name)
	}
	return l.Say("{0} and {1}", all, names[len(names)-1])
}
