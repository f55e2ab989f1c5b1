// The worker that paints packets on the stage's canvas. The page (app.js) gives it the canvas, its size and colours, and list
// after list of what is under way, as wasm/ui/packets.go describes them; each is answered with a buffer that the page may fill next,
// when it has been painted.
"use strict";

// Each look is drawn once and then copied; at most LOOKS are kept.
const LOOKS = 400, MONO = "ui-monospace, 'JetBrains Mono', 'DejaVu Sans Mono', monospace";
const utf8 = new TextDecoder(), looks = new Map();
let canvas, ctx, zoom = 0, palette = [], accent = "#888";
// What was painted last, for a canvas that is empty again in a room that stands still: its bytes, and how many of them count.
let heap = new Uint8Array(0), used = 0;

// ink is what can be read on a colour.
const ink = (colour) => {
  ctx.fillStyle = colour;
  const hex = parseInt(ctx.fillStyle.slice(1), 16);
  return ((hex >> 16) * 3 + (hex >> 8 & 255) * 6 + (hex & 255)) / 10 > 110 ? "#10161d" : "#ffffff";
};

const mark = (c, kind) => {
  c.beginPath();
  if (kind === 1) { c.moveTo(-4, 0); c.lineTo(-1, 3); c.lineTo(4, -3); }
  if (kind === 2) { c.moveTo(-3, -3); c.lineTo(3, 3); c.moveTo(3, -3); c.lineTo(-3, 3); }
  c.lineWidth = 1.8;
  c.lineCap = "round";
  c.stroke();
};
// The outline of each shape for a width w and a height h around the middle, and its height.
const outline = [
  (c, w, h) => c.arc(0, 0, h / 2, 0, 7),
  (c, w, h) => c.roundRect(-w / 2, -h / 2, w, h, 5),
  (c, w, h) => { c.moveTo(-w / 2, -h / 2); c.lineTo(w / 2 - 5, -h / 2); c.lineTo(w / 2, 5 - h / 2); c.lineTo(w / 2, h / 2); c.lineTo(-w / 2, h / 2); c.closePath(); },
  (c, w, h) => { c.ellipse(0, 4 - h / 2, w / 2, 4, 0, Math.PI, 0); c.lineTo(w / 2, h / 2 - 4); c.ellipse(0, h / 2 - 4, w / 2, 4, 0, 0, Math.PI); c.closePath(); },
  (c, w, h) => { c.moveTo(w / 2, 0); c.lineTo(0, -h / 2); c.lineTo(0, -3); c.lineTo(-w / 2, -3); c.lineTo(-w / 2, 3); c.lineTo(0, 3); c.lineTo(0, h / 2); c.closePath(); },
  (c, w, h) => c.roundRect(-w / 2, -h / 2, w, h, 2),
];
const heights = [8, 20, 18, 24, 14, 16];
const draw = (shape, colour, sign, flags, label, done) => {
  let c = new OffscreenCanvas(1, 1).getContext("2d");
  c.font = `600 11px ${MONO}`;
  const tall = shape === 0 && sign ? 18 : heights[shape];
  const wide = shape === 0 ? tall : Math.max(shape === 4 ? 22 : tall, label ? c.measureText(label).width + 14 : 0);
  const sprite = new OffscreenCanvas(Math.ceil((wide + 6) * zoom), Math.ceil((tall + 6) * zoom));
  c = sprite.getContext("2d");
  c.scale(zoom, zoom);
  c.translate(wide / 2 + 3, tall / 2 + 3);
  c.beginPath();
  outline[shape](c, wide, tall);
  const hollow = flags & 1;
  c.fillStyle = c.strokeStyle = palette[colour];
  c.globalAlpha = hollow ? 0.22 : 1;
  c.fill();
  c.globalAlpha = 1;
  c.lineWidth = 1.6;
  if (flags & 4) c.setLineDash([3, 3]);
  if (hollow || flags & 4) c.stroke();
  c.setLineDash([]);
  if (shape === 3) { // a snapshot fills up on its way
    c.save();
    c.clip();
    c.globalAlpha = 0.35;
    c.fillStyle = "#000";
    c.fillRect(-wide / 2, -tall / 2, wide, tall * (1 - done));
    c.restore();
  }
  c.fillStyle = c.strokeStyle = hollow ? palette[colour] : ink(palette[colour]);
  if (shape === 5 && !label) { c.beginPath(); c.moveTo(-wide / 2, -tall / 2); c.lineTo(0, -1); c.lineTo(wide / 2, -tall / 2); c.globalAlpha = 0.4; c.stroke(); c.globalAlpha = 1; }
  c.font = `600 11px ${MONO}`;
  c.textAlign = "center";
  c.textBaseline = "middle";
  if (label) c.fillText(label, 0, 0.5);
  if (sign) mark(c, sign);
  return sprite.transferToImageBitmap(); // a canvas would be copied each time that it is drawn
};

