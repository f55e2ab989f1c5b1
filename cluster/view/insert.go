package view

// insert puts v into s at a place. It is slices.Insert for one element: that one weighs several kilobytes in the browser for
// every type it is used with.
func insert[T any](s []T, at int, v T) []T {
	s = append(s, v)
	copy(s[at+1:], s[at:])
	s[at] = v
	return s
}

// drop takes all elements out of s that are gone; like slices.DeleteFunc.
func drop[T any](s []T, gone func(*T) bool) []T {
	kept := s[:0]
	for i := range s {
		if !gone(&s[i]) {
			kept = append(kept, s[i])
		}
	}
	clear(s[len(kept):])
	return kept
}

// find searches n sorted things for the one that compares as 0: those before it compare as less. It is not made anew for every
// type, as slices.BinarySearchFunc is.
func find(n int, compare func(i int) int) (at int, there bool) {
	end := n
	for at < end {
		if m := (at + end) / 2; compare(m) < 0 {
			at = m + 1
		} else {
			end = m
		}
	}
	return at, at < n && compare(at) == 0
}
