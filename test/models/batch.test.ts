// The batch that an encoder takes: given, remembered, or found by trying.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { rememberBatch, rememberedBatch } from "../../src/batch-choice.js";
import { loadEncoder } from "../../src/encoder-loading.js";
import { makeModel } from "../../src/models/index.js";
import { temporaryFolder } from "../support/folders.js";

const folder = temporaryFolder("batch");
const tiny = join(folder, "tiny.onnx");
const setting = { encoderSha256: "ab", imageSize: 224, runtime: "1.30.0", cpu: { model: "a" }, threads: 2 };
const before = process.env.UNREEL_CACHE;

beforeAll(() => makeModel("tiny", tiny));
beforeEach(() => {
  process.env.UNREEL_CACHE = join(folder, "cache");
});
afterEach(() => {
  if (before === undefined) delete process.env.UNREEL_CACHE;
  else process.env.UNREEL_CACHE = before;
});

test("a remembered batch is of this setting alone", async () => {
  expect(await rememberedBatch(setting)).toBeUndefined();
  await rememberBatch(setting, 4);
  expect(await rememberedBatch({ ...setting })).toBe(4);
  expect(await rememberedBatch({ ...setting, threads: 3 })).toBeUndefined();
  const [name = ""] = readdirSync(join(folder, "cache/batches"));
  expect(JSON.parse(readFileSync(join(folder, "cache/batches", name), "utf8"))).toEqual({ ...setting, batch: 4 });
});

test("a cache that cannot be written is no error", async () => {
  process.env.UNREEL_CACHE = join(tiny, "no-folder");
  await rememberBatch(setting, 4);
  expect(await rememberedBatch(setting)).toBeUndefined();
});

test("an encoder finds a batch by trying, unless it is given one", async () => {
  await using found = await loadEncoder(tiny);
  expect([1, 2, 4, 8, 16, 32]).toContain(found.batch);
  await using given = await loadEncoder(tiny, { batch: 5 });
  expect(given.batch).toBe(5);
  given.setBatch(3);
  expect(given.batch).toBe(3);
});

test("two encoders of one file work side by side, and closing one leaves the other", async () => {
  const first = await loadEncoder(tiny);
  await using second = await loadEncoder(tiny);
  const crop = new Uint8Array(224 * 224 * 3).fill(90);
  const expected = await first.encode(crop);
  first.close();
  expect(await second.encode(crop)).toEqual(expected);
});
