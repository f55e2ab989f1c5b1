// Package verb runs the lines of a room's own that its page does not read itself: chaos, undo and preset.
package verb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/preset"
)

// Room does what a line asks for. Say hears how it goes, in sentences.
type Room func(ctx context.Context, c event.Command, say func(string)) event.Result

// Terminal is who types lines and reads what they say.
type Terminal interface {
	Out() io.Writer
	Err() io.Writer
}

// What is said.
const (
	helpChaos = `chaos INTENSITY [--seed NUMBER]
Faults come by themselves, from then on: the more the nearer INTENSITY is to 1. The seed chooses them; what the cluster makes of them is not repeatable.
chaos off [--keep]
They come no more, and what they did is taken back, unless it is to be kept.`
	helpUndo = `undo
Takes the last fault back: links are as they were, a killed node starts, a suspended one goes on. What cannot be taken back is said.`
	helpPreset = `preset NAME
Brings the room into a situation, with real orders, and stops its time there. There are:`

	saidChaos = "chaos of intensity %v rages, with seed %d"
	saidKept  = "the chaos has ended; what it did is left as it is"
	saidCalm  = "the chaos has ended, and what it did is taken back"
	saidUndo  = "taken back"

	badIntensity = "chaos needs an intensity above 0, up to 1, or off"
	badSeed      = "a seed is a whole number above 0"
	badWord      = "unknown word %q; help %s says how it is used"
	badPreset    = "preset needs one name; help preset lists them"
)

// Handles says whether the line is one of these verbs', or asks for help about one.
func Handles(line string) bool {
	words := strings.Fields(line)
	if len(words) > 1 && words[0] == "help" {
		words = words[1:]
	}
	return len(words) > 0 && (words[0] == "chaos" || words[0] == "undo" || words[0] == "preset")
}

// Run runs a line that it Handles, until it has been answered or ctx ends. What goes wrong is said.
func Run(ctx context.Context, r Room, t Terminal, line string) {
	words := strings.Fields(line)
	if words[0] == "help" {
		help(t.Out(), words[1])
		return
	}
	c, said, err := read(words)
	if err != nil {
		fmt.Fprintln(t.Err(), err)
		return
	}
	res := r(ctx, c, func(s string) { fmt.Fprintln(t.Out(), s) })
	switch {
	case res.Outcome != event.OK:
		fmt.Fprintln(t.Err(), res.Error)
	case said != "":
		fmt.Fprintln(t.Out(), said)
	}
}

// read reads a line, and gives what is said when it is done.
func read(words []string) (c event.Command, said string, err error) {
	switch verb, rest := words[0], words[1:]; {
	case verb == "chaos":
		return readChaos(rest)
	case verb == "preset" && len(rest) == 1:
		return event.Command{Kind: event.Preset, Key: rest[0]}, "", nil
	case verb == "preset":
		return c, "", errors.New(badPreset)
	case len(rest) > 0:
		return c, "", fmt.Errorf(badWord, rest[0], verb)
	}
	return event.Command{Kind: event.Undo}, saidUndo, nil
}

// shortSeeds is how many seeds there are for those who do not care: they are easily typed again.
const shortSeeds = 9999

func readChaos(words []string) (c event.Command, said string, err error) {
	c.Kind = event.Chaos
	if len(words) == 0 {
		return c, "", errors.New(badIntensity)
	}
	if words[0] == "off" {
		return readCalm(words[1:])
	}
	x, err := strconv.ParseFloat(words[0], 64)
	if err != nil || !(x > 0 && x <= 1) {
		return c, "", errors.New(badIntensity)
	}
	c.On, c.Factor = true, event.FactorOf(x)
	flags := strings.Fields(strings.ReplaceAll(strings.Join(words[1:], " "), "--seed=", "--seed "))
	if len(flags) == 2 && flags[0] == "--seed" {
		if c.Seed, err = strconv.ParseUint(flags[1], 10, 53); err != nil || c.Seed == 0 {
			return c, "", errors.New(badSeed)
		}
		return c, fmt.Sprintf(saidChaos, x, c.Seed), nil
	}
	if len(flags) > 0 {
		return c, "", fmt.Errorf(badWord, flags[0], "chaos")
	}
	c.Seed = 1 + rand.Uint64N(shortSeeds)
	return c, fmt.Sprintf(saidChaos, x, c.Seed), nil
}

func readCalm(words []string) (c event.Command, said string, err error) {
	c = event.Command{Kind: event.Chaos, Undo: true}
	switch {
	case len(words) == 0:
		return c, saidCalm, nil
	case len(words) == 1 && words[0] == "--keep":
		c.Undo = false
		return c, saidKept, nil
	}
	return c, "", fmt.Errorf(badWord, words[0], "chaos")
}

func help(out io.Writer, verb string) {
	switch verb {
	case "chaos":
		fmt.Fprintln(out, helpChaos)
	case "undo":
		fmt.Fprintln(out, helpUndo)
	case "preset":
		fmt.Fprintln(out, helpPreset)
		for _, s := range preset.All {
			fmt.Fprintf(out, "%s – %s. %s\n", s.Name, s.Title, s.About)
		}
	}
}
