package conform

import (
	"context"
	"slices"
)

// Step is one command of a script.
type Step struct {
	words   string // etcdctl's arguments; '' is an empty one, $x a name that is known
	format  string // of -w; empty: none
	node    int    // whose endpoint is asked, from 1; 0: the script's
	input   string // its standard input
	keeps   []keep
	masks   []Mask
	ready   string // a pattern in its output: then what is done meanwhile is done
	until   string // a pattern in its output: then it is interrupted
	endless bool   // it ends when it is interrupted, unless it is left to itself
	alone   bool
	sorted  bool   // its lines come in an order of chance
	again   string // a pattern in its output: it is run again until that is there
	during  []Step
	act     func(context.Context, *Target) error // instead of etcdctl
}

// keep is something to be known by a name in later steps, and written as that name in what is compared.
type keep struct {
	name, pattern string
	same          bool // it is compared as it is
}

// Formats are all that etcdctl prints in.
var Formats = []string{"simple", "json", "fields", "table", "protobuf"}

// Run is a command of etcdctl.
func Run(words string) Step { return Step{words: words} }

// Act is something that etcdctl cannot do. The words tell what.
func Act(words string, f func(context.Context, *Target) error) Step {
	return Step{words: words, act: f}
}

// At asks this node, counted from 1, instead of the script's.
func (s Step) At(node int) Step { s.node = node; return s }

// Input is what it reads.
func (s Step) Input(text string) Step { s.input = text; return s }

// Keep gives the first group of a pattern in what it prints a name.
func (s Step) Keep(name, pattern string) Step {
	s.keeps = append(slices.Clone(s.keeps), keep{name, pattern, false})
	return s
}

// Learn is Keep for what must be the same everywhere: it can be used in later steps, and is compared as it is.
func (s Step) Learn(name, pattern string) Step {
	s.keeps = append(slices.Clone(s.keeps), keep{name, pattern, true})
	return s
}

// Mask hides what may differ in what it prints.
func (s Step) Mask(m ...Mask) Step { s.masks = append(slices.Clone(s.masks), m...); return s }

// Ready is what it prints before the steps of While begin.
func (s Step) Ready(pattern string) Step { s.ready = pattern; return s }

// While does other steps before it is interrupted.
func (s Step) While(steps ...Step) Step { s.during, s.endless = steps, true; return s }

// Until interrupts it once it has printed this.
func (s Step) Until(pattern string) Step { s.until, s.endless = pattern, true; return s }

// Alone lets it end by itself after the steps of While.
func (s Step) Alone() Step { s.alone = true; return s }

// Sorted compares its lines without their order, which is chance; in JSON the elements of a list.
func (s Step) Sorted() Step { s.sorted = true; return s }

// Again runs it until it prints this; the last run counts.
func (s Step) Again(pattern string) Step { s.again = pattern; return s }

// As does steps in this format.
func As(format string, steps ...Step) []Step {
	out := make([]Step, len(steps))
	for i, s := range steps {
		s.format, s.during = format, slices.Clone(s.during)
		out[i] = s
	}
	return out
}

// AsAll does steps in every format, one after the other.
func AsAll(steps ...Step) (all []Step) {
	for _, f := range Formats {
		all = append(all, As(f, steps...)...)
	}
	return all
}

// Only leaves out the steps in other formats. What a command does is seen in any; all are for who has the time.
func Only(script []Step, formats ...string) (some []Step) {
	for _, s := range script {
		if s.format == "" || slices.Contains(formats, s.format) {
			some = append(some, s)
		}
	}
	return some
}
