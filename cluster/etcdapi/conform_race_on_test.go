//go:build race

package etcdapi_test

const raceEnabled = true
