package node

// Denied says why a request is not allowed here now, where etcd has no error of its own for it: a lesson does without it.
type Denied string

func (d Denied) Error() string { return string(d) }
