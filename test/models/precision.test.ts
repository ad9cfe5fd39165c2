// The option `precision` of loadEncoder: another file for the same encoder.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadEncoder, makeModel, quantizeModel } from "../../src/index.js";
import { temporaryFolder } from "../support/folders.js";

const folder = temporaryFolder("precision");
const tiny = join(folder, "tiny.onnx");
const cache = join(folder, "cache");
const before = process.env.UNREEL_CACHE;
const batch = 1;

beforeAll(async () => {
  process.env.UNREEL_CACHE = cache;
  await makeModel("tiny", tiny);
});
afterAll(() => {
  if (before === undefined) delete process.env.UNREEL_CACHE;
  else process.env.UNREEL_CACHE = before;
});

test("int8 makes the 8-bit file once, and loads that", async () => {
  await using whole = await loadEncoder(tiny, { batch });
  await using first = await loadEncoder(tiny, { batch, precision: "int8" });
  const [name = ""] = readdirSync(join(cache, "quantized"));
  expect(first.info.parts[0]).toMatchObject({ precision: "int8", path: join(cache, "quantized", name) });
  expect(name.startsWith(whole.info.parts[0]?.sha256 ?? "?")).toBe(true);
  await using second = await loadEncoder(tiny, { batch, precision: "int8" });
  expect(readdirSync(join(cache, "quantized"))).toEqual([name]);
  expect(second.info).toEqual(first.info);
  expect(first.fingerprint(1)).not.toEqual(whole.fingerprint(1));
});

test("int8 of a file that is quantised already is the file itself", async () => {
  const made = join(folder, "tiny.int8.onnx");
  await quantizeModel(tiny, made);
  await using encoder = await loadEncoder(made, { batch, precision: "int8" });
  expect(encoder.info.parts[0]?.path).toBe(made);
  await expect(loadEncoder(made, { batch, precision: "fp32" })).rejects.toMatchObject({
    code: "ERR_UNREEL_MODEL_CONTRACT",
    details: { expected: "fp32", found: "int8" },
  });
});

test("fp32 takes a file of that precision, and another word is a TypeError", async () => {
  await using encoder = await loadEncoder(tiny, { batch, precision: "fp32" });
  expect(encoder.info.parts[0]?.path).toBe(tiny);
  expect(() => loadEncoder(tiny, { precision: "fp8" as "fp32" })).toThrow(TypeError);
});
