package ui

import (
	"math"
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// changed takes what is in a field of the page.
func (m *Model) changed(field, value string) []Effect {
	switch field {
	case ConsoleField:
		return m.Console.changed(m, value)
	case "rate":
		at, ok := event.ParseNumber(value)
		if ok {
			m.pace.ask(rateAt(float64(at)))
		}
	case "speed":
		m.speed = value
		if m.tape.Mode == event.TapePlaying {
			return m.wind("play " + value)
		}
	case "sought":
		m.sought = value
	case "feed-which", "feed-pace":
		return m.choose(field, value)
	case "motion":
		m.calm = value == "reduce"
	default:
		if words, is := after(field, "look:"); is {
			return m.look("side", words+" "+value)
		}
		if words, is := after(field, "open:"); is {
			return m.look("dialog", words+" "+value)
		}
		m.fields[field] = value
	}
	return nil
}

// The rates of the three named speeds.
const (
	realTime   = event.One
	workshop   = event.One / 4
	slowMotion = event.One / 40
)

// The slider's marks: 0 is 0.01×, sliderEnd is 20×, each mark the same factor further.
const sliderEnd = 200

// rateAt is the rate at a mark of the slider, rounded to two digits.
func rateAt(mark float64) event.Factor {
	mark = min(max(mark, 0), sliderEnd)
	x := leastRate.Float() * math.Pow(mostRate.Float()/leastRate.Float(), mark/sliderEnd)
	unit := math.Pow(10, math.Floor(math.Log10(x))-1)
	return event.FactorOf(math.Round(x/unit) * unit)
}

// markOf is the slider's mark for a rate.
func markOf(rate event.Factor) int {
	if rate <= leastRate {
		return 0
	}
	mark := math.Log(rate.Float()/leastRate.Float()) / math.Log(mostRate.Float()/leastRate.Float())
	return int(math.Round(min(mark, 1) * sliderEnd))
}

// pace keeps a slider that is being drawn from sending more commands than a viewer may.
type pace struct {
	want  event.Factor // 0: nothing is waiting to be sent
	shown event.Factor // what the slider says until the room says it too
	sent  event.Micros // wall time of the last one
}

// between is the least wall time between two rates that the slider sends.
const between event.Micros = 200_000

func (p *pace) ask(rate event.Factor) { p.want, p.shown = rate, rate }

func (p *pace) due(m *Model, wall event.Micros) []Effect {
	if p.want == 0 || wall < p.sent+between {
		return nil
	}
	c := event.Command{Kind: event.Rate, Factor: p.want}
	p.want, p.sent = 0, wall
	m.touch(inSide)
	return m.Console.do(m, c)
}

// follow moves the slider to what the room says, unless this viewer is still drawing it.
func (p *pace) follow(was, is event.Factor) []Effect {
	if is == was || is == 0 || p.want != 0 {
		return nil
	}
	drawn := p.shown == is
	p.shown = 0
	if drawn {
		return nil
	}
	return only(setField("rate", strconv.Itoa(markOf(is))))
}

// value is what stands in a field, or else what the room says.
func (m *Model) value(field, otherwise string) string {
	if v, typed := m.fields[field]; typed {
		return v
	}
	return otherwise
}

// set sends what stands in a form: the console's words, put together from the fields.
func (m *Model) set(action, arg string) []Effect {
	defer clear(m.fields)
	switch action {
	case "set-disk":
		if n := m.State.Node(nodeNamed(arg)); n != nil {
			return m.run("disk " + arg + " " + m.value("disk", milliseconds(n.Fsync)) + "ms")
		}
	case "set-drift":
		if n := m.State.Node(nodeNamed(arg)); n != nil {
			return m.run("drift " + arg + " " + m.value("drift", ratio(n.Drift)))
		}
	case "set-link":
		return m.run(m.linkLine(pairNamed(arg)))
	}
	return nil
}

// linkLine is the console line that sets a link to what its form says.
func (m *Model) linkLine(p pair) string {
	is := m.link(p.a, p.b)
	line := "link " + p.a.String() + " " + p.b.String()
	add := func(flag, field, now, unit string) {
		if v := m.value(field, now); v != "" && v != "0" {
			line += " --" + flag + " " + v + unit
		}
	}
	add("delay", "delay", milliseconds(is.Delay), "ms")
	add("jitter", "jitter", milliseconds(is.Jitter), "ms")
	add("loss", "loss", percent(is.Loss), "%")
	add("duplicate", "duplicate", percent(is.Duplicate), "%")
	if v := m.value("slow", ratio(max(is.Slow, event.One))); v != "1" && v != "" {
		line += " --slow " + v
	}
	return line
}
