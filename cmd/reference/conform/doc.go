// Package conform holds a program that speaks etcd's API against etcd itself: the same script of etcdctl commands is run
// against both, and what they print is compared line by line. What must differ is named, or masked by a rule that says
// why it may.
package conform
