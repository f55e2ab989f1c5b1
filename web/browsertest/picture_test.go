package browsertest

import (
	"context"
	"encoding/json"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// consoleField is where lines are typed.
const consoleField = "#console"

// reading are the functions with which the tests read the picture: the page's stable attributes and nothing else.
const reading = `{
	const all = (selector, from = document) => [...from.querySelectorAll(selector)]
	Object.assign(window, {
		all,
		nodes: () => all('[data-node][data-role]'),
		leaders: () => nodes().filter(n => n.dataset.role === 'leader'),
		// the crown that counts: of the highest term
		leader: () => leaders().sort((a, b) => b.dataset.term - a.dataset.term)[0],
		node: id => document.querySelector('[data-node="' + id + '"][data-role]'),
		centre: e => (r => ({X: r.left + r.width / 2, Y: r.top + r.height / 2}))(e.getBoundingClientRect()),
		middle: () => nodes().map(centre).reduce((m, c, _, all) => ({X: m.X + c.X / all.length, Y: m.Y + c.Y / all.length}), {X: 0, Y: 0}),
		// the log: a row for each node, in it a cell for each entry
		rows: () => all('[data-log]'),
		row: id => document.querySelector('[data-log="' + id + '"]'),
		cells: row => all('[data-index][data-term][data-committed]', typeof row === 'string' ? window.row(row) : row),
		solid: cell => cell.dataset.committed === 'true',
		says: (cell, words) => cell.title.includes(words),
		picture: row => JSON.stringify(cells(row).map(c => [c.dataset.index, c.dataset.term, c.dataset.committed, c.textContent])),
		// the outlines: around a quorum or around too few
		outlines: quorum => all('#stage path[data-quorum="' + quorum + '"]'),
		live: () => document.querySelector('#app').dataset.phase === 'live' && seq() > 0,
		frozen: () => document.querySelector('#app').dataset.frozen === 'true',
		// virtual seconds a second
		rate: () => parseFloat(document.querySelector('output.rate').textContent),
		// the last event that is in the picture
		seq: () => quorumlab.measure().drawnSeq,
		// whether the console has the outcome below the command, or below a line that names it; the last time counts
		answers: (command, outcome) => {
			const lines = all('.said .line').map(l => l.textContent)
			const at = lines.findLastIndex(l => l.includes(command))
			return at >= 0 && !!lines[at + 1]?.toLowerCase().startsWith(outcome)
		},
		// all that is drawn: ring, log and what flies
		stillPicture: () => document.querySelector('#stage').outerHTML + document.querySelector('#log').outerHTML +
			document.querySelector('#packets').toDataURL(),
	})
}`

// onNewDocument runs a script in every document that the page opens from now on, before its own.
func (p *page) onNewDocument(script string) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		return err
	}))
}

// centre of an element in the window.
func (p *page) centre(selector string) point {
	p.t.Helper()
	return eval[point](p, `centre(document.querySelector(`+quoted(selector)+`))`)
}

// quoted is a Go string as JavaScript writes it.
func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}
