// Killed, interrupted or left alone: the store holds the same.
import { type FSWatcher, mkdirSync, watch } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { openStore } from "../../src/index.js";
import { type CliResult, jsonLines, runCli } from "../support/cli.js";
import { writeClip, writeTinyEncoder } from "../support/fixtures.js";
import { temporaryFolder } from "../support/folders.js";

const folder = temporaryFolder("resume");
const at = (name: string) => join(folder, name);
const clips = Array.from({ length: 40 }, (_, i) => at(`clip-${String(i).padStart(2, "0")}.mp4`));

function extract(out: string, options: Parameters<typeof runCli>[1] = {}): Promise<CliResult> {
  const args = [
    "extract",
    ...clips,
    "--encoder",
    at("tiny.onnx"),
    "--out",
    at(out),
    "--count",
    "4",
    "--commit-after-ms",
    "0",
  ];
  return runCli(args, options);
}

/** Sends the process a signal when the store has that many commits; each video is a commit here. */
async function extractAndSignal(out: string, signal: NodeJS.Signals, commits: number): Promise<CliResult> {
  let watcher: FSWatcher | undefined;
  const seen = new Set<string>();
  mkdirSync(at(out));
  try {
    return await extract(out, {
      onStart: (child) => {
        watcher = watch(at(out), { recursive: true }, (_, name) => {
          // A file may be told of several times; the signal is sent once.
          if (name === null || seen.has(name) || !/_commits\/\d+\.json$/.test(name)) return;
          seen.add(name);
          if (seen.size === commits) child.kill(signal);
        });
      },
    });
  } finally {
    watcher?.close();
  }
}

/** Every row of every video, by video. */
async function contentOf(out: string): Promise<Map<string, string>> {
  const table = await (await openStore(at(out))).read();
  return new Map(
    table.videos.map(({ id, firstRow, rows }) => {
      const numbers = Array.from({ length: rows }, (_, i) => {
        const row = firstRow + i;
        return [
          table.frames[row],
          table.ptsUs[row],
          ...table.x.subarray(row * table.dimension, (row + 1) * table.dimension),
        ];
      });
      return [id, JSON.stringify(numbers)];
    }),
  );
}

beforeAll(async () => {
  writeTinyEncoder(at("tiny.onnx"));
  for (const [i, path] of clips.entries()) await writeClip(path, 8, { hue: i * 6 });
  const whole = await extract("whole");
  expect(whole.status, whole.stderr).toBe(0);
  expect((await contentOf("whole")).size).toBe(clips.length);
});

test("SIGKILL half-way, run again: the same rows, the same bytes per video", async () => {
  const killed = await extractAndSignal("killed", "SIGKILL", 10);
  expect(killed.signal).toBe("SIGKILL");
  const half = await contentOf("killed");
  expect(half.size).toBeGreaterThanOrEqual(10);
  expect(half.size).toBeLessThan(clips.length);
  const again = await extract("killed");
  expect(again.status, again.stderr).toBe(0);
  expect(jsonLines(again.stdout).at(-1)).toMatchObject({ skipped: half.size, videos: clips.length - half.size });
  expect(await contentOf("killed")).toEqual(await contentOf("whole"));
});

test("Ctrl-C half-way: exit 130, what was committed stays, a second run finishes the rest", async () => {
  const interrupted = await extractAndSignal("interrupted", "SIGINT", 10);
  expect(interrupted.status, interrupted.stderr).toBe(130);
  const half = await contentOf("interrupted");
  expect(half.size).toBeGreaterThanOrEqual(10);
  expect(half.size).toBeLessThan(clips.length);
  expect(jsonLines(interrupted.stdout).at(-1)).toMatchObject({ ok: false, interrupted: true, videos: half.size });
  const again = await extract("interrupted");
  expect(again.status, again.stderr).toBe(0);
  expect(await contentOf("interrupted")).toEqual(await contentOf("whole"));
});

test("run again when all is there: nothing to do", async () => {
  const again = await extract("whole");
  expect(again.status, again.stderr).toBe(0);
  expect(jsonLines(again.stdout).at(-1)).toMatchObject({ ok: true, skipped: clips.length, videos: 0 });
});

test("two shares fill one store with the same content", async () => {
  for (const shard of ["0/2", "1/2"]) {
    const args = [
      "extract",
      ...clips,
      "--encoder",
      at("tiny.onnx"),
      "--out",
      at("shared"),
      "--count",
      "4",
      "--shard",
      shard,
    ];
    const result = await runCli(args);
    expect(result.status, result.stderr).toBe(0);
  }
  expect(await contentOf("shared")).toEqual(await contentOf("whole"));
});
