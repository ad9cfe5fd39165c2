// How long an abort takes, at random moments: until the caller knows, and until everything is let go. Three things that
// wait or work: a server that stalls, a stream that stalls, a decoder. 200 aborts each; no contender.
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { root } from "../../scripts/lib/root.mjs";
import { say } from "../../scripts/lib/run.mjs";
import { spread } from "../lib/spread.mjs";

const aborts = 200;
const longestMomentMs = 40;

/** A real clip where there is one, else one that unreel writes. */
async function clipIn(folder, { createClip }) {
  const named = join(
    resolve(process.env.UNREEL_ASSETS ?? join(root, "../shared/assets")),
    "codecs/bt709_full_range.mp4",
  );
  if (existsSync(named)) return named;
  const path = join(folder, "clip.mp4");
  const clip = await createClip(path, { width: 640, height: 480 });
  for (let frame = 0; frame < 250; frame++) await clip.write(new Uint8Array(640 * 480 * 3).fill(frame));
  await clip.finish();
  return path;
}

function look(read) {
  try {
    return read();
  } catch {
    return ""; // it ended while it was looked at
  }
}

const files = () => readdirSync("/proc/self/fd").map((fd) => look(() => readlinkSync(`/proc/self/fd/${fd}`)));
const threads = () =>
  readdirSync("/proc/self/task").map((id) => look(() => readFileSync(`/proc/self/task/${id}/comm`, "utf8").trim()));
/** What inputs hold: spools, sockets, clips, decoders. */
const held = () => ({
  files: files().filter((file) => file.endsWith("(deleted)") || file.startsWith("socket:") || file.endsWith(".mp4"))
    .length,
  threads: threads().filter((name) => name === "unreel-frames").length,
});

/** A server that sends the beginning of a file and then nothing. */
async function startStallingServer(bytes) {
  const state = { open: 0 };
  const server = createServer((_, response) => {
    state.open++;
    response.on("close", () => state.open--);
    response.writeHead(200, { "content-length": bytes.length });
    response.write(bytes.subarray(0, 1000));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return { state, url: `http://127.0.0.1:${server.address().port}/clip.mp4`, close: () => server.close() };
}

/** A stream that brings the beginning of a file and then nothing. */
function stallingStream(bytes, state) {
  let taken = 0;
  return {
    [Symbol.asyncIterator]() {
      state.open++;
      return {
        next: () => (taken++ === 0 ? Promise.resolve({ value: bytes.subarray(0, 1000) }) : new Promise(() => {})),
        return: async () => {
          state.open--;
          return { done: true };
        },
      };
    },
  };
}

/** Begins work, aborts it `moment` ms later; milliseconds until the caller knows and until it is let go. */
async function abortAt(moment, begin, isReleased) {
  const controller = new AbortController();
  const work = begin(controller.signal).then(
    () => undefined,
    (error) => error,
  );
  await setTimeout(moment);
  const fired = performance.now();
  controller.abort();
  const error = await work;
  const settledMs = performance.now() - fired;
  if (error !== undefined && error.code !== "ERR_UNREEL_ABORTED") throw error;
  while (!isReleased()) await setTimeout(1); // spinning would take a core from who is to let go
  return { settledMs, releasedMs: performance.now() - fired };
}

/** What is held beyond `before`. Idle connections are kept for some seconds, by fetch() and by the server. */
async function leaked(before) {
  for (let waited = 0; ; waited += 50) {
    const now = held();
    const more = { files: now.files - before.files, threads: now.threads - before.threads };
    if (waited >= 10_000 || (more.files <= 0 && more.threads <= 0)) return more;
    await setTimeout(50);
  }
}

async function measure(kind, begin, isReleased) {
  const before = held();
  await abortAt(longestMomentMs, begin, isReleased); // what is loaded at first use stays
  const times = [];
  for (let i = 0; i < aborts; i++) times.push(await abortAt(Math.random() * longestMomentMs, begin, isReleased));
  const left = await leaked(before);
  const settled = spread(times.map(({ settledMs }) => settledMs));
  const released = spread(times.map(({ releasedMs }) => releasedMs));
  say(`${kind}: ${aborts} aborts`);
  return {
    kind,
    aborts,
    medianMs: settled.median,
    maxMs: settled.max,
    releasedMedianMs: released.median,
    releasedMaxMs: released.max,
    leakedFiles: left.files,
    leakedThreads: left.threads,
  };
}

export async function runSuite() {
  const unreel = await import("../../dist/index.js");
  const folder = mkdtempSync(join(tmpdir(), "unreel-bench-"));
  try {
    const clip = await clipIn(folder, unreel);
    const bytes = readFileSync(clip);
    const server = await startStallingServer(bytes);
    const stream = { open: 0 };
    const decode = async (signal) => {
      const video = await unreel.openVideo(clip, { signal });
      try {
        for (;;) for await (const _ of video.sample({ signal }));
      } finally {
        video.close();
      }
    };
    const rows = [
      await measure(
        "HTTP stall",
        (signal) => unreel.openVideo(server.url, { signal }),
        () => server.state.open === 0,
      ),
      await measure(
        "stream stall",
        (signal) => unreel.openVideo(stallingStream(bytes, stream), { signal }),
        () => stream.open === 0,
      ),
      await measure("local decode", decode, () => held().threads === 0),
    ];
    server.close();
    return { rows, ratios: {} };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
