// Inputs that lie about what they cost: each gets an error with a code, in little memory, and no process dies of one.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "../support/folders.js";
import { startFileServer } from "../support/servers.js";
import { withBytes, withLargeSps } from "./hostile/bytes.js";
import { families, type HostileCase } from "./hostile/cases.js";
import { type Edit, type HostileInput, type Outcome, runHostile } from "./hostile/run.js";

const folder = temporaryFolder("hostile");
const megabyte = 2 ** 20;

/** Peak memory of a process that has loaded everything and opened nothing. */
let idleBytes = 0;

beforeAll(async () => {
  idleBytes = (await runHostile([{ source: join(folder, "none") }])).peakBytes;
});

const codeOf = ({ code }: Outcome) => (code === undefined ? "OK" : code.replace(/^ERR_UNREEL_/, ""));

/** Runs one input alone, prints what it came to, and checks its peak. */
async function alone(name: string, input: HostileInput, capMb = 48): Promise<Outcome> {
  const { outcomes, peakBytes } = await runHostile([input]);
  const [outcome = {}] = outcomes;
  const aboveMb = (peakBytes - idleBytes) / megabyte;
  console.log(`${name} | ${codeOf(outcome)} | ${outcome.limit ?? ""} | ${aboveMb.toFixed(1)} MiB`);
  expect(aboveMb, `MiB above an idle process; ${JSON.stringify(outcome)}`).toBeLessThan(capMb);
  return outcome;
}

let files = 0;

describe.each(Object.entries(families))("%s", (_family, cases: readonly HostileCase[]) => {
  test.each(cases)("$name", async ({ name, bytes, limits, sample, code, limit, capMb }) => {
    const source = join(folder, String(files++));
    writeFileSync(source, bytes());
    const outcome = await alone(name, { source, ...(limits && { limits }), ...(sample && { sample }) }, capMb);
    expect([code].flat(), JSON.stringify(outcome)).toContain(codeOf(outcome));
    expect(outcome.limit).toBe(limit);
  });
});

const haveFfmpeg = spawnSync("ffmpeg", ["-version"]).status === 0;

/** The path of a file that ffmpeg writes with these arguments the first time. */
function byFfmpeg(name: string, args: string): string {
  const path = join(folder, name);
  if (!existsSync(path)) execFileSync("ffmpeg", ["-v", "error", ...args.split(" "), path]);
  return path;
}

const picture = (size: string, seconds: number, rate = 10) =>
  `-f lavfi -i testsrc2=s=${size}:r=${rate}:d=${seconds} -pix_fmt yuv420p`;
const x264 = "-c:v libx264 -preset ultrafast -threads 1";

/** A copy with other bytes where `text` stands. */
function patched(path: string, name: string, text: string, offset: number, bytes: Buffer): string {
  const copy = join(folder, name);
  writeFileSync(copy, withBytes(readFileSync(path), text, offset, bytes));
  return copy;
}

