package etcdmain

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// stopPatience is how long a member may take to hand leadership over and to end its clients' connections; systemd and
// Kubernetes kill after 90 and 30 seconds.
const stopPatience = 20 * time.Second

// signals are those that end the program.
type signals struct {
	arrived chan os.Signal  // the first; while the program stops, others are let go by
	caught  context.Context // ends then
	release func()
}

// catch keeps signals from ending the program.
func catch() signals {
	raw := make(chan os.Signal, 1)
	signal.Notify(raw, os.Interrupt, syscall.SIGTERM)
	arrived, released := make(chan os.Signal, 1), make(chan struct{})
	caught, tell := context.WithCancel(context.Background())
	go func() {
		defer tell()
		select {
		case sig := <-raw:
			arrived <- sig
		case <-released:
		}
	}()
	return signals{arrived: arrived, caught: caught, release: func() {
		signal.Stop(raw)
		close(released)
	}}
}

// starting is a context that a signal ends, but not once started was called.
func (s signals) starting() (ctx context.Context, started func() bool) {
	ctx, abort := context.WithCancel(context.Background())
	return ctx, context.AfterFunc(s.caught, abort)
}

// again lets the signal do what it does to a program that does not catch it, so that the parent sees what ended us. The
// first process of a container is not ended by signals that it does not catch.
func again(sig os.Signal) int {
	if os.Getpid() == 1 {
		return codeDone
	}
	signal.Reset(sig)
	self, err := os.FindProcess(os.Getpid())
	if err != nil || self.Signal(sig) != nil {
		return codeDone
	}
	select {} // until it takes effect
}
