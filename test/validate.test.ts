import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isCodedError } from "../src/errors.js";
import { checkInteger, checkOneOf, checkPositive, checkRange, checkTyped, pathOf } from "../src/validate.js";

/** What a check makes of a value: the value, or the class of its coded error. */
function outcome(check: () => unknown): unknown {
  try {
    return check();
  } catch (error) {
    if (!isCodedError(error)) throw error;
    expect(error).toMatchObject({ code: "ERR_UNREEL_INVALID_ARGUMENT", category: "argument", retryable: false });
    expect(error.message).toContain("options.it");
    return error instanceof TypeError ? "TypeError" : error instanceof RangeError ? "RangeError" : "another error";
  }
}

const neverNumbers = ["1", "", true, null, undefined, [1], {}, 1n, () => 1];

describe("numbers", () => {
  it.each([
    ["positive", (value: unknown) => checkPositive(value, "options.it")],
    ["whole", (value: unknown) => checkInteger(value, 0, "options.it")],
    ["between", (value: unknown) => checkRange(value, 0, 1, "options.it")],
  ])("%s: of any other type are a TypeError, NaN and infinities a RangeError", (_what, check) => {
    for (const value of neverNumbers) expect(outcome(() => check(value))).toBe("TypeError");
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(outcome(() => check(value))).toBe("RangeError");
    }
  });

  it("checkPositive takes every finite number above 0", () => {
    expect([1e-300, 0.5, 3, Number.MAX_VALUE].map((value) => checkPositive(value, "options.it"))).toEqual([
      1e-300,
      0.5,
      3,
      Number.MAX_VALUE,
    ]);
    for (const value of [0, -0, -1e-300]) expect(outcome(() => checkPositive(value, "options.it"))).toBe("RangeError");
  });

  it("checkInteger takes whole numbers from the minimum on, as far as they are exact", () => {
    const check = (value: number) => outcome(() => checkInteger(value, 2, "options.it"));
    expect([2, 3, 2 ** 53 - 1].map(check)).toEqual([2, 3, 2 ** 53 - 1]);
    expect([1, -2, 2.5, 2 ** 53].map(check)).toEqual(new Array(4).fill("RangeError"));
  });

  it("checkRange takes both ends", () => {
    const check = (value: number) => outcome(() => checkRange(value, -1, 31, "options.it"));
    expect([-1, 0.25, 31].map(check)).toEqual([-1, 0.25, 31]);
    expect([-1.001, 31.001].map(check)).toEqual(["RangeError", "RangeError"]);
  });
});

describe("choices and arrays", () => {
  it("checkOneOf takes what is allowed and says what that is", () => {
    const allowed = ["cpu", "auto"] as const;
    expect(checkOneOf("auto", allowed, "options.it")).toBe("auto");
    for (const value of ["CPU", "", "cuda", 0, undefined, ["cpu"]]) {
      expect(outcome(() => checkOneOf(value, allowed, "options.it"))).toBe("TypeError");
    }
    expect(() => checkOneOf("cuda", allowed, "options.it")).toThrow('options.it must be one of cpu, auto, not "cuda"');
  });

  it("checkTyped takes its class alone, with its length", () => {
    const check = (value: unknown) => outcome(() => checkTyped(value, Float32Array, 3, "options.it"));
    const good = Float32Array.of(1, 2, 3);
    expect(check(good)).toBe(good);
    expect([[1, 2, 3], new Float64Array(3), new Int32Array(3), good.buffer, null].map(check)).toEqual(
      new Array(5).fill("TypeError"),
    );
    expect([new Float32Array(2), new Float32Array(4)].map(check)).toEqual(["RangeError", "RangeError"]);
    expect(outcome(() => checkTyped(Buffer.alloc(3), Uint8Array, 3, "options.it"))).toEqual(Buffer.alloc(3));
  });

  it("do not print a long text to its end", () => {
    expect(() => checkPositive("x".repeat(10_000), "options.it")).toThrow(/^.{0,200}$/);
  });
});

describe("paths", () => {
  const path = (source: unknown) => outcome(() => pathOf(source, "options.it"));

  it("are absolute afterwards, and file: URLs what they name", () => {
    expect(path("/a/b.mp4")).toBe("/a/b.mp4");
    expect(path("a/../b.mp4")).toBe(join(process.cwd(), "b.mp4"));
    expect(path(new URL("file:///a/b%20c.mp4"))).toBe("/a/b c.mp4");
    expect(path("file:///a/%C3%A4.mp4")).toBe("/a/ä.mp4");
    expect(path("FILE:///a/b.mp4")).toBe("/a/b.mp4");
    expect(path("files/b.mp4")).toBe(join(process.cwd(), "files/b.mp4"));
  });

  it("are the same as a path and as its URL, whatever characters they have", () => {
    const names = fc.string({ unit: "grapheme", minLength: 1 }).filter((name) => !/[\0/]/.test(name));
    fc.assert(
      fc.property(fc.array(names, { minLength: 1 }), (parts) => {
        const file = join("/", ...parts);
        expect(pathOf(pathToFileURL(file), "options.it")).toBe(pathOf(file, "options.it"));
        expect(pathOf(pathToFileURL(file).href, "options.it")).toBe(pathOf(file, "options.it"));
      }),
    );
  });

  it.each([
    ["an empty text", ""],
    ["a number", 3],
    ["nothing", undefined],
    ["null", null],
    ["bytes", Buffer.from("/a.mp4")],
    ["a NUL", "/a\0.mp4"],
    ["a NUL in a URL", "file:///a%00.mp4"],
    ["a web address", new URL("https://example.org/a.mp4")],
    ["a file on another host", "file://host/a.mp4"],
    ["a slash that is none", new URL("file:///a%2Fb.mp4")],
    ["a URL that is none", "file://["],
  ])("are refused: %s", (_what, source) => {
    expect(path(source)).toBe("TypeError");
  });
});
