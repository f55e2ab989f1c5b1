// The page's own JavaScript: it starts app.wasm and does for it what is too slow call by call from Go – replaying a packed
// list of patches on the page, and handing packets to who paints them (painter.js). All decisions are made in Go
// (wasm/ui says what, wasm/browser when); wasm/browser/paint.go and wasm/ui/packets.go describe the two lists.
//
//   <script src="wasm_exec.js" defer></script>
//   <script src="app.js" data-app="app.wasm" data-painter="painter.js" defer></script>
//   <div data-socket="/r/ID/ws">the scene, one element</div>
"use strict";

// listed makes the list of lessons this browser's: its colours, and what it has done of each lesson. Both are where
// wasm/browser keeps what it remembers.
const listed = (library) => {
  const recall = (name) => { try { return localStorage.getItem("quorumlab." + name) || ""; } catch { return ""; } };
  const button = library.querySelector("[data-theme-switch]");
  const colours = (theme) => {
    if (theme) library.dataset.theme = theme;
    else delete library.dataset.theme;
    button.setAttribute("aria-label", button.dataset[theme || "system"]);
  };
  colours(recall("theme"));
  button.addEventListener("click", () => {
    const next = { "": "dark", dark: "light" }[library.dataset.theme || ""] || "";
    try { localStorage.setItem("quorumlab.theme", next); } catch { /* forgotten with the page */ }
    colours(next);
  });
  for (const lesson of library.querySelectorAll("[data-progress]")) {
    const [done, steps] = recall("lesson-" + lesson.dataset.progress).split("/").map(Number);
    if (!done || !steps) continue;
    const over = done >= steps;
    lesson.dataset.over = over;
    lesson.querySelector("[data-done]").textContent = over ? library.dataset.done : library.dataset.part.replace("{0}", done).replace("{1}", steps);
    if (over) lesson.querySelector("i").textContent = "✓";
  }
};

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const library = document.querySelector("[data-library]");
  if (library) return listed(library);
  const home = document.querySelector("[data-socket]");
  const { app: address, painter: brush, unpainted, stopped: halted } = document.currentScript.dataset;
  if (!home || !address) return;
  if (new URLSearchParams(location.search).has("embed")) home.dataset.bare = home.firstElementChild.dataset.bare = "true";

  // A key that was a command leaves no character: browsers see to that, unless the focus went into a field meanwhile.
  let spent = "";
  addEventListener("keydown", (e) => { spent = e.defaultPrevented ? e.key : ""; });
  addEventListener("keypress", (e) => { if (e.key === spent) e.preventDefault(); }, true);
  addEventListener("keyup", () => { spent = ""; });

  // show opens the dialog in a template. It is on the page only as long as it is open.
  const show = (id) => {
    const template = document.getElementById(id);
    if (!template || document.querySelector("dialog[open]")) return;
    const dialog = template.content.firstElementChild.cloneNode(true);
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("click", ({ target: t }) => { if (t === dialog || t.closest("[data-close]")) dialog.close(); });
    dialog.addEventListener("keydown", (e) => {
      if (e.key !== "?") return;
      e.stopPropagation(); // it would open again
      dialog.close();
    });
    document.body.append(dialog);
    dialog.showModal();
  };
  // A dialog that the page has drawn opens as soon as it is there. What is marked so closes it; the page hears of that.
  const unfold = () => home.querySelector("dialog:not([open])")?.showModal();
  addEventListener("click", ({ target: t }) => { if (t.closest("#dialog [data-close]") || t.id === "dialog") document.getElementById("dialog")?.close(); });

  // The palette: what is typed leaves the things that have all its words, arrows choose one, Enter does it. The focus stays
  // in the field; the chosen one is told as its active descendant.
  let chosen = "";
  const sift = (step = 0) => {
    const field = document.getElementById("palette-find"), list = document.getElementById("palette-list");
    if (!field || !list) return null;
    const words = field.value.toLowerCase().split(/\s+/), all = [...list.children];
    for (const one of all) {
      const text = one.textContent.toLowerCase();
      one.hidden = !words.every((w) => text.includes(w));
    }
    const left = all.filter((one) => !one.hidden), was = left.findIndex((one) => one.textContent === chosen);
    const now = left[(Math.max(was, 0) + step + left.length) % left.length];
    for (const one of all) one.setAttribute("aria-selected", one === now);
    chosen = now?.textContent;
    field.setAttribute("aria-activedescendant", now?.id || "");
    if (step) now?.scrollIntoView({ block: "nearest" });
    const none = document.getElementById("palette-none"), said = now ? "" : none.dataset.none;
    if (none.textContent !== said) none.textContent = said;
    return now;
  };
  addEventListener("input", ({ target: t }) => {
    if (t.id !== "palette-find") return;
    chosen = ""; // the best one is the first
    sift();
  });
  addEventListener("keydown", (e) => {
    const key = e.key, ours = (e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey, opened = document.querySelector("dialog[open]");
    if (ours && key === "k") {
      e.preventDefault();
      if (!opened) document.getElementById("palette")?.click();
    } else if (ours && key === "z" && !opened && !e.target.closest("input, textarea")) {
      e.preventDefault();
      document.getElementById("undo")?.click();
    } else if (e.target.id === "palette-find" && (key === "ArrowDown" || key === "ArrowUp" || key === "Enter")) {
      e.preventDefault();
      e.stopPropagation();
      if (key === "Enter") sift()?.click();
      else sift(key === "ArrowDown" ? 1 : -1);
    }
  }, true);
  // In the log the arrow keys move from entry to entry, and bring older or newer ones when they come to an end.
  addEventListener("keydown", (e) => {
    const grid = e.target.closest?.("#log"), way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
    if (!grid || !way || e.ctrlKey || e.altKey || e.metaKey) return;
    e.preventDefault();
    e.stopPropagation();
    const cell = e.target.closest("td"), rows = [...grid.tBodies[0].rows], at = (row) => row.querySelectorAll("td[data-index]");
    let next;
    if (!cell) next = [...at(rows[0])].pop();
    else if (way[1]) next = [...at(rows[rows.indexOf(cell.parentNode) + way[1]] || cell.parentNode)]
      .sort((a, b) => Math.abs(a.dataset.index - cell.dataset.index) - Math.abs(b.dataset.index - cell.dataset.index))[0];
    else {
      next = way[0] < 0 ? cell.previousElementSibling : cell.nextElementSibling;
      if (!next?.dataset.index) return home.querySelector(`[data-action=log][data-arg=${way[0] < 0 ? "back" : "forward"}]`)?.click();
    }
    if (!next) return;
    next.tabIndex = -1;
    next.focus();
  }, true);
  // order does what a button with this action would.
  const order = (action, arg) => {
    const button = document.createElement("button");
    Object.assign(button.dataset, { action, arg });
    button.hidden = true;
    home.append(button);
    button.click();
    button.remove();
  };
  // On the recording PageUp and PageDown go a twentieth of it back or on.
  addEventListener("keydown", (e) => {
    const way = { PageUp: 1, PageDown: -1 }[e.key], tape = e.target;
    if (!way || tape.id !== "tape") return;
    e.preventDefault();
    order("scrub", String(Math.min(Math.max(tape.ariaValueNow / parseFloat(tape.dataset.scrub) + way / 20, 0), 1)));
  });
  // W asks why about what the pointer or the focus came to last, about what is selected, or about the room.
  let looked = null;
  for (const way of ["pointerover", "focusin"]) addEventListener(way, (e) => { looked = e.target; }, { passive: true });
  const subject = () => {
    const on = (sign) => looked?.isConnected ? looked.closest?.(sign) : null;
    const cell = on("td[data-row]"), message = on("[data-message]"), node = on("[data-node]"), link = on("[data-link]");
    if (cell) return `entry ${cell.dataset.row} ${cell.dataset.index}`;
    if (message) return `message ${message.dataset.message}`;
    if (node || link) return node?.dataset.node || link.dataset.link;
    const [kind, a, b] = (on("[data-action=look]")?.dataset.arg || "").split(" ");
    if (kind === "node") return a;
    if (kind === "link") return `${a}-${b}`;
    if (/^(op|message|lamp)$/.test(kind)) return `${kind} ${a}`;
    if (kind === "entry") return `entry ${a} ${b}`;
    return home.querySelector(".node.picked")?.dataset.node || home.querySelector(".link.picked")?.dataset.link || "";
  };
  addEventListener("keydown", (e) => {
    if (e.key.toLowerCase() !== "w" || e.ctrlKey || e.altKey || e.metaKey || e.repeat || document.querySelector("dialog[open]")) return;
    if (e.target.closest?.("input, textarea, select, [contenteditable]")) return;
    order("look", `why ${subject()}`.trim());
  });
  // A projector shows everything bigger and calmer; this browser remembers it.
  const project = (on) => {
    if (on) document.documentElement.dataset.projector = "true";
    else delete document.documentElement.dataset.projector;
    dispatchEvent(new Event("resize"));
  };
  try { project(localStorage.getItem("quorumlab.projector") === "on"); } catch { /* not remembered */ }
  addEventListener("click", ({ target: t }) => {
    if (!t.closest("[data-action=projector]")) return;
    const on = !document.documentElement.dataset.projector;
    try { localStorage.setItem("quorumlab.projector", on ? "on" : ""); } catch { /* forgotten with the page */ }
    project(on);
  });

  // name makes a random name for this browser.
  const name = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

  // copy puts a text on the clipboard and tells whether it could; if not, the text is selected where it stands.
  const copy = (text, tell) => {
    const select = () => {
      const shown = [...document.querySelectorAll("#share, code")].find((c) => c.textContent && text.endsWith(c.textContent));
      if (shown) getSelection().selectAllChildren(shown);
      tell(false);
    };
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(() => tell(true), select);
    else select();
  };

  // adopt tells the tree that the server wrote: the patches begin from it. Comments are taken out, they are no part of it.
  const adopt = () => {
    const out = [];
    const walk = (node) => {
      if (node.nodeType === Node.TEXT_NODE) return void out.push("", node.data);
      out.push(node.localName, node.attributes.length);
      for (const a of node.attributes) out.push(a.name, a.value);
      if ("raw" in node.dataset) return void out.push("raw", node.innerHTML);
      for (const kid of [...node.childNodes]) if (kid.nodeType > Node.TEXT_NODE) kid.remove();
      out.push(node.childNodes.length);
      node.childNodes.forEach(walk);
    };
    walk(home.firstElementChild);
    return out.join("\0");
  };

  // What a person has changed in a field is a property; the attribute alone would not change it back.
  // A button that has the focus and is switched off by what it did keeps it, so that the next Enter does not press another one.
  const set = (node, name, value) => {
    if (name === "disabled" && node === document.activeElement) {
      node.setAttribute("aria-disabled", "true");
      node.addEventListener("focusout", () => { if (node.getAttribute("aria-disabled")) set(node, name, value); }, { once: true });
      return;
    }
    if (name === "disabled") node.removeAttribute("aria-disabled");
    node.setAttribute(name, value);
    if (name === "value" && "value" in node && node !== document.activeElement) node.value = value;
    if (name === "checked" || name === "open") node[name] = true;
  };
  const unset = (node, name) => {
    node.removeAttribute(name);
    if (name === "disabled") node.removeAttribute("aria-disabled");
    if (name === "checked" || name === "open") node[name] = false;
  };

  // alike are what does the same as an element, in a node: what has no id of its own is known by that.
  const alike = (node, { localName, dataset: d }) => [...node.querySelectorAll(localName)].filter((e) => e.dataset.action === d.action && e.dataset.arg === d.arg);
  // What a slider in the server's HTML is set to is said while it is being drawn; what that means, when the server has answered.
  addEventListener("input", ({ target: t }) => {
    const said = t.type === "range" && t.nextElementSibling;
    if (said && said.localName === "output") said.value = (+t.value).toLocaleString(document.documentElement.lang);
  });
  // html puts HTML of the server's in the place of what is in the node. Whoever reads there does not lose the place: the
  // focus stays on what has the same id, or does the same, or goes to the heading (data-focus), what somebody unfolded or folded (details
  // with an id; data-open is how the server would have it) stays so, and what has scrolled is where it was.
  // As long as something in the node is pressed it waits: a button that was made anew between press and release would not
  // be clicked.
  let pressed = null;
  const waiting = new Map();
  const released = () => {
    pressed = null;
    delete document.documentElement.dataset.scrubbing;
    setTimeout(() => { // after the click
      for (const [node, value] of waiting) if (node.isConnected) html(node, value);
      waiting.clear();
    });
  };
  addEventListener("pointerdown", (e) => {
    pressed = e.target;
    if (pressed.closest("#tape")) document.documentElement.dataset.scrubbing = "true"; // it stays, also when the finger comes to LIVE
  }, true);
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, released, true);
  addEventListener("blur", released); // of the window
  const html = (node, value) => {
    if (pressed && node.contains(pressed)) return void waiting.set(node, value);
    waiting.delete(node);
    const at = document.activeElement, inside = node.contains(at), typed = inside && at.localName === "input" ? at : null;
    const nth = inside ? alike(node, at).indexOf(at) : 0;
    const folds = [...node.querySelectorAll("details[id]")].filter((d) => d.open !== "open" in d.dataset);
    const scroller = node.parentElement, top = scroller.scrollTop;
    node.innerHTML = value;
    for (const { id, open } of folds) {
      const d = document.getElementById(id);
      if (d) d.open = open;
    }
    scroller.scrollTop = top;
    if (inside) {
      const again = at.id ? document.getElementById(at.id) : alike(node, at)[nth];
      if (again) again.focus({ preventScroll: true });
      if (again && typed) {
        again.value = typed.value;
        if (typed.type !== "range") again.setSelectionRange(typed.selectionStart, typed.selectionEnd);
      }
      if (!node.contains(document.activeElement)) node.querySelector("[data-focus]")?.focus({ preventScroll: true });
    }
    reveal(node);
    if (node.id === "timeline") point();
  };
  // reveal scrolls, once for each step, to what the step before has shown and what comes now; to the top in a lesson that
  // begins. Where the page scrolls and not the panel, it does so only for who reads in the panel or has just asked for it:
  // the stage stays in sight (app.css), and what people look at must not jump.
  let revealed = null;
  const reveal = (node, asked) => {
    const scroller = node.parentElement, now = node.querySelector("[data-now]"), news = node.querySelector("[data-news]");
    if (!now || !scroller.clientHeight || now.id === revealed && !asked) return;
    revealed = now.id;
    const panel = scroller.scrollHeight > scroller.clientHeight, all = scroller.getBoundingClientRect();
    const top = panel ? all.top : covered();
    const from = (news || node).getBoundingClientRect().top, to = now.getBoundingClientRect().bottom;
    if (from >= top && to <= (panel ? all.bottom : innerHeight)) return;
    const above = 24; // the bar of the steps
    if (panel) scroller.scrollTop += from - top - above;
    else if (asked || node.getBoundingClientRect().top < top) scrollBy(0, from - top - 8);
  };
  // covered is how much of the window's top a stage covers that stays when the page scrolls.
  const covered = () => {
    const stage = home.querySelector(".stage"), style = getComputedStyle(stage);
    return style.position === "sticky" ? stage.offsetHeight + parseFloat(style.top) : 0;
  };
  const lesson = document.getElementById("lesson"), app = home.firstElementChild;
  if (lesson) {
    reveal(lesson);
    new MutationObserver(() => app.dataset.tab === "guide" && reveal(lesson, true)).observe(app, { attributeFilter: ["data-tab"] });
  }

  // What had the focus may be taken away, switched off or hidden by what it did: the focus then goes to what is nearest, and
  // is not lost. Who points somewhere else gives it up.
  let focused = null, around = [];
  addEventListener("focusin", ({ target: t }) => {
    focused = t;
    around = [];
    for (let e = t; e !== app && e.parentElement; e = e.parentElement) around.push([e.parentElement, [...e.parentElement.children].indexOf(e)]);
  });
  addEventListener("pointerdown", () => { focused = null; }, true);
  const usable = (e) => e.checkVisibility() && !e.disabled;
  const regain = () => {
    const was = focused;
    if (!was || was.isConnected && usable(was) || document.querySelector("dialog[open]")) return;
    focused = null;
    for (const [box, nth] of around) {
      if (!box.isConnected || !box.checkVisibility()) continue;
      const all = [...box.querySelectorAll("a[href], button, input, select, summary, [tabindex]")].filter(usable);
      const child = box.children[Math.min(nth, box.children.length - 1)];
      const next = all.find((e) => child === e || child.compareDocumentPosition(e) & 4) || all[all.length - 1];
      if (next) return next.focus({ preventScroll: true });
    }
  };

  // patch replays n numbers: op, how many steps of the last path stay, how many follow, the steps, and what the op
  // takes. Lengths of texts count UTF-16 units of the one long text that follows the numbers, of so many bytes.
  const utf8 = new TextDecoder();
  const patch = (n, bytes) => {
    const code = new Int32Array(heap.buffer, 0, n), text = utf8.decode(heap.subarray(n * 4, n * 4 + bytes));
    const trail = [home.firstElementChild], grown = new Set();
    let at = 0, from = 0, turned = false;
    const take = () => text.slice(from, from += code[at++]);
    const make = (svg) => {
      const tag = take();
      if (!tag) return document.createTextNode(take());
      const e = svg || tag === "svg" ? document.createElementNS(SVG, tag) : document.createElement(tag);
      for (let n = code[at++]; n > 0; n--) e.setAttribute(take(), take());
      if (e.dataset.follow) grown.add(e);
      const inside = (svg || tag === "svg") && tag !== "foreignObject";
      const kids = code[at++];
      if (kids < 0) e.innerHTML = take();
      for (let n = kids; n > 0; n--) e.appendChild(make(inside));
      return e;
    };
    while (at < n) {
      const op = code[at++];
      trail.length = code[at++] + 1;
      for (let more = code[at++]; more > 0; more--) trail.push(trail[trail.length - 1].childNodes[code[at++]]);
      const node = trail[trail.length - 1];
      turned ||= op < 3 && node === trail[0]; // what the page's root says may hide what has the focus
      if (op === 3 || op === 4) grown.add((op === 3 ? node.parentNode : node).closest("[data-follow]"));
      switch (op) {
        case 1: set(node, take(), take()); break;
        case 2: unset(node, take()); break;
        case 3: node.data = take(); break;
        case 4: {
          const index = code[at++], svg = code[at++];
          node.insertBefore(make(svg), node.childNodes[index] || null);
          break;
        }
        case 5: node.childNodes[code[at++]].remove(); break;
        case 6: {
          const kid = node.childNodes[code[at++]];
          kid.remove();
          node.insertBefore(kid, node.childNodes[code[at++]] || null);
          break;
        }
        case 7: {
          const svg = code[at++], now = make(svg);
          node.replaceWith(now);
          trail[trail.length - 1] = now;
          break;
        }
        case 8: html(node, take()); break;
      }
    }
    for (const list of grown) if (list) follow(list);
    unfold();
    sift();
    if (focused && (turned || document.activeElement === document.body)) regain();
  };
  // A list that follows its end does so until somebody scrolls away from it; also when it gets smaller.
  const follow = (list) => {
    if (!list.watched) smaller.observe(list);
    list.watched = true;
    if (!list.away) list.scrollTop = list.scrollHeight;
  };
  const smaller = new ResizeObserver((all) => all.forEach((e) => follow(e.target)));
  home.addEventListener("scroll", ({ target: t }) => {
    if (t.dataset.follow) t.away = t.scrollHeight - t.scrollTop - t.clientHeight > 40;
  }, { capture: true, passive: true });

  // What a panel rests on stands in data-marks of the page's root. Machines, links and parts of the page are shown by app.css;
  // entries, messages and requests are too many to be named there, and get rules of their own here: cells and gates on the
  // page, and on the recording a frame around the time that a request took (asked-FROM-TO; TO is 0 while it waits).
  const pointing = new CSSStyleSheet();
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, pointing];
  const point = () => {
    const cells = [], gates = [], bars = [], rules = [], number = /^\d+$/;
    const { from, span } = document.querySelector("#timeline .whole")?.dataset || {};
    for (const mark of (home.firstElementChild.dataset.marks || "").split(" ")) {
      const [kind, a, b] = mark.split("-");
      if (kind === "entry" && /^n\d+$/.test(a) && number.test(b)) cells.push(`[data-row="${a}"][data-index="${b}"]`);
      if (kind === "message" && number.test(a)) gates.push(`.waiting[data-message="${a}"] .hit`);
      if (kind === "asked" && span > 0 && number.test(a) && number.test(b)) bars.push([(a - from) / span, +b ? (b - from) / span : 1]);
    }
    if (cells.length) {
      const all = `:is(${cells.join()})`;
      rules.push(`#log ${all} > .e { outline: 2.5px solid var(--accent); outline-offset: 1.5px; animation: point-at 2.2s ease-in-out infinite; }`,
        `.app .log:has(${all}) { outline: none; animation: none; }`); // what one sees need not be looked for
    }
    if (gates.length) rules.push(`${gates.join()} { r: 24px; stroke: var(--accent); stroke-width: 3px; animation: point 2.2s ease-in-out infinite; }`);
    if (bars.length) {
      const start = Math.max(Math.min(...bars.map((bar) => bar[0])), 0) * 100, end = Math.min(Math.max(...bars.map((bar) => bar[1])), 1) * 100;
      rules.push(`#tape::after { content: ""; position: absolute; inset: 0 auto 0 ${start}%; margin-left: -4px; width: ${end - start}%; padding-right: 4px; border: 2px solid var(--accent); border-radius: 4px; pointer-events: none; }`);
    }
    pointing.replaceSync(rules.join("\n"));
  };
  new MutationObserver(point).observe(home.firstElementChild, { attributeFilter: ["data-marks"] });

  let heap = new Uint8Array(1 << 16);
  const reserve = (n) => {
    if (heap.length < n) heap = new Uint8Array(Math.max(n, heap.length * 2));
    return heap;
  };

  // Packets are painted by a worker (painter.js) on the stage's canvas: the page's own thread has enough to do with what a person
  // can click. At most one list is on its way there; of those that come meanwhile the newest waits, the others are passed over.
  const painter = new Worker(brush);
  let canvas, names = [], list = null, spare = null, busy = false;
  const given = new WeakSet();
  const resized = new ResizeObserver(([e]) => {
    const dots = window.devicePixelRatio || 1;
    painter.postMessage({ size: [Math.round(e.contentRect.width * dots), Math.round(e.contentRect.height * dots)] });
  });
  const colours = () => {
    if (!canvas) return;
    const style = getComputedStyle(canvas), colour = (name) => style.getPropertyValue(name).trim() || "#888";
    painter.postMessage({ palette: names.map(colour), accent: colour("--accent") });
  };
  new MutationObserver(colours).observe(document.documentElement, { attributes: true, subtree: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", colours);

  // find gives the painter the canvas that is on the page, unless it has it.
  const find = () => {
    if (canvas && canvas.isConnected) return true;
    canvas = home.querySelector("canvas");
    if (!canvas) return false;
    if (!given.has(canvas)) {
      const control = canvas.transferControlToOffscreen();
      painter.postMessage({ canvas: control }, [control]);
      given.add(canvas);
    }
    colours();
    resized.disconnect();
    resized.observe(canvas);
    return true;
  };
  const send = () => {
    if (busy || !list || !find()) return;
    painter.postMessage(list, [list.buffer]);
    [list, busy] = [null, true];
  };
  painter.onerror = (e) => {
    console.error("quorumlab: the painter has failed:", e.message);
    say(unpainted);
  };
  painter.onmessage = ({ data }) => {
    [spare, busy] = [data, false];
    send();
  };
  const paint = (n) => {
    const room = list?.buffer || spare, buffer = room?.byteLength >= n ? room : new ArrayBuffer(heap.length);
    if (room === spare) spare = null;
    new Uint8Array(buffer, 0, n).set(heap.subarray(0, n));
    list = { buffer, length: n };
    send();
  };

  // On the stage a place counts in units of its picture.
  const place = (svg, x, y) => {
    const p = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM().inverse());
    return [p.x, p.y];
  };

  // connect opens the way to the room. A page that is a recording of its own has the room's side of it in a worker
  // (tape.js), which speaks as a room's websocket does.
  class Player extends EventTarget {
    constructor() {
      super();
      this.readyState = WebSocket.CONNECTING;
      const { player, recording, program, failed, unplayable } = home.dataset, here = (address) => new URL(address, location.href).href;
      this.worker = new Worker(player);
      this.worker.onmessage = ({ data }) => this.hear(data);
      this.worker.onerror = () => this.fail(failed);
      this.worker.postMessage({ recording: here(recording), program: here(program), failed, unplayable });
    }
    hear(data) {
      if (typeof data === "string") return this.fail(data);
      if (data instanceof ArrayBuffer) return this.dispatchEvent(new MessageEvent("message", { data }));
      this.readyState = WebSocket.OPEN;
      this.dispatchEvent(new Event("open"));
    }
    // fail says why nothing can be played; what would play it is of no use then.
    fail(sentence) {
      say(sentence);
      home.firstElementChild.dataset.phase = "lost";
      for (const part of home.querySelectorAll(".main, .side, .lanes")) part.inert = true;
    }
    send(bytes) { this.worker.postMessage(bytes); }
    close() { this.worker.terminate(); }
  }
  const connect = (address) => home.dataset.recording ? new Player() : new WebSocket(address);

  const go = new Go();
  go.env = { GOGC: "400" }; // the heap is small: rather more of it than a pause in the middle of a frame
  // measure gives the figures that wasm/browser counts, by their names; it is there when the program is.
  const FIGURES = ["frames", "skipped", "patches", "events", "batches", "bytes", "reconnects", "seq", "drawnSeq", "firstDrawnMs"];
  const measured = () => {
    const [plain, scriptMs, drawnCommitMs] = quorumlab.figures().split(";").map((list) => list.trim() ? list.trim().split(" ").map(Number) : []);
    const told = Object.fromEntries(FIGURES.map((name, i) => [name, plain[i]])), ms = (all) => all.map((us) => us / 1000);
    return { ...told, firstDrawnMs: told.firstDrawnMs / 1000, scriptMs: ms(scriptMs), drawnCommitMs: ms(drawnCommitMs) };
  };
  window.quorumlab = { get measure() { return this.figures && measured; }, home, adopt, patch, reserve, show, name, copy, connect, paint, place, colours: (list) => { names = list.split(" "); colours(); } };
  // The program never ends by itself. When it does not start or stops, the page says so where the picture stands still.
  const say = (sentence) => {
    const note = document.createElement("div"), words = document.createElement("p");
    note.className = "notice bad";
    note.setAttribute("role", "alert");
    words.textContent = sentence;
    note.append(words);
    (home.querySelector(".notices") || home).replaceChildren(note);
  };
  const stopped = (why) => {
    console.error("quorumlab: the page's program has stopped:", why);
    say(halted);
  };
  // A file that ends in .gz is unpacked here: a plain web server does not say that it is packed.
  const unpacked = async (file) => {
    const b = await file.arrayBuffer(), packed = new Uint8Array(b, 0, 2);
    return packed[0] === 0x1f && packed[1] === 0x8b ? new Response(new Blob([b]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer() : b;
  };
  const program = /\.gz(\?|$)/.test(address) ? fetch(address).then(unpacked).then((b) => WebAssembly.instantiate(b, go.importObject))
    : WebAssembly.instantiateStreaming(fetch(address), go.importObject);
  program
    .then(({ instance }) => go.run(instance))
    .then(() => stopped("see the lines above"), stopped);
})();
