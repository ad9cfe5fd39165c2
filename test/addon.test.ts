// The addon carries everything inside and shows nothing but Node-API's entry points.
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "./support/cli.js";
import { temporaryFolder } from "./support/folders.js";

const addon = join(repositoryRoot, "build/release/unreel.node");

test("exports napi entry points alone (nm -D)", () => {
  const symbols = execFileSync("nm", ["-D", "--defined-only", addon], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(" ").at(-1));
  expect(symbols.length).toBeGreaterThan(0);
  expect(symbols.filter((symbol) => !/^(napi_|node_api_)/.test(symbol ?? ""))).toEqual([]);
});

test("needs no libav, libsvm, Highway or ONNX Runtime (ldd)", () => {
  const needed = execFileSync("ldd", [addon], { encoding: "utf8" });
  expect(needed).toMatch(/libc\.so/);
  expect(needed).not.toMatch(/libav|libsw|libdav1d|libsvm|libhwy|libonnxruntime|not found/);
});

test("loads as ES module and as CommonJS with the same exports", () => {
  const list = (program: string, type: string) =>
    execFileSync(process.execPath, [`--input-type=${type}`, "-e", program], {
      cwd: repositoryRoot,
      encoding: "utf8",
    }).trim();
  const esm = list(
    'import * as unreel from "./dist/index.js"; console.log(Object.keys(unreel).sort().join())',
    "module",
  );
  const cjs = list('console.log(Object.keys(require("./dist/index.cjs")).sort().join())', "commonjs");
  expect(esm.split(",")).toContain("loadDetector");
  expect(cjs).toBe(esm);
});

test("ONNX Runtime's telemetry stays off: nothing in the home folder, no trouble with a long command line", () => {
  const home = temporaryFolder("home");
  const program = 'import { diagnose } from "./dist/index.js"; console.log(diagnose().ok)';
  const args = ["--input-type=module", "-e", program, "x".repeat(60_000)];
  const env = { ...process.env, HOME: home };
  expect(execFileSync(process.execPath, args, { cwd: repositoryRoot, encoding: "utf8", env }).trim()).toBe("true");
  expect(readdirSync(home)).toEqual([]);
});
