package ui

// Diff returns the patches that turn old into new. Subtrees that are the same pointer cost nothing.
// Children with a Key are found by it and moved as few as possible; those without go by their order.
// A different Tag under the same key is another element.
func Diff(old, new *Element) []Patch { return AppendDiff(nil, old, new) }

// AppendDiff is Diff into a slice that is used again.
func AppendDiff(to []Patch, old, new *Element) []Patch {
	d := differ{out: to}
	d.node(old, new, false)
	return d.out
}

// differ walks both trees at once. A parent's children are brought into their new order before any of them
// is entered, therefore every path is one of the new tree.
type differ struct {
	out  []Patch
	path []int
	kept []int // a copy of path that patches share, nil when path has changed since
}

func (d *differ) emit(p Patch) {
	if d.kept == nil {
		d.kept = append(make([]int, 0, len(d.path)), d.path...)
	}
	p.Path = d.kept
	d.out = append(d.out, p)
}

func (d *differ) node(old, new *Element, svg bool) {
	if old == new {
		return
	}
	svg = svg || new.Tag == "svg"
	switch {
	case old.Tag != new.Tag:
		d.emit(Patch{Op: Replace, Element: new, SVG: svg})
		return
	case new.Tag == "":
		if old.Text != new.Text {
			d.emit(Patch{Op: SetText, Value: new.Text})
		}
		return
	}
	d.attrs(old, new)
	kids := old.Kids
	if old.Raw != new.Raw {
		d.emit(Patch{Op: SetHTML, Value: new.Raw})
		kids = nil
	}
	if new.Raw != "" {
		return
	}
	if new.Tag == "foreignObject" {
		svg = false
	}
	d.kids(kids, new.Kids, svg)
}

func (d *differ) attrs(old, new *Element) {
	for i, a := range new.Attrs {
		if i < len(old.Attrs) && old.Attrs[i] == a {
			continue
		}
		if was, found := old.Attr(a.Name); !found || was != a.Value {
			d.emit(Patch{Op: SetAttr, Name: a.Name, Value: a.Value})
		}
	}
	for i, a := range old.Attrs {
		if i < len(new.Attrs) && new.Attrs[i].Name == a.Name {
			continue
		}
		if _, found := new.Attr(a.Name); !found {
			d.emit(Patch{Op: RemoveAttr, Name: a.Name})
		}
	}
}

func (d *differ) kids(old, new []*Element, svg bool) {
	if !sameOrder(old, new) {
		old = d.reorder(old, new, svg)
	}
	for i, k := range new {
		if old[i] == k {
			continue
		}
		d.path, d.kept = append(d.path, i), nil
		d.node(old[i], k, svg)
		d.path, d.kept = d.path[:len(d.path)-1], nil
	}
}

// sameOrder is the common case: nothing came, went or moved.
func sameOrder(old, new []*Element) bool {
	if len(old) != len(new) {
		return false
	}
	for i := range new {
		if old[i] != new[i] && !same(old[i], new[i]) {
			return false
		}
	}
	return true
}

func same(a, b *Element) bool { return a.Key == b.Key && a.Tag == b.Tag }

// reorder emits removals, moves and insertions and returns the old children in the new order; where a child
// is new it stands for its own old self.
func (d *differ) reorder(old, new []*Element, svg bool) []*Element {
	match := matches(old, new)
	stay := make([]bool, len(old))
	for _, o := range match {
		if o >= 0 {
			stay[o] = true
		}
	}
	now := make([]int, 0, len(new)) // which old child stands where at the moment
	for o := len(old) - 1; o >= 0; o-- {
		if !stay[o] {
			d.emit(Patch{Op: Remove, Index: o})
		}
	}
	for o := range old {
		if stay[o] {
			now = append(now, o)
		}
	}
	d.move(match, now)
	result := make([]*Element, len(new))
	for i, o := range match {
		if o >= 0 {
			result[i] = old[o]
			continue
		}
		result[i] = new[i]
		d.emit(Patch{Op: Insert, Index: i, Element: new[i], SVG: svg || new[i].Tag == "svg"})
	}
	return result
}

// move emits the fewest moves that bring the kept children into the order of match.
func (d *differ) move(match, now []int) {
	want := make([]int, 0, len(now))
	for _, o := range match {
		if o >= 0 {
			want = append(want, o)
		}
	}
	still := longestRising(want)
	for i := len(want) - 1; i >= 0; i-- {
		if still[i] {
			continue
		}
		from := position(now, want[i])
		now = append(now[:from], now[from+1:]...)
		to := len(now)
		if i+1 < len(want) {
			to = position(now, want[i+1])
		}
		now = append(now, 0)
		copy(now[to+1:], now[to:])
		now[to] = want[i]
		d.emit(Patch{Op: Move, From: from, Index: to})
	}
}

func position(in []int, what int) int {
	for i, x := range in {
		if x == what {
			return i
		}
	}
	return -1
}

// matches gives for every new child the index of the old one that it continues, or -1.
func matches(old, new []*Element) []int {
	byKey := make(map[string]int, len(old))
	var plain []int
	for i, o := range old {
		if o.Key == "" {
			plain = append(plain, i)
		} else {
			byKey[o.Key] = i
		}
	}
	match := make([]int, len(new))
	for i, n := range new {
		match[i] = -1
		if n.Key != "" {
			if o, found := byKey[n.Key]; found && same(old[o], n) {
				match[i] = o
				delete(byKey, n.Key)
			}
			continue
		}
		for j, o := range plain {
			if old[o].Tag == n.Tag {
				match[i], plain = o, plain[j+1:]
				break
			}
		}
	}
	return match
}

// longestRising marks a longest increasing subsequence: those children need not move.
func longestRising(in []int) []bool {
	var tails []int // tails[k]: position of the smallest end of a rising run of length k+1
	before := make([]int, len(in))
	for i, x := range in {
		lo, hi := 0, len(tails)
		for lo < hi {
			if mid := (lo + hi) / 2; in[tails[mid]] < x {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		before[i] = -1
		if lo > 0 {
			before[i] = tails[lo-1]
		}
		if lo == len(tails) {
			tails = append(tails, i)
		} else {
			tails[lo] = i
		}
	}
	still := make([]bool, len(in))
	if len(tails) > 0 {
		for i := tails[len(tails)-1]; i >= 0; i = before[i] {
			still[i] = true
		}
	}
	return still
}
