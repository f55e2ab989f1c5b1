// Package browser joins wasm/ui to a real page: it is the only importer of syscall/js. It carries what happens
// on the page into messages, gives them to ui.Update, carries its effects out, and patches the page with the
// difference of two scenes, once an animation frame. static/app.js does what would be too slow call by call.
//
// What the page is made of, for whoever writes ui.Scene:
//
//	data-socket    on the element that holds the scene, and nothing else: the websocket's address
//	data-room      beside it: the room's name
//	data-action    a click, tap, Enter or Space on it is ui.Acted with its data-arg
//	data-field     an input event in it is ui.Changed; the one whose id is ui.ConsoleField also gives its keys
//	data-hover     pointer or focus on it is ui.Hovered
//	data-cutting   on the scene: a drag across svg#stage is ui.Stroked in its viewBox; without it only with Shift held
//	data-scroll    a wheel or drag across it is ui.Scrolled; its value is the width of a column in CSS pixels
//	data-follow    a scrolling list that stays at its end while nobody scrolls away
//	data-raw       its children are HTML of the server's, set as a whole; nothing here looks into them. In it:
//	               data-focus takes the focus when what had it is gone, details with an id stay as somebody folded them
//	               (data-open: how the server would have them), data-news and data-now are scrolled to once for each id
//	canvas         the first one shows ui.Packets; it covers svg#stage
//
// What a test may read: window.quorumlab.measure() gives frames (drawn), skipped (looked at and found the same),
// scriptMs (time in our script of each of the last frames drawn), drawnCommitMs (wall time from a commit on the
// server to the frame that shows it), events, batches (frames of the websocket), patches, seq (of the last event
// folded), drawnSeq (of the last one drawn), reconnects, bytes,
// and firstDrawnMs (from the beginning of the navigation to the first frame drawn).
package browser
