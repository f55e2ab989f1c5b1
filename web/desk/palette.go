package desk

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/preset"
	"github.com/quorumlab/quorumlab/cluster/tale"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
	"github.com/quorumlab/quorumlab/wasm/ui"
)

func init() {
	drawers["palette"] = drawPalette
}

// feat is one thing that a person can do.
type feat struct {
	group, title string
	key          string // that does it without the palette
	action, arg  string // as a button's
}

// palette is everything that a person can do now.
type palette struct {
	l     *words.Language
	s     *view.State
	live  bool // one may act
	ended bool // the recording has no LIVE
	feats []feat
}

// paletteNodes bounds the machines of which everything is listed: the keys 1 to 9 select as many.
const paletteNodes = 9

// drawPalette lists everything one can do, each with its key.
func drawPalette(m Moment, words []string) *content {
	if len(words) != 0 || m.State == nil {
		return nil
	}
	p := &palette{l: m.Words, s: m.State, live: m.Live && !m.Watching, ended: m.Journal != nil && m.Journal.Reach().Closed}
	p.looking()
	if p.live {
		p.time()
		p.faults()
		p.machines()
		p.links()
		p.situations()
		p.store()
	}
	p.recorder()
	p.page()
	return &content{body: palettePanel(p)}
}

func (p *palette) add(group, title, key, action, arg string) {
	p.feats = append(p.feats, feat{group, title, key, action, arg})
}

func (p *palette) looking() {
	l, group := p.l, p.l.Say("Look")
	p.add(group, l.Say("All requests of clients"), "", "look", "ops")
	p.add(group, l.Say("Why is the room as it is?"), "", "look", "why")
	for i := range p.s.Nodes {
		if i == paletteNodes {
			break
		}
		p.add(group, l.Say("Select {0}", p.s.Nodes[i].ID.String()), strconv.Itoa(i+1), "node", p.s.Nodes[i].ID.String())
	}
	for i := range p.s.Safety {
		p.add(group, l.Say("Lamp: {0}", l.Say(tale.PropertyName(p.s.Safety[i].Property))), "", "look", "lamp "+p.s.Safety[i].Property.String())
	}
}

func (p *palette) time() {
	l, group := p.l, p.l.Say("Time")
	if p.s.Rate == 0 {
		p.add(group, l.Say("Thaw: time goes on"), l.Say("Space"), "run", "thaw")
		p.add(group, l.Say("Step: on to the next message or timer"), "→", "run", "step")
	} else {
		p.add(group, l.Say("Freeze: time stands still"), l.Say("Space"), "run", "freeze")
	}
	p.add(group, l.Say("Real time"), "", "run", "rate real")
	p.add(group, l.Say("Workshop: a quarter of real time"), "", "run", "rate workshop")
	p.add(group, l.Say("Slow motion"), "", "run", "rate slow")
}

func (p *palette) faults() {
	l, group := p.l, p.l.Say("Faults")
	if p.s.Undo != "" {
		p.add(group, l.Say("Undo: {0}", p.s.Undo), "U", "run", "undo")
	}
	p.add(group, l.Say("Heal all links"), "H", "run", "heal")
	p.add(group, l.Say("Cut with the scissors"), "X", "cut", "")
	p.add(group, l.Say("Split the machines into two groups"), "", "partition", "")
	p.add(group, l.Say("Hold all messages at the gates"), "", "run", "hold")
	p.add(group, l.Say("Open all gates"), "", "run", "release")
	if p.s.Chaos.On {
		p.add(group, l.Say("End the chaos and take back what it did"), "", "run", "chaos off")
		p.add(group, l.Say("End the chaos and leave what it did"), "", "run", "chaos off --keep")
	} else {
		p.add(group, l.Say("Chaos: faults come by themselves"), "", "run", "chaos 0.5")
	}
}

