import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  assertSameFingerprint,
  canonicalJson,
  describeFingerprintDifference,
  type Fingerprint,
  fingerprintHash,
} from "../../src/fingerprint.js";

const json = fc.jsonValue({ noUnicodeString: false }) as fc.Arbitrary<never>;

/** The same object with the keys of every level in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reordered(member)]),
  );
}

describe("fingerprints", () => {
  it("hash to the SHA-256 of sorted, compact JSON", () => {
    const text = '{"a":[1,null,"é"],"b":{"c":0.5,"d":true}}';
    const fingerprint = { b: { d: true, c: 0.5 }, a: [1, null, "é"] };
    expect(canonicalJson(fingerprint)).toBe(text);
    expect(fingerprintHash(fingerprint)).toBe(createHash("sha256").update(text, "utf8").digest("hex"));
  });

  it("do not depend on the order of keys, and survive JSON", () => {
    fc.assert(
      fc.property(json, (value) => {
        const again = JSON.parse(JSON.stringify(reordered(value)));
        expect(canonicalJson(again)).toBe(canonicalJson(value));
        expect(describeFingerprintDifference({ value }, { value: again })).toBe("");
      }),
    );
  });

  it("cannot hold what JSON cannot carry", () => {
    expect(() => fingerprintHash({ a: { b: Number.NaN } })).toThrow(/\.a\.b is NaN/);
    expect(() => fingerprintHash({ a: undefined } as unknown as Fingerprint)).toThrow(TypeError);
  });

  it("name each field that differs, with both values", () => {
    const a = { encoder: { sha256: "ab", precision: "fp32" }, count: 16, crop: "frame" };
    const b = { encoder: { sha256: "cd", precision: "fp32" }, count: 16, colour: [] };
    expect(describeFingerprintDifference(a, b)).toBe(
      'colour: nothing and []; crop: "frame" and nothing; encoder.sha256: "ab" and "cd"',
    );
  });

  it("refuse each other with a code, the fields and a remedy", () => {
    const check = () =>
      assertSameFingerprint({ count: 16 }, { count: 8 }, "the store out/ and this run", "Do otherwise.");
    expect(check).toThrow(
      "the store out/ and this run do not belong together; they differ in count: 16 and 8. Do otherwise.",
    );
    expect(check).toThrow(expect.objectContaining({ code: "ERR_UNREEL_FINGERPRINT_MISMATCH" }));
    expect(() => assertSameFingerprint({ count: 16 }, { count: 16 }, "both")).not.toThrow();
  });
});
