import { describe, expect, it } from "vitest";
import { Random } from "../src/random.js";

const mask = 0xffff_ffffn;
const rotate = (x: bigint, by: bigint) => ((x << by) | (x >> (32n - by))) & mask;

/** MurmurHash3's finalizer for 32 bits, which splitmix32 puts its counter through. */
function fmix32(value: bigint): bigint {
  let z = value;
  z = ((z ^ (z >> 16n)) * 0x85eb_ca6bn) & mask;
  z = ((z ^ (z >> 13n)) * 0xc2b2_ae35n) & mask;
  return z ^ (z >> 16n);
}

/** xoshiro128** as its authors publish it in C, in whole numbers of any size. */
function* xoshiro128starstar(state: bigint[]): Generator<number, never> {
  let [a = 0n, b = 0n, c = 0n, d = 0n] = state;
  for (;;) {
    yield Number((rotate((b * 5n) & mask, 7n) * 9n) & mask);
    const t = (b << 9n) & mask;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotate(d, 11n);
  }
}

function take(numbers: Iterator<number>, count: number): number[] {
  return Array.from({ length: count }, () => numbers.next().value);
}

describe("the references of this test", () => {
  it("give the numbers that xoshiro128** gives from the state 1, 2, 3, 4", () => {
    expect(take(xoshiro128starstar([1n, 2n, 3n, 4n]), 10)).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it("mix as MurmurHash3 does with an empty key and the seeds 0, 1 and 2^32 - 1", () => {
    expect([0n, 1n, 0xffff_ffffn].map(fmix32)).toEqual([0n, 0x514e_28b7n, 0x81f1_6f39n]);
  });
});

describe("Random", () => {
  it.each([0, 1, 2, 12345, 2 ** 31, 2 ** 32 - 1, 2 ** 32 + 1, -1])(
    "gives xoshiro128**'s numbers for the seed %i",
    (seed) => {
      const state = [1n, 2n, 3n, 4n].map((k) => fmix32((BigInt(seed) + k * 0x9e37_79b9n) & mask));
      const random = new Random(seed);
      const numbers = Array.from({ length: 2000 }, () => random.next());
      expect(numbers).toEqual(take(xoshiro128starstar(state), 2000));
    },
  );

  it("draws below a bound by division, and draws again where that would favour the small", () => {
    // 2^32 = 3 x 1431655765 + 1: of all numbers only the greatest is drawn again; with 2^31 + 1, nearly every second.
    for (const bound of [1, 2, 3, 10, 2 ** 31 + 1, 2 ** 32]) {
      const raw = new Random(7);
      const expected: number[] = [];
      while (expected.length < 500) {
        const value = raw.next();
        if (value < Math.floor(2 ** 32 / bound) * bound) expected.push(value % bound);
      }
      const random = new Random(7);
      expect(Array.from({ length: 500 }, () => random.below(bound))).toEqual(expected);
    }
  });
});
