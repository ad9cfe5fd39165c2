// What the demo must leave alone; the demo itself is too long for a test.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCli } from "../support/cli.js";
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
