// Uses videos again and again in one of several ways, then waits until nothing of them is held any more. Prints how many
// files were open before and after, and how many threads of the engine stay. A way that leaks never gets there.
// Usage: node --expose-gc handles.mjs WAY CLIP [ENCODER]
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { loadEncoder, openVideo } from "../../dist/index.js";

const [way, clip, model] = process.argv.slice(2);

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
const held = () => files().filter((file) => file === clip).length + threadsNamed("unreel-frames", "unreel-work");

// Loads the addon and what it loads, which stay.
await ways[way]();
const before = files().filter((file) => file !== clip).length;
const uses = way === "embedded" ? 20 : 200;
for (let done = 0; done < uses; done += 10) await Promise.all(Array.from({ length: 10 }, () => ways[way]()));
while (held() > 0) {
  globalThis.gc();
  await setImmediate();
}
console.log(JSON.stringify({ before, after: files().length, jobs: threadsNamed("unreel-job") }));
