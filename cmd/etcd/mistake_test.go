package main

import (
	"strings"
	"testing"
)

// quick is for members that are alone: nobody but they has to hear of them.
var quick = []string{"--heartbeat-interval=20", "--election-timeout=100"}

func TestWhatIsTakenIsSaid(t *testing.T) {
	t.Parallel()
	c := form(t, 1, "http", quick...).start()
	m := c.members[0]
	for name, other := range map[string]func(*member){
		"data-dir":           func(o *member) { o.dir = m.dir },
		"listen-client-urls": func(o *member) { o.client = m.client },
		"listen-peer-urls":   func(o *member) { o.peer = m.peer },
	} {
		o := newMember(t, ours(t), "other", "http", quick...)
		other(o)
		o.args = append(o.args, "--initial-cluster=other="+o.peer)
		o.start()
		state := o.over()
		said := o.said()
		last := said[strings.LastIndex(strings.TrimSpace(said), "\n")+1:]
		if state.ExitCode() != 1 || !strings.HasPrefix(last, "etcd: ") || !strings.Contains(last, "in use") || (name != "data-dir" && !strings.Contains(last, "--"+name)) {
			t.Errorf("with another's %s it ends with %v and says %s", name, state, last)
		}
	}
	c.says("OK", "put", "a", "1")
}

func TestClusterThatIsNotOnesOwn(t *testing.T) {
	for _, test := range []struct {
		name, want string
		args       func(o, m *member) []string
	}{
		{"one name twice", "--initial-cluster", func(o, m *member) []string {
			return []string{"--initial-cluster=other=" + o.peer + ",other=" + m.peer}
		}},
		{"a name that is not in it", "couldn't find local name", func(_, m *member) []string {
			return []string{"--initial-cluster=n1=" + m.peer}
		}},
		{"nobody has added it", "member count is unequal", func(o, m *member) []string {
			return []string{"--initial-cluster-state=existing", "--initial-cluster=other=" + o.peer + ",n1=" + m.peer}
		}},
		{"it was added with other URLs", "no match found for existing member", func(o, m *member) []string {
			(&cluster{t: o.t, members: []*member{m}}).ctl("member", "add", "other", "--learner", "--peer-urls=http://127.0.0.1:1")
			return []string{"--initial-cluster-state=existing", "--initial-cluster=other=" + o.peer + ",n1=" + m.peer}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel() // who joins asks for some seconds whether it has been added meanwhile
			c := form(t, 1, "http", quick...).start()
			o := newMember(t, ours(t), "other", "http", quick...)
			o.args = append(o.args, test.args(o, c.members[0])...)
			o.start()
			if state := o.over(); state.ExitCode() != 1 || !strings.Contains(o.said(), test.want) {
				t.Errorf("it ends with %v and says %s; want %q", state, o.said(), test.want)
			}
			// In etcd's words, where what it wants to say is the same.
			e := newMember(t, theirs(t).Etcd, "other", "http", quick...)
			e.peer = o.peer
			e.args = append(e.args, o.args...)
			e.start()
			if state := e.over(); state.ExitCode() != 1 || !strings.Contains(e.said(), test.want) {
				t.Errorf("etcd ends with %v and says %s; want %q", state, e.said(), test.want)
			}
			c.says("OK", "put", "a", "1")
		})
	}
}

func TestOtherTokenIsAnotherCluster(t *testing.T) {
	t.Parallel()
	c := form(t, 3, "http")
	odd := c.members[2]
	odd.args = append(odd.args, "--initial-cluster-token=other")
	for _, m := range c.members {
		m.start()
	}
	for _, m := range c.members[:2] {
		m.serves(1)
	}
	c.at(c.members[:2]...).says("OK", "put", "a", "1")
	eventually(t, "the odd one says that it is of another cluster", func() bool {
		return strings.Contains(odd.said(), "cluster ID mismatch")
	})
	if strings.Contains(odd.said(), "ready to serve") {
		t.Error("the odd one serves clients")
	}
	if state := odd.stop(); !terminated(state) {
		t.Errorf("it cannot be stopped: %v", state)
	}
}
