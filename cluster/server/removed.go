package server

// ErrRemoved is what Ended gives when the cluster has removed this member. The program then ends as etcd does, without
// an error, and its data directory is of no use any more.
var ErrRemoved = errRemoved
