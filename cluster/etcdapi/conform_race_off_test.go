//go:build !race

package etcdapi_test

const raceEnabled = false