// lookAt finds the look of the packet at a place of the heap by all that makes it: its first four bytes, for a
// snapshot how full it is, and its label, byte by byte.
const lookAt = (view, at, length, done) => {
  let key = view.getInt32(at, true) + done * 7919;
  for (let i = 0; i < length; i++) key = Math.imul(key, 31) + heap[at + 24 + i] | 0;
  const known = looks.get(key);
  if (known && known.head === view.getInt32(at, true) && known.done === done && same(known.label, at + 24, length)) return known.sprite;
  if (looks.size >= LOOKS) looks.clear();
  const label = heap.slice(at + 24, at + 24 + length);
  const sprite = draw(heap[at], heap[at + 1], heap[at + 2], heap[at + 3], utf8.decode(label), done / 16);
  looks.set(key, { head: view.getInt32(at, true), done, label, sprite });
  return sprite;
};
const same = (label, at, length) => {
  if (label.length !== length) return false;
  for (let i = 0; i < length; i++) if (label[i] !== heap[at + i]) return false;
  return true;
};

const paint = () => {
  if (!ctx || !used || !canvas.width || !canvas.height || !palette.length) return;
  const { width, height } = canvas;
  const view = new DataView(heap.buffer, 0, used);
  const f = (at) => view.getFloat32(at, true);
  const scale = Math.min(width / f(4), height / f(8)), left = (width - f(4) * scale) / 2, top = (height - f(8) * scale) / 2;
  if (scale !== zoom) { zoom = scale; looks.clear(); }
  ctx.clearRect(0, 0, width, height);
  for (let count = view.getUint32(0, true), at = 16; count > 0; count--) {
    const length = view.getUint32(at + 20, true), alpha = f(at + 12);
    const sprite = lookAt(view, at, length, heap[at] === 3 ? Math.round(f(at + 16) * 16) : 0);
    if (alpha !== ctx.globalAlpha) ctx.globalAlpha = alpha;
    const x = Math.round(left + f(at + 4) * scale - sprite.width / 2), y = Math.round(top + f(at + 8) * scale - sprite.height / 2);
    ctx.drawImage(sprite, x, y);
    if (heap[at + 3] & 8) { // a panel rests on it
      ctx.strokeStyle = accent;
      ctx.lineWidth = 2.5 * scale;
      ctx.beginPath();
      ctx.roundRect(x - 3 * scale, y - 3 * scale, sprite.width + 6 * scale, sprite.height + 6 * scale, 12 * scale);
      ctx.stroke();
    }
    at += 24 + ((length + 3) & ~3);
  }
};

addEventListener("message", ({ data }) => {
  if (data.canvas) {
    canvas = data.canvas;
    ctx = canvas.getContext("2d");
  }
  if (data.size) [canvas.width, canvas.height] = data.size;
  if (data.palette) {
    ({ palette, accent } = data);
    looks.clear();
  }
  const before = heap.buffer;
  if (data.buffer) [heap, used] = [new Uint8Array(data.buffer), data.length];
  try {
    paint();
  } finally { // also a list that cannot be painted is answered: the page would wait for ever, and the next one may be better
    if (data.buffer) postMessage(before, [before]);
  }
});
