package conform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/version"
	"go.etcd.io/etcd/client/pkg/v3/types"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"
	"go.uber.org/zap"
)

// Token gives a token with which members that are found at one list of peer URLs have ids in the same order as those at
// another with a token of theirs: what etcd lists, it lists in the order of ids.
func Token(urls, others []string, theirs string) (string, error) {
	want, err := order(theirs, others)
	if err != nil {
		return "", err
	}
	for i := 0; ; i++ {
		token := fmt.Sprint("token", i)
		if got, err := order(token, urls); err != nil || slices.Equal(got, want) {
			return token, err
		}
	}
}

// order is who comes first by id, second and so on.
func order(token string, urls []string) (who []int, err error) {
	ids := make([]types.ID, len(urls))
	for i, u := range urls {
		url, err := types.NewURLs([]string{u})
		if err != nil {
			return nil, err
		}
		ids[i], who = membership.NewMember("", url, token, nil).ID, append(who, i)
	}
	slices.SortFunc(who, func(a, b int) int { return cmp.Compare(ids[a], ids[b]) })
	return who, nil
}

// Introduce gives members and cluster names for the words of scripts, and has n1 lead. Unless ids have to be the same
// as another target's, the names take their place in what is compared.
func (t *Target) Introduce(ctx context.Context, same bool) error {
	c, err := t.Client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	list, err := c.MemberList(ctx)
	if err != nil {
		return err
	}
	number, call := t.Number, t.Call
	if same {
		number, call = func(name string, id uint64) { t.words[name] = fmt.Sprintf("%x", id) }, func(name, address string) { t.words[name] = address }
	}
	number("cluster", list.Header.ClusterId)
	for _, m := range list.Members {
		number(m.Name, m.ID)
		call("peer"+strings.TrimPrefix(m.Name, "n"), m.PeerURLs[0])
	}
	return errors.Join(t.lead(ctx, c), t.settled(ctx, c))
}

// settled waits until all members store in the newest way: etcd's begin in an old one.
func (t *Target) settled(ctx context.Context, c *clientv3.Client) error {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for _, e := range t.Endpoints {
		for {
			s, err := c.Status(ctx, e)
			if err == nil && s.StorageVersion != "" && strings.HasPrefix(version.Version, strings.TrimSuffix(s.StorageVersion, "0")) {
				break
			}
			select {
			case <-again.C:
			case <-ctx.Done():
				return fmt.Errorf("%s at %s does not store as version %s does: %w", t.Name, e, version.Version, errors.Join(err, ctx.Err()))
			}
		}
	}
	return nil
}

// lead has n1 lead.
func (t *Target) lead(ctx context.Context, c *clientv3.Client) error {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		first, err := c.Status(ctx, t.Endpoints[0])
		if err == nil && first.Leader == first.Header.MemberId {
			return nil
		}
		if err == nil && first.Leader != 0 {
			err = t.hand(ctx, first.Header.MemberId)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("n1 of %s does not lead: %w", t.Name, errors.Join(err, ctx.Err()))
		}
	}
}

// hand leadership over. Whoever does not lead refuses.
func (t *Target) hand(ctx context.Context, to uint64) (err error) {
	for _, e := range t.Endpoints {
		c, err := clientv3.New(clientv3.Config{Endpoints: []string{e}, Logger: zap.NewNop()})
		if err != nil {
			return err
		}
		_, refused := c.MoveLeader(ctx, to)
		if err := c.Close(); err != nil || refused == nil {
			return err
		}
	}
	return err
}
