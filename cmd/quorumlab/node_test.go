package main

import (
	"bytes"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestNodeIsAMemberWithEtcdsFlags(t *testing.T) {
	var urls []string
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		urls = append(urls, "http://"+l.Addr().String())
		l.Close()
	}
	log := t.TempDir() + "/log"
	cmd := quorumlab("node", "--name=n1", "--data-dir="+t.TempDir()+"/n1", "--listen-peer-urls="+urls[0], "--initial-advertise-peer-urls="+urls[0],
		"--listen-client-urls="+urls[1], "--advertise-client-urls="+urls[1], "--initial-cluster=n1="+urls[0],
		"--heartbeat-interval=20", "--election-timeout=100", "--log-outputs="+log)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill() // it has ended, if all is well
		_ = cmd.Wait()
	}()
	await(t, "the member serves clients", func() bool {
		said, err := os.ReadFile(log)
		return err == nil && bytes.Contains(said, []byte("ready to serve client requests"))
	})
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("after SIGTERM it ends with %v; a signal should have ended it, as with etcd", cmd.ProcessState)
	}
}

func TestNodeRefusesAsEtcdDoes(t *testing.T) {
	for _, c := range []struct {
		flag, want string
		code       int
	}{
		{"--wal-dir=/elsewhere", "quorumlab node: --wal-dir=/elsewhere is not supported", 1},
		{"--addr=127.0.0.1:80", "flag provided but not defined: -addr", 2},
	} {
		cmd := quorumlab("node", c.flag)
		out, err := cmd.CombinedOutput()
		if err == nil || cmd.ProcessState.ExitCode() != c.code || !strings.Contains(string(out), c.want) {
			t.Errorf("node %s ends with %v and says %s", c.flag, err, out)
		}
	}
}

func TestNodeTellsOfItsOwnFlag(t *testing.T) {
	out, err := quorumlab("node", "--help").Output()
	if err != nil || !strings.Contains(string(out), "  --listen-facts ''") {
		t.Errorf("the help ends with %v and says %s", err, out)
	}
}
