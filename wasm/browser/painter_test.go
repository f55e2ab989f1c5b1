//go:build !js

package browser_test

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// painting lets a test hand the painter lists of one packet each, of a shape and at a place, and counts what the worker is sent.
const painting = `
	window.sent = []
	const post = Worker.prototype.postMessage
	Worker.prototype.postMessage = function (what, all) {
		if (what.buffer) sent.push(new DataView(what.buffer.slice(0)).getFloat32(20, true))
		return post.call(this, what, all)
	}
	window.paintAt = (shape, x) => {
		const list = new DataView(new ArrayBuffer(40))
		list.setUint32(0, 1, true)
		;[100, 100, 10].forEach((n, i) => list.setFloat32(4 + 4 * i, n, true))
		list.setUint8(16, shape)
		;[x, 50, 1, 1].forEach((n, i) => list.setFloat32(20 + 4 * i, n, true))
		quorumlab.reserve(40).set(new Uint8Array(list.buffer))
		quorumlab.paint(40)
	}
	window.picture = () => document.querySelector("#packets").toDataURL()
`

// still is a page whose app paints nothing more of its own.
func still(t *testing.T) *page {
	t.Helper()
	r, p := newRoom(t), newPage(t)
	p.before(painting)
	v := p.enter(r)
	v.happen(event.Event{Kind: event.RateSet, Took: 75_000})
	p.until("the room is frozen", `document.querySelector("#app").dataset.frozen === "true"`)
	p.until("the painter has come to rest", `(() => {
		const now = performance.now()
		if (window.last !== sent.length) { last = sent.length; since = now }
		return now - since > 1000
	})()`)
	return p
}

func TestListThatCannotBePaintedIsSaidAndTheNextOneIsPainted(t *testing.T) {
	p := still(t)
	p.run(`window.was = picture(); paintAt(77, 10)`)
	p.until("the page says so", `document.querySelector("[role=alert]").textContent.includes("cannot be drawn")`)
	p.run(`paintAt(1, 30)`)
	p.until("the next list is on the canvas", `picture() !== was`)
}

func TestPainterGetsTheNewestListAndNoQueue(t *testing.T) {
	p := still(t)
	p.run(`sent.length = 0; for (let x = 1; x <= 50; x++) paintAt(1, x)`)
	p.until("the last list has been sent", `sent[sent.length - 1] === 50`)
	if sent := eval[[]float64](p, `sent`); len(sent) > 2 || sent[0] != 1 {
		t.Errorf("of 50 lists the painter was sent %v, not the first and the last", sent)
	}
	p.clean()
}
