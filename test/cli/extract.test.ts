// Failed videos and the exit code, run after run.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type CliResult, jsonLines, runCli } from "../support/cli.js";
import { writeClip, writeTinyEncoder } from "../support/fixtures.js";
import { temporaryFolder } from "../support/folders.js";

const folder = temporaryFolder("extract-cli");
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  writeTinyEncoder(at("tiny.onnx"));
  await writeClip(at("good.mp4"), 6);
  writeFileSync(at("text.mp4"), "this is no video\n".repeat(50));
});

function extract(inputs: readonly string[], ...more: readonly string[]): Promise<CliResult> {
  const options = ["--encoder", at("tiny.onnx"), "--out", at("features"), "--count", "4"];
  return runCli(["extract", ...inputs, ...options, ...more]);
}

test("a video that failed keeps the exit code at 1 until it succeeds; --retry-failed tries it again", async () => {
  const runs = [
    { more: [], summary: { ok: false, skipped: 0, videos: 1, failed: 1, failedBefore: 0 } },
    { more: [], summary: { ok: false, skipped: 1, videos: 0, failed: 0, failedBefore: 1 } },
    { more: ["--retry-failed"], summary: { ok: false, skipped: 1, videos: 0, failed: 1, failedBefore: 0 } },
  ];
  for (const { more, summary } of runs) {
    const result = await extract([at("good.mp4"), at("text.mp4")], ...more);
    expect(result.status, result.stderr).toBe(1);
    expect(jsonLines(result.stdout).at(-1)).toMatchObject(summary);
  }
  await writeClip(at("text.mp4"), 6, { hue: 9 });
  const mended = await extract([at("good.mp4"), at("text.mp4")], "--retry-failed");
  expect(mended.status, mended.stderr).toBe(0);
  expect(jsonLines(mended.stdout).at(-1)).toMatchObject({ ok: true, skipped: 1, videos: 1, failedBefore: 0 });
});

test("a manifest that says something else of a stored video is refused, exit 1, with what to do", async () => {
  const manifest = at("manifest.csv");
  const write = (label: string) => writeFileSync(manifest, `path,label,group\ngood.mp4,${label},g\n`);
  const options = ["--manifest", manifest, "--out", at("labelled")];
  write("real");
  const first = await extract([], ...options);
  expect(first.status, first.stderr).toBe(0);
  write("fake");
  const second = await extract([], ...options);
  expect(second.status, second.stderr).toBe(1);
  expect(second.stdout).toBe("");
  expect(second.stderr).toMatch(
    /ERR_UNREEL_MANIFEST_INVALID: good\.mp4: its label is fake now and real in the store.*--out/,
  );
});
