package store

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// fieldJoined is the number of a field that etcd's InternalRaftRequest does not have: in a joined entry it stands once
// for every request. So etcd's tools can still read such an entry, as a request for nothing.
const fieldJoined protowire.Number = 7000

// Join makes one log entry of requests, which Encode or Sign made. They are applied in their order. One alone stays as it
// is. The node bounds how many and how large they are together.
func Join(requests [][]byte) []byte {
	if len(requests) == 1 {
		return requests[0]
	}
	size := 0
	for _, r := range requests {
		size += protowire.SizeTag(fieldJoined) + protowire.SizeBytes(len(r))
	}
	b := make([]byte, 0, size)
	for _, r := range requests {
		b = protowire.AppendTag(b, fieldJoined, protowire.BytesType)
		b = protowire.AppendBytes(b, r)
	}
	return b
}

// split undoes Join. It is false for an entry that was not joined.
func split(data []byte) (requests [][]byte, ok bool) {
	n := joined(data)
	if n == 0 {
		return nil, false
	}
	requests = make([][]byte, n)
	for i := range requests {
		_, _, tag := protowire.ConsumeTag(data)
		r, size := protowire.ConsumeBytes(data[tag:])
		requests[i], data = r, data[tag+size:]
	}
	return requests, true
}

// joined counts the requests of a joined entry; 0: it is none.
func joined(data []byte) (n int) {
	for len(data) > 0 {
		num, typ, tag := protowire.ConsumeTag(data)
		if tag < 0 || num != fieldJoined || typ != protowire.BytesType {
			return 0
		}
		_, size := protowire.ConsumeBytes(data[tag:])
		if size < 0 {
			return 0
		}
		n++
		data = data[tag+size:]
	}
	return n
}

// responses are what Apply gives for a joined entry, one for each request.
type responses []any

// Part is what Apply returned for request i of an entry, for Result and Verdict. Who did not join counts from 0 too.
func Part(response any, i int) any {
	all, ok := response.(responses)
	switch {
	case !ok && i == 0:
		return response
	case ok && i < len(all):
		return all[i]
	}
	return nil
}

// VerdictOf is Verdict on request i of an entry.
func VerdictOf(response any, i int) (proto.Message, error) { return Verdict(Part(response, i)) }
