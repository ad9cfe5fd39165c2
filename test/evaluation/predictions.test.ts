import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Label, Prediction } from "../../src/evaluation/prediction.js";
import { formatPredictions, parsePredictions, readPredictions } from "../../src/evaluation/predictions.js";

const options = { file: "p.csv" };

describe("parsePredictions", () => {
  it("reads every column, in any order, and names those it does not know", () => {
    const text =
      "split,score,video,label,frame,ptsUs,group,source,method,dataset,reason,probability\n" +
      "test,-1.5e-3,a.mp4,fake,12,-400,id1,src,swap,cdf,,0.9\n" +
      "test,,b.mp4,0,,,,,,,no_face,\n";
    expect(parsePredictions(text, options)).toEqual({
      predictions: [
        {
          video: "a.mp4",
          label: 1,
          score: -0.0015,
          frame: 12,
          ptsUs: -400,
          group: "id1",
          source: "src",
          method: "swap",
          dataset: "cdf",
          split: "test",
        },
        { video: "b.mp4", label: 0, reason: "no_face", split: "test" },
      ],
      ignoredColumns: ["probability"],
    });
  });

  it.each([
    ["0", 0],
    ["1", 1],
    ["real", 0],
    ["fake", 1],
    ["REAL", 0],
    ["FAKE", 1],
  ])("takes the label %s", (text, label) => {
    expect(parsePredictions(`video,label,score\na,${text},1\n`, options).predictions[0]?.label).toBe(label);
  });

  it.each([
    ["no score column", "video,label\na,1\n", 1, "score"],
    ["no name", "video,label,score\n,1,1\n", 2, "no name"],
    ["another label", "video,label,score\na,1,1\nb,2,1\n", 3, "label"],
    ["NaN", "video,label,score\na,1,NaN\n", 2, "NaN"],
    ["Inf", "video,label,score\na,1,inf\n", 2, "inf"],
    ["Infinity", "video,label,score\na,1,-Infinity\n", 2, "Infinity"],
    ["a number beyond doubles", "video,label,score\na,1,1e999\n", 2, "1e999"],
    ["hexadecimal", "video,label,score\na,1,0x10\n", 2, "0x10"],
    ["text", "video,label,score\na,1,high\n", 2, "high"],
    ["a space for a score", "video,label,score\na,1, \n", 2, "score"],
    ["a frame below 0", "video,label,score,frame\na,1,1,-1\n", 2, "frame"],
    ["a frame and a half", "video,label,score,frame\na,1,1,1.5\n", 2, "frame"],
    ["a time in fractions", "video,label,score,ptsUs\na,1,1,0.5\n", 2, "ptsUs"],
    ["a video twice", "video,label,score\na,1,1\nb,0,1\na,1,2\n", 4, "twice"],
    ["a frame twice", "video,label,score,frame\na,1,1,7\na,1,2,7\n", 3, "frame 7"],
    ["a video of two labels", "video,label,score,frame\na,1,1,1\na,0,2,2\n", 3, "label"],
    ["a video of two groups", "video,label,score,frame,group\na,1,1,1,x\na,1,2,2,y\n", 3, "group"],
    [
      "a score of the video beside those of frames",
      "video,label,score,frame\na,1,1,1\na,1,2,\n",
      3,
      "one or the other",
    ],
  ])("refuses %s and says on which line", (_what, text, line, words) => {
    expect(() => parsePredictions(text, options)).toThrow(
      expect.objectContaining({
        code: "ERR_UNREEL_MANIFEST_INVALID",
        details: { path: "p.csv", line },
        message: expect.stringContaining(words),
      }),
    );
  });

  it("refuses a video that stands in two splits", () => {
    const text = "video,label,score,frame,split\na,1,1,1,train\na,1,2,2,test\n";
    expect(() => parsePredictions(text, options)).toThrow(
      expect.objectContaining({ code: "ERR_UNREEL_SPLIT_LEAK", details: { path: "p.csv", line: 3, video: "a" } }),
    );
  });

  it("keeps two videos of one name apart by dataset and method", () => {
    const text = "video,label,score,method,dataset\n000_003,1,1,DF,ff\n000_003,1,2,F2F,ff\n000_003,0,3,,cdf\n";
    expect(parsePredictions(text, options).predictions).toHaveLength(3);
  });

  it("reads back what formatPredictions wrote, whatever the names hold", () => {
    const name = fc.string({ unit: "grapheme", minLength: 1 });
    const optional = <T>(arbitrary: fc.Arbitrary<T>) => arbitrary;
    const prediction = fc.record(
      {
        label: fc.constantFrom<Label>(0, 1),
        score: fc.double({ noNaN: true, noDefaultInfinity: true }),
        reason: optional(name),
        ptsUs: fc.maxSafeInteger(),
        source: name,
        method: name,
        dataset: name,
        group: name,
        split: name,
      },
      { requiredKeys: ["label"] },
    );
    const list = fc
      .array(fc.tuple(prediction, fc.string({ unit: "grapheme" })))
      .map((drawn) =>
        drawn.map(
          ([row, suffix], i): Prediction => ({ ...(row as Omit<Prediction, "video">), video: `${i}${suffix}` }),
        ),
      );
    fc.assert(
      fc.property(list, (predictions) => {
        expect(parsePredictions(formatPredictions(predictions), options).predictions).toEqual(predictions);
      }),
    );
  });
});

describe("readPredictions", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "unreel-predictions-"));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it.each([
    ["a missing file", "none.csv", undefined, "ERR_UNREEL_NOT_FOUND"],
    ["a folder", ".", undefined, "ERR_UNREEL_IS_A_DIRECTORY"],
    ["an empty file", "empty.csv", "", "ERR_UNREEL_EMPTY_FILE"],
    ["bytes that are no text", "bytes.csv", new Uint8Array([0x61, 0xff, 0xfe]), "ERR_UNREEL_MANIFEST_INVALID"],
  ])("refuses %s", async (_what, name, content, code) => {
    const path = join(folder, name);
    if (content !== undefined) await writeFile(path, content);
    await expect(readPredictions(path)).rejects.toMatchObject({ code, details: { path } });
  });

  it("names the file and the line", async () => {
    const path = join(folder, "bad.csv");
    await writeFile(path, "video,label,score\r\na,1,0.5\r\nb,0,nan\r\n");
    await expect(readPredictions(path)).rejects.toThrow(`${path}, line 3: score "nan"`);
  });
});
