package verb

import (
	"bytes"
	"context"
	"io"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/preset"
)

// paper is a terminal that is read afterwards.
type paper struct{ out, err bytes.Buffer }

func (p *paper) Out() io.Writer { return &p.out }
func (p *paper) Err() io.Writer { return &p.err }

// typed runs a line in a room that answers everything ok, and gives what it was asked.
func typed(line string) (asked *event.Command, p *paper) {
	p = new(paper)
	Run(context.Background(), func(_ context.Context, c event.Command, say func(string)) event.Result {
		asked = &c
		if c.Kind == event.Preset {
			say("on the way")
		}
		return event.Result{Outcome: event.OK}
	}, p, line)
	return asked, p
}

func TestLines(t *testing.T) {
	for _, c := range []struct {
		line, says string
		want       event.Command
	}{
		{"chaos 0.5 --seed 7", "seed 7", event.Command{Kind: event.Chaos, On: true, Factor: event.One / 2, Seed: 7}},
		{"chaos 1 --seed=9", "seed 9", event.Command{Kind: event.Chaos, On: true, Factor: event.One, Seed: 9}},
		{"chaos off", "taken back", event.Command{Kind: event.Chaos, Undo: true}},
		{"chaos off --keep", "left as it is", event.Command{Kind: event.Chaos}},
		{" undo ", "taken back", event.Command{Kind: event.Undo}},
		{"preset split-vote", "on the way", event.Command{Kind: event.Preset, Key: "split-vote"}},
	} {
		asked, p := typed(c.line)
		if !Handles(c.line) || asked == nil || !reflect.DeepEqual(*asked, c.want) || !strings.Contains(p.out.String(), c.says) || p.err.Len() > 0 {
			t.Errorf("%q: asked %+v, said %q %q", c.line, asked, p.out.String(), p.err.String())
		}
	}
}

func TestSeedIsPickedAndSaid(t *testing.T) {
	asked, p := typed("chaos 0.1")
	if asked == nil || asked.Seed == 0 || asked.Seed > shortSeeds || !strings.Contains(p.out.String(), strconv.FormatUint(asked.Seed, 10)) {
		t.Errorf("asked %+v, said %q", asked, p.out.String())
	}
}

func TestWrongLinesAreSentences(t *testing.T) {
	for _, line := range []string{"chaos", "chaos 0", "chaos 2", "chaos NaN", "chaos much", "chaos 1 --seed 0", "chaos 1 --seed -3", "chaos 1 --loud", "chaos off now", "undo it", "preset", "preset a b"} {
		asked, p := typed(line)
		if asked != nil || len(p.err.String()) < 10 {
			t.Errorf("%q: asked %+v, said %q", line, asked, p.err.String())
		}
	}
}

func TestHelp(t *testing.T) {
	for _, verb := range []string{"chaos", "undo", "preset"} {
		asked, p := typed("help " + verb)
		if asked != nil || !strings.HasPrefix(p.out.String(), verb) {
			t.Errorf("%s: %q", verb, p.out.String())
		}
	}
	_, p := typed("help preset")
	for _, s := range preset.All {
		if !strings.Contains(p.out.String(), s.Name+" – ") {
			t.Errorf("%s is not there", s.Name)
		}
	}
	for _, line := range []string{"", "help", "put x 1", "help put"} {
		if Handles(line) {
			t.Errorf("%q is somebody else's", line)
		}
	}
}
