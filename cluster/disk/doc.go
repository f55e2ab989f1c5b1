// Package disk is what a machine keeps through a crash: a node's directory with its log, its term and vote, its
// snapshots and the place of its store.
//
//	fence := disk.NewFence(func(why event.Reason) { … })       // a crash point was reached
//	drive, err := disk.Open(disk.Options{Dir: dir, Node: 2, Sync: true, Tap: tap, Describe: store.Describe, Fence: fence, Failed: crash})
//	var damage *disk.Damage                                     // errors.As: it names file and byte
//	raft.NewRaft(config, fsm, drive.Log, drive.Stable, drive.Snapshots, transport)
//	…
//	fence.Arm(event.AfterFsync)                                 // die right after the next write to the log
//	…
//	drive.Close(); disk.Seal(dir)                               // after the store in drive.StoreDir() is closed
//
// What etcd's own tools wrote becomes a node's directory by Import, before it is opened for the first time, and Alone makes a
// cluster of one of what a directory holds. A test of power cuts names a file in Options.Witness, kills the process and
// calls LosePower:
//
//	drive, err := disk.Open(disk.Options{Dir: dir, Sync: true, Witness: note})   // in the process that will be killed
//	lost, err := disk.LosePower(dir, note, dice)                                 // then: what a power cut takes
//
// Everything belongs inside the node's bubble: fsyncs take virtual time (Options.Delay), the log has a goroutine of its own.
// BootstrapCluster and NewRaft write too; call them on a goroutine of their own, because a fence or a full disk ends the
// goroutine that writes.
//
// Files below Options.Dir:
//
//	format      which layout this is
//	log/        etcd's write-ahead log, a folder a generation (Log)
//	stable.db   term and vote (Stable)
//	snapshots/  hashicorp/raft's file snapshots
//	store/      the key-value store's; cluster/store owns it
//	seal        checksums of a stopped machine's blocks (Seal)
package disk
