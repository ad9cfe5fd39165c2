// Uses videos again and again in one of several ways, then waits until nothing of them is held any more. Prints how many
// files were open before and after. A way that leaks files or threads never gets there.
// Usage: node --expose-gc handles.mjs WAY CLIP [ENCODER]
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { setImmediate } from "node:timers/promises";
import { loadEncoder, openVideo } from "../../dist/index.js";

const [way, clip, model] = process.argv.slice(2);

/** Streams that were asked for bytes and not let go yet. */
let streams = 0;

/** The clip, and more after it than is kept in memory; then silence until the signal, if there is one. */
async function* spooled(signal) {
  streams++;
  try {
    yield readFileSync(clip);
    const free = Buffer.alloc(17 << 20);
    free.writeUInt32BE(free.length, 0);
    free.write("free", 4, "latin1");
    yield free;
    if (signal && !signal.aborted) await once(signal, "abort");
  } finally {
    streams--;
  }
}

const ways = {
  async read() {
    const video = await openVideo(clip);
    for await (const _ of video.sample({ count: 2, size: "clip" }));
    video.close();
  },
  async left() {
    const video = await openVideo(clip);
    for await (const _ of video.sample()) break;
    video.close();
  },
  async closed() {
    const video = await openVideo(clip);
    await video.sample().next();
    video.close();
  },
  async aborted() {
    const video = await openVideo(clip);
    const controller = new AbortController();
    try {
      for await (const _ of video.sample({ signal: controller.signal })) controller.abort();
    } catch (error) {
      if (error.code !== "ERR_UNREEL_ABORTED") throw error;
    }
    video.close();
  },
  async streamed() {
    const video = await openVideo(spooled());
    for await (const _ of video.sample({ count: 2, size: "clip" }));
    video.close();
  },
  async streamLeft() {
    const video = await openVideo(spooled());
    for await (const _ of video.sample()) break;
    video.close();
  },
  async streamAborted() {
    const controller = new AbortController();
    const opening = openVideo(spooled(controller.signal), { signal: controller.signal });
    setImmediate().then(() => controller.abort());
    await opening.catch((error) => {
      if (error.code !== "ERR_UNREEL_ABORTED") throw error;
    });
  },
  async streamDropped() {
    await (await openVideo(spooled())).sample().next();
  },
  /** Nobody closes it: the garbage collector does. */
  async dropped() {
    await (await openVideo(clip)).sample().next();
  },
  /** Its own threads are the encoder's to end. */
  async embedded() {
    const encoder = await loadEncoder(model);
    for await (const _ of encoder.embed(new Array(10).fill(clip), { count: 4 })) break;
    encoder.close();
  },
};

/** A file or thread may end while it is looked at. */
function looked(read) {
  try {
    return read();
  } catch {
    return "";
  }
}

const files = () =>
  readdirSync("/proc/self/fd")
    .map((fd) => looked(() => readlinkSync(`/proc/self/fd/${fd}`)))
    .filter((file) => file !== "");
const threads = () =>
  readdirSync("/proc/self/task").map((id) => looked(() => readFileSync(`/proc/self/task/${id}/comm`, "utf8").trim()));
const threadsNamed = (...names) => threads().filter((name) => names.includes(name)).length;
const isSpool = (file) => file.startsWith(tmpdir()) && file.endsWith("(deleted)");
const isOurs = (file) => file === clip || isSpool(file);
/** The engine's own threads stay; those that stood in for waiting ones end when they are next awake. */
const surplusJobs = () => Math.max(threadsNamed("unreel-job") - Math.max(8, 2 * availableParallelism()), 0);
const held = () =>
  files().filter(isOurs).length + threadsNamed("unreel-frames", "unreel-work") + surplusJobs() + streams;

// Loads the addon and what it loads, which stay.
await ways[way]();
const before = files().filter((file) => !isOurs(file)).length;
const uses = way === "embedded" ? 20 : way.startsWith("stream") ? 50 : 200;
for (let done = 0; done < uses; done += 10) await Promise.all(Array.from({ length: 10 }, () => ways[way]()));
while (held() > 0) {
  globalThis.gc();
  await setImmediate();
}
console.log(JSON.stringify({ before, after: files().length }));
