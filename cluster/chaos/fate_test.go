package chaos

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// What happened last to machines is remembered, so many things and no more.
func TestFatesAreTheLastOnes(t *testing.T) {
	r := &run{}
	for i := range uint64(mostFates + 1) {
		r.remember(event.Event{Kind: event.Delivered, Seq: i})
		r.remember(event.Event{Kind: event.Stopped, Seq: i})
	}
	if n := len(r.fates); n != mostFates || r.fates[0].Seq != 1 || r.fates[n-1].Seq != mostFates {
		t.Errorf("%d are remembered, from %d", n, r.fates[0].Seq)
	}
}
