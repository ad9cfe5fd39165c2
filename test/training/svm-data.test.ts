import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { UnreelError } from "../../src/errors.js";
import { Random } from "../../src/random.js";
import { readSvmData, writeSvmData } from "../../src/training/svm-data.js";
import { temporaryFolder } from "../support/folders.js";
import { readNpy, writeNpy } from "../support/npy.js";
import { referencePython, runReference, withoutPython } from "../support/python.js";

const folder = temporaryFolder("svm-data");
const at = (name: string) => join(folder, name);
const bitsOf = ({ buffer, byteOffset, length }: Float64Array) => [...new BigUint64Array(buffer, byteOffset, length)];

/** Any finite double; a zero has no sign, which the format cannot carry. */
const anyDouble = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value));

const anyData = fc
  .record({ rows: fc.integer({ min: 1, max: 6 }), dims: fc.integer({ min: 1, max: 6 }) })
  .chain((size) =>
    fc.record({
      rows: fc.constant(size.rows),
      dims: fc.constant(size.dims),
      x: fc
        .array(fc.oneof(anyDouble, fc.constant(0)), {
          minLength: size.rows * size.dims,
          maxLength: size.rows * size.dims,
        })
        .map((values) => Float64Array.from(values)),
      labels: fc
        .array(fc.integer({ min: 0, max: 1 }), { minLength: size.rows, maxLength: size.rows })
        .map((labels) => Int32Array.from(labels)),
    }),
  );

test("what was written is read back in every bit", async () => {
  await fc.assert(
    fc.asyncProperty(anyData, async (data) => {
      await writeSvmData(at("data.txt"), data);
      const read = await readSvmData(at("data.txt"), { dims: data.dims });
      expect(read.rows).toBe(data.rows);
      expect(read.dims).toBe(data.dims);
      expect(read.labels).toEqual(data.labels);
      expect(bitsOf(read.x)).toEqual(bitsOf(data.x));
    }),
  );
});

test("numbers have the digits that they need, zeros are left out, and floats are widened exactly", async () => {
  const x = Float32Array.of(0.1, 0, -0, 1e-8, 2, 0);
  await writeSvmData(at("floats.txt"), { x, labels: Int32Array.of(1, 0), rows: 2, dims: 3 });
  expect(readFileSync(at("floats.txt"), "utf8")).toBe("1 1:0.10000000149011612\n0 1:9.99999993922529e-9 2:2\n");
  expect((await readSvmData(at("floats.txt"))).dims).toBe(2);
  expect((await readSvmData(at("floats.txt"), { dims: 3 })).x).toEqual(Float64Array.from(x, (value) => value + 0));
});

describe.skipIf(referencePython() === undefined)(
  `beside libsvm's and scikit-learn's readers (${withoutPython})`,
  () => {
    const random = new Random(3);
    const rows = 300;
    const dims = 40;
    const x = Float64Array.from({ length: rows * dims }, () => {
      return random.below(3) === 0 ? 0 : (random.next() / 2 ** 32 - 0.5) * 2 ** (random.below(200) - 100);
    });
    const labels = Int32Array.from({ length: rows }, (_, row) => row % 2);

    it("they read what was written here in every bit", async () => {
      await writeSvmData(at("ours.txt"), { x, labels, rows, dims });
      const found = JSON.parse(await runReference("svm_data.py", [at("ours.txt"), String(dims), at("ours.npy")]));
      expect(found).toEqual([...labels]);
      expect(bitsOf(new Float64Array(readNpy(at("ours.npy")).bytes.buffer))).toEqual(bitsOf(x));
    });

    it("what scikit-learn writes is read as they read it", async () => {
      writeNpy(at("rows.npy"), x, [rows, dims]);
      const file = at("sklearn.txt");
      const found = await runReference("svm_data.py", ["--dump", at("rows.npy"), file, String(dims), at("dense.npy")]);
      const read = await readSvmData(file, { dims });
      expect(JSON.parse(found)).toEqual([...read.labels]);
      expect(bitsOf(read.x)).toEqual(bitsOf(new Float64Array(readNpy(at("dense.npy")).bytes.buffer)));
    });
  },
);

async function failureOf(promise: Promise<unknown>): Promise<UnreelError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof UnreelError)) throw new Error(`no UnreelError but ${error}`);
  return error;
}

test("a damaged file is refused with its path and line", async () => {
  writeFileSync(at("comma.txt"), "1 1:0.5\n0 1:0,5\n");
  const error = await failureOf(readSvmData(at("comma.txt")));
  expect(error.code).toBe("ERR_UNREEL_SVM_DATA_INVALID");
  expect(error.details).toEqual({ path: at("comma.txt"), line: 2 });
  expect(error.message).toContain("C locale");
  expect((await failureOf(readSvmData(at("absent.txt")))).code).toBe("ERR_UNREEL_NOT_FOUND");
  expect((await failureOf(readSvmData(folder))).code).toBe("ERR_UNREEL_IS_A_DIRECTORY");
});

test("a reading that was aborted rejects", async () => {
  writeFileSync(at("data.txt"), "1 1:1\n");
  const signal = AbortSignal.abort(new Error("enough"));
  expect((await failureOf(readSvmData(at("data.txt"), { signal }))).code).toBe("ERR_UNREEL_ABORTED");
});

test("arguments are checked before anything is read or written", async () => {
  const good = { x: Float64Array.of(1, 2), labels: Int32Array.of(1), rows: 1, dims: 2 };
  const at0 = at("never.txt");
  expect(() => readSvmData(at0, { dims: 0 })).toThrow(RangeError);
  expect(() => readSvmData("")).toThrow(TypeError);
  await expect(readSvmData(at("data.txt"), { dims: 65_537 })).rejects.toThrow("65536");
  await expect(writeSvmData(at0, { ...good, dims: 3 })).rejects.toThrow(RangeError);
  await expect(writeSvmData(at0, { ...good, labels: Int32Array.of(-1) })).rejects.toThrow(TypeError);
  expect(readdirSync(folder)).not.toContain("never.txt");
});

test("a number that is not finite is named, and no file is left", async () => {
  mkdirSync(at("clean"));
  const x = Float64Array.of(0, 1, 2, Number.NaN);
  const data = { x, labels: Int32Array.of(1, 0), rows: 2, dims: 2 };
  const error = await failureOf(writeSvmData(at("clean/nan.txt"), data));
  expect(error.code).toBe("ERR_UNREEL_NOT_FINITE");
  expect(error.details).toEqual({ row: 1, column: 1 });
  expect(readdirSync(at("clean"))).toEqual([]);
  expect((await failureOf(writeSvmData(at("absent/x.txt"), { ...data, x: x.fill(1) }))).code).toBe(
    "ERR_UNREEL_OUTPUT_NOT_WRITABLE",
  );
});
