package store

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// batchField is the number of the field, unknown to etcd, that holds the requests of an entry of many.
const batchField protowire.Number = 1000

// Join makes one entry of the log of many requests. One request alone stays as it is.
func Join(requests [][]byte) []byte {
	if len(requests) == 1 {
		return requests[0]
	}
	size := 0
	for _, r := range requests {
		size += protowire.SizeTag(batchField) + protowire.SizeBytes(len(r))
	}
	b := make([]byte, 0, size)
	for _, r := range requests {
		b = protowire.AppendTag(b, batchField, protowire.BytesType)
		b = protowire.AppendBytes(b, r)
	}
	return b
}

// VerdictOf is the Verdict on the request number i of an entry, when response is what Apply returned for it.
func VerdictOf(response any, i int) (proto.Message, error) {
	if all, ok := response.([]any); ok {
		return Verdict(all[i])
	}
	return Verdict(response)
}
