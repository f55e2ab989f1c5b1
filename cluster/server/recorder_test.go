package server

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

func TestWatchedMemberTellsWhatItDoes(t *testing.T) {
	all := ring(t, 3)
	all[0].Record = true
	running := start(t, all...)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	put, err := client(t, all[1]).Put(ctx, "x", "1")
	if err != nil {
		t.Fatal(err)
	}
	w, err := running[0].Watched()
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the record of a put", func() error {
		state := w.State()
		n := state.Node(running[0].id.Node)
		if n == nil || !n.Up || n.Revision < put.Header.Revision || len(n.Members) != 3 {
			return fmt.Errorf("the member has not told of it yet: %+v", n)
		}
		for i := range n.Log.Len() {
			e := n.Log.At(i)
			if e.Label == "x=1" && e.Index <= n.Commit && e.Index <= n.Applied {
				return nil
			}
		}
		return errors.New("the log has no such entry")
	})
	if r := w.Do(ctx, event.Command{Kind: event.Put, Key: "x"}); r.Outcome != event.Failed || r.Error == "" {
		t.Errorf("who watches may write: %v", r)
	}
	if _, err := running[1].Watched(); err != ErrNotWatched {
		t.Errorf("one that records nothing can be watched: %v", err)
	}
}
