// A detector of two encoders: from videos to verdicts, and what is refused on the way.
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { openStore } from "../../src/index.js";
import { makeModel } from "../../src/models/index.js";
import { jsonLines, runCli } from "../support/cli.js";
import { writeClip } from "../support/fixtures.js";
import { temporaryFolder, writeTree } from "../support/folders.js";

const folder = temporaryFolder("several");
const at = (name: string) => join(folder, name);
const clips = [0, 1, 2, 3].map((i) => at(`${i}.mp4`));
const both = `${at("tiny.onnx")},${at("residual.onnx")}`;

async function run(...args: string[]) {
  const result = await runCli(args);
  expect(result.status, result.stderr).toBe(0);
  return result;
}

const extract = (encoder: string, out: string) =>
  runCli(["extract", "--manifest", at("m.csv"), "--encoder", encoder, "--out", at(out), "--count", "4"]);

beforeAll(async () => {
  await makeModel("tiny", at("tiny.onnx"));
  await makeModel("residual", at("residual.onnx"));
  for (const [i, clip] of clips.entries()) await writeClip(clip, 8, { width: 128, height: 96, hue: 40 * i });
  const lines = clips.map((clip, i) => `${clip},${i % 2 === 0 ? "real" : "fake"},g${i >> 1}`);
  writeTree(folder, { "m.csv": `path,label,group\n${lines.join("\n")}\n` });
  const extracted = await extract(both, "features");
  expect(extracted.status, extracted.stderr).toBe(0);
  const training = ["--dim", "4", "--epochs", "2", "--validation", "0.5"];
  await run("train", "head", at("features"), "--out", at("detector"), ...training);
  await run("train", "svm", at("features"), "--detector", at("detector"));
});

test("the store and the detector name both encoders and where they lie", async () => {
  const { info } = await openStore(at("features"));
  expect(info.dimension).toBe(48 + 234);
  expect(info.encoderPaths).toEqual([at("tiny.onnx"), at("residual.onnx")]);
  const { encoders } = JSON.parse(readFileSync(at("detector/encoder.json"), "utf8"));
  expect(encoders.map(({ path }: { path: string }) => path)).toEqual(info.encoderPaths);
  expect(info.fingerprint).toMatchObject({ encoders: encoders.map(({ sha256 }: { sha256: string }) => ({ sha256 })) });
});

test("a scan finds both by itself, or takes them from where they are now, in their order", async () => {
  const found = await run("scan", ...clips, "--detector", at("detector"), "--jsonl");
  copyFileSync(at("residual.onnx"), at("moved.onnx"));
  const moved = `${at("tiny.onnx")},${at("moved.onnx")}`;
  const named = await run("scan", ...clips, "--detector", at("detector"), "--encoder", moved, "--jsonl");
  const scores = (stdout: string) =>
    new Map(jsonLines(stdout).map((line) => [(line as { input: string }).input, (line as { score: number }).score]));
  expect(scores(found.stdout).size).toBe(clips.length);
  expect(scores(named.stdout)).toEqual(scores(found.stdout));
});

test("one of the two alone, or both the other way round, is refused with the fields that differ", async () => {
  for (const encoder of [at("tiny.onnx"), both.split(",").reverse().join(",")]) {
    const scanned = await runCli(["scan", clips[0] ?? "", "--detector", at("detector"), "--encoder", encoder]);
    expect(scanned.status).not.toBe(0);
    expect(scanned.stderr).toContain("ERR_UNREEL_FINGERPRINT_MISMATCH");
    expect(scanned.stderr).toContain("encoders.1.sha256");
    const extracted = await extract(encoder, "features");
    expect(extracted.stderr).toContain("ERR_UNREEL_FINGERPRINT_MISMATCH");
  }
});

test("the same encoder twice is refused", async () => {
  const result = await extract(`${at("tiny.onnx")},${at("tiny.onnx")}`, "twice");
  expect(result.status).toBe(2);
  expect(result.stderr).toContain("are the same encoder");
});

test("a file whose own name has a comma is one encoder", async () => {
  copyFileSync(at("tiny.onnx"), at("a,b.onnx"));
  const result = await extract(at("a,b.onnx"), "comma");
  expect(result.status, result.stderr).toBe(0);
  expect((await openStore(at("comma"))).info.dimension).toBe(48);
});
