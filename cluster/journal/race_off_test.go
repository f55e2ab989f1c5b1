//go:build !race

package journal_test

// stride is how many cuts of a situation one stands for.
const stride = 1
