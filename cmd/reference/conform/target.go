package conform

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// patience is how long a command may take.
const patience = 30 * time.Second

// Target is a cluster that scripts run against.
type Target struct {
	Name      string
	Etcdctl   string   // the program
	Endpoints []string // URLs for clients, of n1, n2 and so on
	Node      int      // whom a script asks unless it says otherwise, from 1
	Dir       string   // where commands run

	known known
	words map[string]string // what $name stands for
}

// NewTarget names the endpoints and, where ids are not the same by right, members and cluster.
func NewTarget(name, etcdctl, dir string, node int, endpoints ...string) *Target {
	t := &Target{Name: name, Etcdctl: etcdctl, Endpoints: endpoints, Node: node, Dir: dir, words: map[string]string{}}
	t.words["all"] = strings.Join(endpoints, ",")
	for i, e := range endpoints {
		t.Call(fmt.Sprintf("url%d", i+1), e)
	}
	return t
}

// Call gives an address a name, with and without its scheme.
func (t *Target) Call(name, address string) {
	t.words[name] = address
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		t.known.add(u.Host, "<"+name+">")
		return
	}
	t.known.add(address, "<"+name+">")
}

// Number gives an id a name, in all forms that etcdctl prints.
func (t *Target) Number(name string, id uint64) {
	t.words[name] = strconv.FormatUint(id, 16)
	for _, form := range []string{"%d", "%x", "%016x"} {
		t.known.add(fmt.Sprintf(form, id), "<"+name+">")
	}
	if padded := fmt.Sprintf(" %16x", id); padded[1] == ' ' { // some lines pad with blanks
		t.known.add(padded, " <"+name+">")
	}
}

// Word gives a text a name.
func (t *Target) Word(name, value string) {
	t.words[name] = value
	t.known.add(value, "<"+name+">")
}

// remember what a command printed.
func (t *Target) remember(k keep, value string) {
	if k.same {
		t.words[k.name] = value
		return
	}
	base := 16
	if strings.Trim(value, "0123456789") == "" && len(value) > 16 {
		base = 10 // ids in hex have up to 16 digits, those in decimal as they are made here more
	}
	if id, err := strconv.ParseUint(value, base, 64); err == nil {
		t.Number(k.name, id)
		return
	}
	t.Word(k.name, value)
}

// args of a command's words.
func (t *Target) args(words string) (args []string) {
	for _, w := range strings.Fields(words) {
		if w == "''" {
			w = ""
		}
		for i := 0; i < len(w); i++ {
			if w[i] != '$' {
				continue
			}
			name := word.FindString(w[i+1:])
			if value, ok := t.words[name]; ok && strings.HasPrefix(w[i+1:], name) {
				w = w[:i] + value + w[i+1+len(name):]
			}
		}
		args = append(args, w)
	}
	return args
}

// Client is etcd's own, of all endpoints.
func (t *Target) Client(ctx context.Context) (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{Context: ctx, Endpoints: t.Endpoints, Logger: zap.NewNop(), DialTimeout: patience})
}

// Borrow gives a name the meaning that it has for another target.
func (t *Target) Borrow(from *Target, name string) {
	t.remember(keep{name: name}, from.words[name])
}
