import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCli } from "../support/cli.js";
import { temporaryFolder } from "../support/folders.js";

const folder = temporaryFolder("doctor");

test("lists versions, libc, CPU, kernel target, ORT and FFmpeg, with nothing missing", async () => {
  const result = await runCli(["doctor", "--json"]);
  expect(result.status, result.stderr).toBe(0);
  const diagnosis = JSON.parse(result.stdout);
  expect(diagnosis).toMatchObject({
    ok: true,
    unreel: expect.stringMatching(/^\d+\.\d+\.\d+/),
    node: process.versions.node,
    libc: expect.stringMatching(/^glibc \d/),
    cpu: { cores: expect.any(Number), target: expect.stringMatching(/./), vectors: expect.any(Array) },
  });
  expect(diagnosis.cpu.targets).toContain(diagnosis.cpu.target);
  expect(diagnosis.cpu.targets.at(-1)).toBe("SCALAR");
  const found = new Map(diagnosis.findings.map((each: { name: string }) => [each.name, each]));
  expect([...found.keys()].sort()).toEqual(["addon", "ffmpeg", "libsvm", "models", "onnxruntime"]);
  expect(found.get("ffmpeg")).toMatchObject({
    version: expect.stringContaining("7.1.5"),
    path: expect.stringMatching(/unreel\.node$/),
  });
  expect(found.get("onnxruntime")).toMatchObject({
    path: expect.stringMatching(/libonnxruntime\.so/),
    version: expect.stringMatching(/^1\./),
  });
});

test("without libonnxruntime: names the file and the mending command, exit 4", async () => {
  const missing = join(folder, "nowhere/libonnxruntime.so.1");
  const result = await runCli(["doctor", "--json"], { env: { UNREEL_ONNXRUNTIME: missing } });
  expect(result.status).toBe(4);
  const finding = JSON.parse(result.stdout).findings.find((each: { name: string }) => each.name === "onnxruntime");
  expect(finding).toMatchObject({ ok: false, path: missing, mend: expect.stringContaining("onnxruntime-node") });
  expect(finding.problem).toContain("ERR_UNREEL_ONNXRUNTIME_NOT_FOUND");
  expect(finding.problem).toContain(missing);
});

test("with a library that is no ONNX Runtime: said so, exit 4", async () => {
  mkdirSync(join(folder, "wrong"));
  const wrong = join(folder, "wrong/libonnxruntime.so.1");
  copyFileSync("build/release/unreel.node", wrong);
  const result = await runCli(["doctor", "--json"], { env: { UNREEL_ONNXRUNTIME: wrong } });
  expect(result.status).toBe(4);
  expect(JSON.parse(result.stdout).ok).toBe(false);
});

test("names the kernel target that UNREEL_TARGET chose", async () => {
  const result = await runCli(["doctor", "--json"], { env: { UNREEL_TARGET: "scalar" } });
  expect(result.status, result.stderr).toBe(0);
  expect(JSON.parse(result.stdout).cpu.target).toBe("SCALAR");
});

test("with a kernel target that is none: lists those of the CPU, exit 4", async () => {
  const result = await runCli(["doctor", "--json"], { env: { UNREEL_TARGET: "avx9" } });
  expect(result.status).toBe(4);
  const finding = JSON.parse(result.stdout).findings.find((each: { name: string }) => each.name === "addon");
  expect(finding).toMatchObject({ ok: false, mend: expect.stringContaining("UNREEL_TARGET") });
  expect(finding.problem).toMatch(/^ERR_UNREEL_INVALID_ARGUMENT: .*"avx9".*SCALAR/);
});
