package server

import (
	"context"
	"fmt"
	"testing"
)

func TestThreeMembersServe(t *testing.T) {
	all := ring(t, 3)
	start(t, all...)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for i := range all { // each writes, and each reads what was written at the one before
		at, next := client(t, all[i]), client(t, all[(i+1)%3])
		key := fmt.Sprint("k", i)
		put, err := at.Put(ctx, key, "v")
		if err != nil {
			t.Fatal(err)
		}
		got, err := next.Get(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Kvs) != 1 || got.Kvs[0].ModRevision != put.Header.Revision {
			t.Errorf("%v was written at revision %d and read as %v", key, put.Header.Revision, got.Kvs)
		}
	}
	list, err := client(t, all[0]).MemberList(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list.Members {
		if m.Name == "" || len(m.ClientURLs) != 1 || len(m.PeerURLs) != 1 {
			t.Errorf("a member is listed as %v", m)
		}
	}
	if len(list.Members) != 3 {
		t.Errorf("%d members are listed", len(list.Members))
	}
}