func (p *palette) machines() {
	l, group := p.l, p.l.Say("Machines")
	for i := range p.s.Nodes {
		if i == paletteNodes {
			break
		}
		n := &p.s.Nodes[i]
		id := n.ID.String()
		switch {
		case !n.Up:
			p.add(group, l.Say("Restart {0}", id), "R", "run", "restart "+id)
			p.add(group, l.Say("Corrupt the log of {0}", id), "", "run", "corrupt "+id+" log")
		case n.Suspended:
			p.add(group, l.Say("Resume {0}", id), "R", "run", "resume "+id)
		default:
			p.add(group, l.Say("Suspend {0}", id), "P", "run", "suspend "+id)
			p.add(group, l.Say("{0} stands for election", id), "", "run", "elect "+id)
			p.add(group, l.Say("{0} takes a snapshot", id), "", "run", "snapshot "+id)
		}
		if n.Up {
			p.add(group, l.Say("Kill {0}", id), "K", "run", "kill "+id)
		}
		if n.Role == event.Leader {
			p.add(group, l.Say("{0} hands leadership over", id), "", "run", "step-down "+id)
		} else if n.Up {
			p.add(group, l.Say("{0} shall lead", id), "", "run", "transfer "+id)
		}
		p.add(group, l.Say("Slow disk on {0}", id), "", "run", "disk "+id+" 300ms")
		p.add(group, l.Say("Make the clock of {0} run too fast", id), "", "run", "drift "+id+" 1.5")
		p.add(group, l.Say("Wipe the disk of {0}", id), "", "run", "wipe "+id)
		p.add(group, l.Say("Remove {0} from the cluster", id), "", "run", "member remove "+id)
	}
	p.add(group, l.Say("Add a machine"), "", "run", "member add")
	if p.s.PreVote {
		p.add(group, l.Say("Pre-vote off"), "", "run", "pre-vote off")
	} else {
		p.add(group, l.Say("Pre-vote on"), "", "run", "pre-vote on")
	}
}

// links are those between two machines, both directions as one.
func (p *palette) links() {
	l, group := p.l, p.l.Say("Links")
	for i := range p.s.Links {
		k := &p.s.Links[i]
		if k.From > k.To {
			continue
		}
		a, b := k.From.String(), k.To.String()
		back := p.s.Link(k.To, k.From)
		if k.Link == (event.Link{}) && back != nil && back.Link == (event.Link{}) {
			p.add(group, l.Say("Cut {0} from {1}", a, b), "", "run", "cut "+a+" "+b)
		} else {
			p.add(group, l.Say("Mend the link between {0} and {1}", a, b), "", "run", "mend "+a+" "+b)
		}
	}
}

func (p *palette) situations() {
	group := p.l.Say("Situations")
	for i := range preset.All {
		p.add(group, p.l.Say(preset.All[i].Title), "", "run", "preset "+preset.All[i].Name)
	}
}

func (p *palette) store() {
	l, group := p.l, p.l.Say("Store")
	p.add(group, l.Say("Put a value"), "", "type", "put ")
	p.add(group, l.Say("Get a value"), "", "type", "get ")
	p.add(group, l.Say("Delete a key"), "", "type", "del ")
	p.add(group, l.Say("Watch keys"), "", "type", "watch ")
	p.add(group, l.Say("Write in the console"), "/", "tab", "console")
}

func (p *palette) recorder() {
	l, group := p.l, p.l.Say("Recorder")
	if !p.ended {
		p.add(group, l.Say("Back to LIVE"), "L", "wind", "live")
	}
	p.add(group, l.Say("Hold the view; or play what is recorded"), "", "play", "")
	p.add(group, l.Say("One event back"), "←", "wind", "step -1")
	onward := "→"
	if p.live {
		onward = "" // it lets a frozen room go on
	}
	p.add(group, l.Say("One event on"), onward, "wind", "step 1")
	p.add(group, l.Say("Back to the one before, of the kind that is chosen in the recorder"), ",", "seek", "previous")
	p.add(group, l.Say("On to the next one of the kind that is chosen in the recorder"), ".", "seek", "next")
	for _, s := range ui.Sorts {
		p.add(group, l.Say("Back to the place before: {0}", l.Say(s.Words)), "", "wind", "previous "+s.Name)
		p.add(group, l.Say("On to the next place: {0}", l.Say(s.Words)), "", "wind", "next "+s.Name)
	}
	p.add(group, l.Say("To the beginning"), l.Say("Home"), "wind", "part 0")
	if p.ended {
		p.add(group, l.Say("To the end"), "L", "wind", "part 1")
	}
	p.add(group, l.Say("Bookmarks"), "", "open", "marks")
}

func (p *palette) page() {
	l, group := p.l, p.l.Say("Page")
	p.add(group, l.Say("Share the room, this moment or the recording"), "", "share", "")
	p.add(group, l.Say("Light, dark, or as the system says"), "", "theme", "")
	p.add(group, l.Say("Projector: bigger and calmer, or as usual"), "", "projector", "")
	p.add(group, l.Say("Rules and keys"), "?", "rules", "")
	p.add(group, l.Say("Why? Questions about the room; the key asks about what you point at"), "W", "look", "why")
}
