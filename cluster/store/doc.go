// Package store is the replicated state machine: etcd's applier, MVCC, leases, alarms and auth on bbolt behind raft.FSM,
// so that revisions, transactions and leases mean exactly what they mean in etcd 3.7.
//
//	s, err := store.Open(store.Options{Dir: drive.StoreDir(), Node: 2, Sync: true, Tap: tap, Failed: crash})
//	config.NoSnapshotRestoreOnStart = s.Applied() >= newest snapshot's index    // the store is durable by itself, unless it died installing one
//	r, err := raft.NewRaft(config, s, drive.Log, drive.Stable, drive.Snapshots, transport)
//	go s.Serve(r, dead)                                    // leases and alarms; it alone reads r.LeaderCh()
//
//	data, err := s.Encode(command, op)                     // a write: err is a sentence for the asker
//	future := r.Apply(data, timeout)                       // …
//	s.Result(future.Response(), &result)
//
//	s.Committed(drive.Log.LastForStore(commit), commit)    // whenever raft's commit index has grown: raft tells nobody of no-ops
//	s.WaitApplied(index, dead, timer.C)                    // a read: when it has applied what it must have
//	err = s.Read(command, &result)
//
//	data, err = s.Sign(user, request, op)                  // the same for all of etcd's API: requests and errors are etcd's
//	response, err := store.Verdict(future.Response())
//	s.Range(user, request)                                 // and ReadTxn, Count: on what is applied here
//	stream := s.NewWatchStream()                           // changes in order of revisions
//
//	data = store.Join(requests)                            // many requests share an entry, and its fsync
//	response, err = store.VerdictOf(future.Response(), i)  // each has its own verdict, and is applied once whatever happens
//
//	s.Close()                                              // or, after a kill:
//	s.Crash()                                              // closes, and leaves the file as the kill found it
//
// With Options.Place the store keeps etcd's list of members in step with raft's configuration (Members, Removed); names and
// client URLs come through the log.
//
// Everything belongs inside the node's bubble. Raft must be down before Close and Crash.
package store
