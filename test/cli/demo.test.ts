// What the demo must leave alone, and the whole of it with a tiny encoder.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCli } from "../support/cli.js";
import { writeTinyEncoder } from "../support/fixtures.js";
import { temporaryFolder, writeTree } from "../support/folders.js";

const folder = temporaryFolder("demo");

test("somebody else's demo.json protects the folder: nothing in it is touched", async () => {
  const files = { "demo.json": '{"name": "mine"}', "features/a.txt": "a", "detector/b.txt": "b", "report/c.txt": "c" };
  const out = writeTree(join(folder, "theirs"), files);
  const result = await runCli(["demo", "--out", out]);
  expect(result.status, result.stderr).toBe(1);
  expect(result.stderr).toContain("ERR_UNREEL_OUTPUT_EXISTS");
  for (const [name, text] of Object.entries(files)) expect(readFileSync(join(out, name), "utf8")).toBe(text);
  expect(readdirSync(out).sort()).toEqual(["demo.json", "detector", "features", "report"]);
});

test("an encoder that is named and not there is refused before any work, and none is made in its place", async () => {
  const out = join(folder, "new");
  const encoder = join(folder, "typo.onnx");
  const result = await runCli(["demo", "--encoder", encoder, "--out", out]);
  expect(result.status, result.stderr).toBe(4);
  expect(result.stderr).toContain("ERR_UNREEL_MODEL_NOT_FOUND");
  expect([existsSync(encoder), existsSync(out)]).toEqual([false, false]);
});

test("on generated scenes it measures the named encoder, residual and both on held-out clips, and says what they cannot see", async () => {
  const out = join(folder, "whole");
  const encoder = join(folder, "tiny.onnx");
  writeTinyEncoder(encoder);
  const result = await runCli(["demo", "--encoder", encoder, "--out", out]);
  expect(result.status, result.stderr).toBe(0);
  expect(result.stdout).toContain("AUC on source clips that training never saw, n = 8 real + 8 fake");
  for (const name of [encoder, "residual", "both"]) {
    const row = result.stdout.split("\n").find((line) => line.startsWith(`${name} `));
    expect(row?.slice(name.length).trim(), name).toMatch(/^[01]\.\d{3} /);
  }
  expect(result.stdout).toContain("strong compression");
  for (const of of ["clip-alone", "residual-alone", "."])
    expect(existsSync(join(out, of, "report/report.html"))).toBe(true);
  expect(result.stderr).toContain(`--encoder ${encoder},${join(out, "residual.onnx")}`);
}, 300_000);
