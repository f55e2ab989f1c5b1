package desk

import (
	"slices"
	"strconv"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	faults "github.com/quorumlab/quorumlab/cluster/fault"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
)

func init() { drawers["chaos"] = drawChaos }

// usual is the intensity that is offered first.
const usual = event.One * 3 / 10

// maxSeed is the largest number that every reader of JSON knows exactly.
const maxSeed = 1<<53 - 1

// chaosSight is what the room can do by itself, and how somebody wants it.
type chaosSight struct {
	l        *words.Language
	storm    view.Chaos
	voters   int
	machines int
	degrees  []degree

	intensity event.Factor
	seed      string // as it was typed; "": the room picks one
	wrong     string // what is wrong with what was typed: a sentence
	seedWrong bool   // it is about the seed
}

// degree is an intensity with its name.
type degree struct {
	name      string
	intensity event.Factor
}

// drawChaos offers faults that come by themselves, and situations: "chaos", or what is to be set, "chaos at 0.35 seed 7".
func drawChaos(m Moment, asked []string) *content {
	if m.State == nil || m.Watching {
		return nil
	}
	// Who acts goes to the present first: it is what the room is now that is told.
	storm, machines, members := m.State.Chaos, len(m.State.Nodes), m.State.Members
	if m.Journal != nil {
		m.Journal.With(func(s *view.State) { storm, machines, members = s.Chaos, len(s.Nodes), slices.Clone(s.Members) })
	}
	c := chaosSight{l: m.Words, storm: storm, machines: machines, intensity: usual,
		degrees: []degree{{m.Words.Say("Gentle"), event.One / 5}, {m.Words.Say("Rough"), event.One / 2}, {m.Words.Say("Wild"), event.One}}}
	for _, member := range members {
		if member.Suffrage == event.Voter {
			c.voters++
		}
	}
	if c.storm.On {
		c.intensity, c.seed = c.storm.Intensity, number(c.storm.Seed)
	}
	if !c.read(asked) {
		return nil
	}
	return &content{body: chaosPanel(c)}
}

// read takes what was typed into the fields. It says whether that is what the fields say.
func (c *chaosSight) read(asked []string) bool {
	said := map[string][]string{}
	for field, i := "", 0; i < len(asked); i++ {
		switch word := asked[i]; {
		case word == "at" || word == "seed":
			field = word
			said[field] = []string{}
		case field == "":
			return false
		default:
			said[field] = append(said[field], word)
		}
	}
	if typed, is := said["seed"]; is {
		c.seed = strings.Join(typed, " ")
		if n, err := strconv.ParseUint(c.seed, 10, 64); c.seed != "" && (err != nil || n == 0 || n > maxSeed) {
			c.wrong, c.seedWrong = c.l.Say("“{0}” is not a seed: it is a whole number from 1 to {1}, or nothing, and the room picks one.", c.seed, c.l.Number(maxSeed)), true
		}
	}
	if typed, is := said["at"]; is {
		x, err := strconv.ParseFloat(strings.Join(typed, " "), 64)
		if err != nil || !(x >= 0.01 && x <= 1) {
			c.wrong = c.l.Say("“{0}” is not an intensity: it is a number from 0.01 to 1.", strings.Join(typed, " "))
			return true
		}
		c.intensity = event.FactorOf(x)
	}
	return true
}

// line is what the console is told to begin, or to change, the chaos.
func (c *chaosSight) line() string {
	if c.seed == "" {
		return "chaos " + plainly(c.intensity)
	}
	return "chaos " + plainly(c.intensity) + " --seed " + c.seed
}

// with asks for the panel with another intensity.
func (c *chaosSight) with(intensity event.Factor) string {
	return c.base("seed "+c.seed, "at") + " " + plainly(intensity)
}

// base asks for the panel with what one field has, up to what is typed into the other.
func (c *chaosSight) base(one, other string) string { return "chaos " + one + " " + other }

// plainly writes a number as programs read it.
func plainly(f event.Factor) string { return strconv.FormatFloat(f.Float(), 'f', -1, 64) }

func (c *chaosSight) spell(f event.Factor) string { return c.l.Decimal(int64(f), int64(event.One), 2) }

// rages is what is said of the chaos that is.
func (c *chaosSight) rages() string {
	return c.l.Say("It rages with an intensity of {0} and the seed {1}.", c.spell(c.storm.Intensity), number(c.storm.Seed))
}

// means is what an intensity comes to.
func (c *chaosSight) means() string {
	every := c.l.Duration(int64(faults.Every(c.intensity)))
	away := strconv.Itoa(faults.Away(c.intensity, c.machines))
	if faults.IsRough(c.intensity) {
		return c.l.Say("Something breaks or is mended about every {0} of the room's time. At most {1} of {2} machines are away at once; whole partitions and power cuts in the middle of a write are among it.", every, away, strconv.Itoa(c.machines))
	}
	return c.l.Say("Something breaks or is mended about every {0} of the room's time. At most {1} of {2} machines are away at once; no whole partitions, no power cuts in the middle of a write: those come from 0.5 on.", every, away, strconv.Itoa(c.machines))
}