describe.skipIf(!haveFfmpeg)(`real files that lie${haveFfmpeg ? "" : " (needs ffmpeg)"}`, () => {
  const exceeded = (limit: string) => ({ code: "ERR_UNREEL_LIMIT_EXCEEDED", limit });

  test("H.264 in an MP4 that says 65,535 x 65,535: what is coded counts", async () => {
    const clip = byFfmpeg("small.mp4", `${picture("64x48", 1)} ${x264}`);
    const source = patched(clip, "says-large.mp4", "avc1\0\0\0\0\0\0\0\x01", 28, Buffer.alloc(4, 255));
    expect(await alone("MP4 that says 65,535 x 65,535, H.264 of 64 x 48", { source })).toMatchObject({ frames: 10 });
  });

  test("H.264 larger than the MP4 around it says", async () => {
    const clip = byFfmpeg("large.mp4", `${picture("2048x2048", 0.2)} ${x264}`);
    const source = patched(clip, "says-small.mp4", "avc1\0\0\0\0\0\0\0\x01", 28, Buffer.from([0, 64, 0, 48]));
    const limits = { maxPixels: 2 ** 20 };
    expect(await alone("MP4 that says 64 x 48, H.264 of 2,048 x 2,048", { source, limits })).toMatchObject(
      exceeded("maxPixels"),
    );
  });

  test.each([
    [8192, "maxPixels"],
    [65_536, undefined],
  ])("H.264 whose parameters change to %i a side within the stream", async (side, limit) => {
    const clip = byFfmpeg("small.h264", `${picture("64x48", 2)} ${x264} -g 10`);
    const source = join(folder, `${side}.h264`);
    writeFileSync(source, withLargeSps(readFileSync(clip), side));
    const limits = { maxPixels: 2 ** 20 };
    const outcome = await alone(`H.264 that changes to ${side} a side`, { source, limits }, 96);
    if (limit) expect(outcome).toMatchObject(exceeded(limit));
    else expect(outcome.frames).toBeGreaterThanOrEqual(10);
  });

  test("frames that need more than maxMemoryBytes", async () => {
    const source = byFfmpeg("720p.mp4", `${picture("1280x720", 1)} ${x264} -refs 4 -bf 3`);
    const input = { source, limits: { maxMemoryBytes: 4 << 20 } };
    expect(await alone("720p within 4 MiB", input)).toMatchObject(exceeded("maxMemoryBytes"));
  });

  test("frames of AV1 that need more than maxMemoryBytes", async () => {
    const source = byFfmpeg("720p.webm", `${picture("1280x720", 0.3)} -c:v libaom-av1 -cpu-used 8 -threads 2`);
    const input = { source, limits: { maxMemoryBytes: 1 << 20 } };
    expect(await alone("720p of AV1 within 1 MiB", input)).toMatchObject(exceeded("maxMemoryBytes"));
  });

  test.each(["mkv", "avi", "ts", "mp4", "flv"])("more packets than maxIndexEntries: %s", async (ending) => {
    const source = byFfmpeg(
      `indexed.${ending}`,
      `${picture("64x48", 10)} -c:v ${ending === "avi" ? "mjpeg" : "libx264"}`,
    );
    const input = { source, limits: { maxIndexEntries: 50 } };
    expect(await alone(`${ending} of 100 packets, 50 allowed`, input)).toMatchObject(exceeded("maxIndexEntries"));
  });

  test("a duration above maxDurationUs", async () => {
    const clip = byFfmpeg("small.mkv", `${picture("64x48", 1)} ${x264}`);
    const long = Buffer.alloc(8);
    long.writeDoubleBE(1e9);
    const source = patched(clip, "long.mkv", "\x44\x89\x88", 3, long);
    expect(await alone("Matroska of 10^9 ms", { source })).toMatchObject(exceeded("maxDurationUs"));
    long.writeDoubleBE(1e300);
    const endless = patched(clip, "endless.mkv", "\x44\x89\x88", 3, long);
    expect(await alone("Matroska of 10^300 ms, real", { source: endless })).toMatchObject({ frames: 10 });
    const input = { source: clip, limits: { maxDurationUs: 500_000 } };
    expect(await alone("Matroska of 1 s, half allowed", input)).toMatchObject(exceeded("maxDurationUs"));
  });

  test("a picture that takes longer than frameTimeoutMs", async () => {
    const source = byFfmpeg("slow.png", `${picture("4000x4000", 0.1)} -frames:v 1`);
    const input = { source, limits: { frameTimeoutMs: 1 } };
    expect(await alone("PNG of 4,000 x 4,000 in 1 ms", input, 192)).toMatchObject(exceeded("frameTimeoutMs"));
  });

  test.each([
    ["frames of the file", "avih", 24],
    ["length of the stream", "strh", 40],
    ["rate", "strh", 32],
    ["size of the buffer", "strh", 44],
    ["size of the picture's header", "strf", 4],
    ["size of the index", "idx1", 4],
    ["size of the list of frames", "movi", -4],
  ])("AVI: %s is 2^32 - 1", async (what, text, offset) => {
    const clip = byFfmpeg("small.avi", `${picture("64x48", 1)} -c:v mpeg4`);
    const source = patched(clip, `${what}.avi`, text, offset, Buffer.alloc(4, 255));
    const outcome = await alone(`AVI: ${what} is 2^32 - 1`, { source });
    expect([
      undefined,
      "ERR_UNREEL_TRUNCATED",
      "ERR_UNREEL_NO_VIDEO",
      "ERR_UNREEL_LIMIT_EXCEEDED",
      "ERR_UNREEL_NO_FRAMES",
      "ERR_UNREEL_CODEC_UNSUPPORTED",
    ]).toContain(outcome.code);
  });

  test("ten minutes of PCM sound are no 29 million entries", async () => {
    const sound = "-f lavfi -i anullsrc=r=48000:cl=mono:d=600 -c:a pcm_u8 -shortest";
    const source = byFfmpeg("pcm.mov", `-f lavfi -i color=s=64x48:r=1:d=600 ${sound} -c:v mjpeg`);
    expect(await alone("MOV with 28.8 million samples of PCM", { source, sample: { count: 4 } })).toMatchObject({
      frames: 4,
    });
  });
});

