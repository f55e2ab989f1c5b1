// The worker of a page that plays a recording without a server: it has the room's side of the page's websocket
// (wasm/tape), and the recording. The page (app.js) tells it first where the recording is; then both exchange frames, as
// ArrayBuffers. A sentence is why it cannot go on.
"use strict";
importScripts("wasm_exec.js");

const bytes = async (address) => {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status} ${answer.statusText}`);
  return new Uint8Array(await answer.arrayBuffer());
};
// Files that end in .gz are unpacked here, unless the web server has had the browser do it on the way.
const unpacked = async (address) => {
  const b = await bytes(address);
  if (b[0] !== 0x1f || b[1] !== 0x8b) return b;
  return new Uint8Array(await new Response(new Blob([b]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
};

let host;
const begin = async ({ recording, program, failed, unplayable }) => {
  try {
    const [tape, wasm] = await Promise.all([bytes(recording), unpacked(program)]);
    host = self.quorumlab = {
      recording: tape,
      address: recording,
      unplayable,
      ready: () => postMessage({ open: true }),
      post: (frame) => postMessage(frame.buffer, [frame.buffer]),
      fail: (sentence) => postMessage(sentence),
    };
    const go = new Go();
    const { instance } = await WebAssembly.instantiate(wasm, go.importObject);
    await go.run(instance);
  } catch (why) {
    console.error("quorumlab:", why);
    postMessage(failed);
  }
};
addEventListener("message", ({ data }) => {
  if (data.recording) begin(data);
  else host.hear(data);
});
