package server

import "errors"

// restored takes over a data directory that etcdutl snapshot restore has written; nil: it is none.
func restored(c *Config) (*identity, error) {
	return nil, nil
}

// forceNew makes a cluster of this member alone of what its disk holds.
func forceNew(dir string, id *identity) error {
	return errors.New("--force-new-cluster is not there yet")
}