describe("sources that do not end", () => {
  const exceeded = (limit: string) => ({ code: "ERR_UNREEL_LIMIT_EXCEEDED", limit });

  test("one byte at a time: openTimeoutMs", async () => {
    const input = { source: "trickle", limits: { openTimeoutMs: 500 } };
    expect(await alone("a stream that trickles", input)).toMatchObject(exceeded("openTimeoutMs"));
  });

  test.each(["maxBytes", "maxSpoolBytes"])("for ever: %s", async (limit) => {
    const input = { source: "endless", limits: { [limit]: 200 << 20 } };
    expect(await alone(`a stream without end, ${limit}`, input, 96)).toMatchObject(exceeded(limit));
  });

  test("a server that stalls: idleTimeoutMs", async () => {
    const server = await startFileServer(Buffer.alloc(1 << 20), { stallAfter: 1 << 16 });
    const input = { source: `${server.origin}/clip.mp4`, limits: { idleTimeoutMs: 50 } };
    expect(await alone("a server that stalls", input)).toMatchObject(exceeded("idleTimeoutMs"));
  });
});

/** The same edits in every run: the file cut at 40 places, and 300 times with up to eight bits turned. */
function editsOf(length: number): Edit[] {
  const cuts = Array.from({ length: 40 }, (_, i) => ({ length: Math.max(1, Math.floor((length * i) / 40)) }));
  const flip = fc.tuple(fc.nat({ max: length - 1 }), fc.constantFrom(1, 2, 4, 8, 16, 32, 64, 128, 255));
  const flips = fc.sample(fc.array(flip, { minLength: 1, maxLength: 8 }), { seed: 20_260_101, numRuns: 300 });
  return [...cuts, ...flips.map((each) => ({ flips: each }))];
}

describe.skipIf(!haveFfmpeg)(`damaged files${haveFfmpeg ? "" : " (needs ffmpeg)"}`, () => {
  test.each([
    ["mp4", `${x264} -bf 2`],
    ["mkv", `${x264} -bf 2`],
    ["avi", "-c:v mpeg4 -threads 1"],
    ["ts", `${x264} -bf 2`],
    ["gif", "-pix_fmt rgb8"],
    ["webm", "-c:v libvpx-vp9 -threads 1 -deadline realtime -cpu-used 8"],
  ])("%s, cut at 40 places and with bits turned 300 times: frames, or an error with a code", async (ending, args) => {
    const source = byFfmpeg(`whole.${ending}`, `${picture("64x48", 1.2)} ${args}`);
    const edits = editsOf(readFileSync(source).length);
    const limits = { openTimeoutMs: 20_000 };
    const { outcomes, peakBytes } = await runHostile([{ source, limits, sample: { threads: 1 }, edits }]);
    const counts = new Map<string, number>();
    for (const outcome of outcomes) counts.set(codeOf(outcome), (counts.get(codeOf(outcome)) ?? 0) + 1);
    const aboveMb = (peakBytes - idleBytes) / megabyte;
    console.log(
      `${ending} damaged ${edits.length} times | ${JSON.stringify(Object.fromEntries(counts))} | | ${aboveMb.toFixed(1)} MiB`,
    );
    expect(outcomes).toHaveLength(edits.length);
    const media = new Set([
      "OK",
      "NOT_MEDIA",
      "NO_VIDEO",
      "CODEC_UNSUPPORTED",
      "TRUNCATED",
      "NO_FRAMES",
      "LIMIT_EXCEEDED",
    ]);
    expect(outcomes.filter((outcome) => !media.has(codeOf(outcome)) || outcome.limit?.endsWith("TimeoutMs"))).toEqual(
      [],
    );
    expect(aboveMb).toBeLessThan(192);
  });
});
