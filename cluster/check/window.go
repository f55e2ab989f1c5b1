package check

// Window is how many of the newest indices (or terms) a monitor remembers of each sort. What is older is no
// longer compared: a contradiction to it goes unnoticed. A room's logs are compacted well before.
const Window = 4096

// window remembers a T for each of the newest Window numbers, in constant time.
type window[T any] struct {
	slots []slot[T]
}

type slot[T any] struct {
	number uint64
	there  bool
	value  T
}

// get gives what is remembered of n, nil if nothing is.
func (w *window[T]) get(n uint64) *T {
	if len(w.slots) == 0 {
		return nil
	}
	s := &w.slots[n%Window]
	if !s.there || s.number != n {
		return nil
	}
	return &s.value
}

// put remembers v of n in the place of an older number. A newer one stays.
func (w *window[T]) put(n uint64, v T) {
	if len(w.slots) == 0 {
		w.slots = make([]slot[T], Window)
	}
	if s := &w.slots[n%Window]; !s.there || s.number <= n {
		*s = slot[T]{number: n, there: true, value: v}
	}
}

// clear forgets everything.
func (w *window[T]) clear() { clear(w.slots) }
