// What sample prints.
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { jsonLines, runCli } from "../support/cli.js";
import { writeClip } from "../support/fixtures.js";
import { temporaryFolder } from "../support/folders.js";

const folder = temporaryFolder("sample");
const [a, b] = [join(folder, "a.mp4"), join(folder, "b.mp4")];

beforeAll(async () => {
  await writeClip(a, 6);
  await writeClip(b, 6, { hue: 40 });
});

test("of several videos each line says which one it is of", async () => {
  const result = await runCli(["sample", a, b, "--frames", "0,3"]);
  expect(result.status, result.stderr).toBe(0);
  const lines = jsonLines(result.stdout).map(({ input, frame }) => [input, frame]);
  expect(lines).toEqual([
    [a, 0],
    [a, 3],
    [b, 0],
    [b, 3],
  ]);
});

test("of one video a line holds the frame alone", async () => {
  const result = await runCli(["sample", a, "--frames", "0"]);
  expect(result.status, result.stderr).toBe(0);
  expect(Object.keys(jsonLines(result.stdout)[0] ?? {})).toEqual([
    "index",
    "frame",
    "ptsUs",
    "width",
    "height",
    "keyFrame",
  ]);
});

test("a range keeps to its frames, and threads change nothing", async () => {
  const range = ["--start-us", "40000", "--end-us", "160000"];
  const one = await runCli(["sample", a, ...range, "--threads", "1"]);
  const two = await runCli(["sample", a, ...range, "--threads", "2"]);
  expect(one.status, one.stderr).toBe(0);
  expect(jsonLines(one.stdout).map(({ frame }) => frame)).toEqual([1, 2, 3]);
  expect(two.stdout).toBe(one.stdout);
});
