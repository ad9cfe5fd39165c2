import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byCodeUnit, parseLabel, videosFromPaths } from "../../src/datasets/video.js";

describe("videos of no dataset", () => {
  it("are named by their normalised paths, each its own group, each once", () => {
    expect(videosFromPaths(["./a//b.mp4", "c.mp4", "a/x/../b.mp4", "/d.mp4"])).toEqual([
      { id: "a/b.mp4", path: "./a//b.mp4", group: "a/b.mp4" },
      { id: "c.mp4", path: "c.mp4", group: "c.mp4" },
      { id: "/d.mp4", path: "/d.mp4", group: "/d.mp4" },
    ]);
  });

  it("keep their ids when the list grows", () => {
    const paths = fc.array(fc.string({ minLength: 1 }));
    fc.assert(
      fc.property(paths, paths, (first, more) => {
        const ids = (list: readonly string[]) => videosFromPaths(list).map(({ id }) => id);
        expect(ids([...first, ...more]).slice(0, ids(first).length)).toEqual(ids(first));
      }),
    );
  });
});

describe("labels and order", () => {
  it("knows 1 for fake and 0 for real, in any case, and nothing else", () => {
    expect(["fake", "Fake", "1", "real", "REAL", "0"].map(parseLabel)).toEqual([1, 1, 1, 0, 0, 0]);
    expect(["", "2", "01", " 1", "true", "deepfake"].map(parseLabel)).toEqual(new Array(6).fill(undefined));
  });

  it("orders as Array.prototype.sort does without a comparison", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 3 }), { maxLength: 8 }), (texts) => {
        expect([...texts].sort(byCodeUnit)).toEqual([...texts].sort());
      }),
    );
  });
});
