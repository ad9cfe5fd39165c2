import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { decodeNpyHeader, encodeNpyHeader, NPY_HEADER_BYTES, type NpyType } from "../../src/features/npy.js";
import { referencePython, runReference, withoutPython } from "../support/python.js";
import { temporaryFolder } from "./sample-store.js";

const types = fc.constantFrom<NpyType>("<f2", "<f4", "|u1");
const shapes = fc.array(fc.nat(2 ** 31), { maxLength: 5 });

describe("the .npy header", () => {
  it("has 128 bytes and says again what was put in, for every type and shape", () => {
    fc.assert(
      fc.property(types, shapes, (type, shape) => {
        const bytes = encodeNpyHeader({ type, shape });
        expect(bytes.length).toBe(NPY_HEADER_BYTES);
        expect(bytes[NPY_HEADER_BYTES - 1]).toBe(0x0a);
        expect(decodeNpyHeader(bytes)).toEqual({ type, shape, dataOffset: NPY_HEADER_BYTES });
      }),
    );
  });

  it("never reads past the end, whatever the bytes are", () => {
    const whole = encodeNpyHeader({ type: "<f2", shape: [3, 4] });
    fc.assert(
      fc.property(fc.nat(NPY_HEADER_BYTES - 1), fc.uint8Array({ maxLength: 200 }), (length, noise) => {
        expect(typeof decodeNpyHeader(whole.subarray(0, length))).toBe("string");
        expect(typeof decodeNpyHeader(Uint8Array.from([...whole.subarray(0, 8), 255, 255, ...noise]))).toBe("string");
        expect(typeof decodeNpyHeader(noise)).toBe("string");
      }),
    );
  });

  it("refuses a shape that does not fit", () => {
    expect(() => encodeNpyHeader({ type: "<f4", shape: new Array(9).fill(2 ** 40) })).toThrow(RangeError);
  });
});

test.skipIf(referencePython() === undefined)(`numpy's own headers are understood (${withoutPython})`, async () => {
  const folder = await temporaryFolder();
  await runReference("write_npy.py", [folder]);
  const header = async (name: string) => decodeNpyHeader(await readFile(join(folder, `${name}.npy`)));
  expect(await header("f2")).toEqual({ type: "<f2", shape: [2, 3, 4], dataOffset: 128 });
  expect(await header("f4")).toEqual({ type: "<f4", shape: [2, 3, 4], dataOffset: 128 });
  expect(await header("u1")).toEqual({ type: "|u1", shape: [2, 3, 4], dataOffset: 128 });
  expect(await header("version2")).toMatchObject({ type: "<f4", shape: [5] });
  expect(await header("fortran")).toMatch(/Fortran/);
  expect(await header("f8")).toMatch(/<f8/);
});
