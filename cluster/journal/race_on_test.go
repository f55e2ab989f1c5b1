//go:build race

package journal_test

// stride is how many cuts of a situation one stands for: the race detector makes each many times as slow.
const stride = 13
