import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { decodeFloat16, encodeFloat16, overflowingIndex } from "../../src/features/float16.js";
import { referencePython, runReference, withoutPython } from "../support/python.js";
import { temporaryFolder } from "./sample-store.js";

const allHalves = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
const isNan = (half: number) => (half & 0x7c00) === 0x7c00 && (half & 0x3ff) !== 0;

function fromBits(bits: Iterable<number>): Float32Array {
  return new Float32Array(Uint32Array.from(bits).buffer);
}

/** Around every float16 value: itself, both neighbours, the ties to the next value and their neighbours. */
function criticalFloats(): Float32Array {
  const bits: number[] = [];
  const exact = new Uint32Array(decodeFloat16(allHalves).buffer);
  for (const [half, value] of exact.entries()) {
    if (isNan(half)) continue;
    const next = isNan(half + 1) || half === 0x7fff || half === 0xffff ? value : (exact[half + 1] ?? value);
    const tie = Math.floor((value + next) / 2);
    for (const center of [value, tie]) bits.push(center - 1, center, center + 1);
  }
  // Exponents far outside float16's range, float32 subnormals, and NaNs of both signs.
  for (let at = 0; at < 4096; at++) bits.push(at * 0x100001, 0x7f800001 + at * 2048, 0xff800001 + at * 2048);
  return fromBits(bits.map((each) => each >>> 0));
}

describe("float16", () => {
  it("gives each of the 65536 halves back", () => {
    const back = encodeFloat16(decodeFloat16(allHalves));
    for (const half of allHalves) {
      if (isNan(half)) expect(isNan(back[half] ?? 0)).toBe(true);
      else if (back[half] !== half) expect.fail(`${half.toString(16)} became ${back[half]?.toString(16)}`);
    }
  });

  it("knows the landmarks of IEEE 754", () => {
    const values = [
      0,
      -0,
      1,
      -2,
      65504,
      2 ** -14,
      2 ** -24,
      65519.996,
      65520,
      1e9,
      -1e9,
      2 ** -25,
      2 ** -25 * 1.0001,
      1 / 3,
    ];
    const halves = [0, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x0400, 1, 0x7bff, 0x7c00, 0x7c00, 0xfc00, 0, 1, 0x3555];
    expect([...encodeFloat16(Float32Array.from(values))]).toEqual(halves);
  });

  it("rounds ties to the even neighbour", () => {
    const ties = [2049, 2051, 2053, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 1.5 * 2 ** -24, 2.5 * 2 ** -24];
    const rounded = decodeFloat16(encodeFloat16(Float32Array.from(ties)));
    expect([...rounded]).toEqual([2048, 2052, 2052, 1, 1 + 2 * 2 ** -10, 2 * 2 ** -24, 2 * 2 ** -24]);
  });

  it("finds the first number that is too large, and no infinity", () => {
    const find = (numbers: number[]) => {
      const floats = Float32Array.from(numbers);
      return overflowingIndex(floats, encodeFloat16(floats));
    };
    expect(find([1, Number.POSITIVE_INFINITY, 65519, -70000, 80000])).toBe(3);
    expect(find([Number.NEGATIVE_INFINITY, 65504, Number.NaN])).toBe(-1);
  });

  it("works on a view into a larger buffer", () => {
    const view = new Float32Array([9, 9, 1, 2, 9]).subarray(2, 4);
    expect([...encodeFloat16(view)]).toEqual([0x3c00, 0x4000]);
  });
});

test.skipIf(referencePython() === undefined)(
  `float16 equals numpy's, value by value and tie by tie (${withoutPython})`,
  async () => {
    const folder = await temporaryFolder();
    const [input, halves, floats] = ["in.f32", "halves.f2", "floats.f4"].map((name) => join(folder, name));
    const numbers = criticalFloats();
    await writeFile(`${input}`, new Uint8Array(numbers.buffer));
    await runReference("float16.py", [`${input}`, `${halves}`, `${floats}`]);
    const theirHalves = new Uint16Array(new Uint8Array(await readFile(`${halves}`)).buffer);
    const ourHalves = encodeFloat16(numbers);
    const theirFloats = new Uint32Array(new Uint8Array(await readFile(`${floats}`)).buffer);
    const ourFloats = new Uint32Array(decodeFloat16(allHalves).buffer);
    const differing = numbers.findIndex((_, at) => {
      const [ours, theirs] = [ourHalves[at] ?? 0, theirHalves[at] ?? 0];
      return ours !== theirs && !(isNan(ours) && isNan(theirs));
    });
    expect(theirHalves.length).toBe(numbers.length);
    expect(
      differing === -1 ? undefined : [numbers[differing], ourHalves[differing], theirHalves[differing]],
    ).toBeUndefined();
    expect(allHalves.filter((half) => !isNan(half) && ourFloats[half] !== theirFloats[half])).toHaveLength(0);
  },
);
