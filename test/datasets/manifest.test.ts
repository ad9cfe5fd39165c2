import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatCsv } from "../../src/csv.js";
import { loadManifest, manifestFields, parseManifest } from "../../src/datasets/manifest.js";
import type { DatasetVideo } from "../../src/datasets/video.js";
import { temporaryFolder, writeTree } from "../support/folders.js";

const place = "/data/lists/videos.csv";

const lines = (...records: readonly object[]) => records.map((record) => JSON.stringify(record)).join("\n");

/** What every field together makes of a line. */
const whole: DatasetVideo = {
  id: "clip 1",
  path: "/data/lists/clips/1.mp4",
  label: 1,
  split: "val",
  group: "studio",
  source: "clip 0",
  identities: ["id0", "id1"],
  method: "face-swap",
  dataset: "ours",
};

describe("a manifest", () => {
  it("in CSV says every field", () => {
    const text =
      "path,label,split,group,source,identities,method,dataset,id\n" +
      "clips/1.mp4,fake,val,studio,clip 0,id0|id1,face-swap,ours,clip 1\n";
    expect(parseManifest(text, place)).toEqual([whole]);
  });

  it("in JSON Lines says every field", () => {
    const record = { ...whole, path: "clips/1.mp4", label: "fake" };
    expect(parseManifest(lines(record), place)).toEqual([whole]);
    expect(parseManifest(lines({ ...record, label: 1, identities: "id0|id1" }), place)).toEqual([whole]);
  });

  it("may leave out everything but the path", () => {
    const bare = [{ id: "a.mp4", path: "/data/lists/a.mp4", group: "a.mp4" }];
    expect(parseManifest("path\na.mp4\n", place)).toEqual(bare);
    expect(parseManifest("path,label,split,group,source,identities,method,dataset,id\na.mp4,,,,,,,,\n", place)).toEqual(
      bare,
    );
    const nothing = Object.fromEntries(manifestFields.map((field) => [field, null]));
    expect(parseManifest(lines({ ...nothing, path: "a.mp4" }), place)).toEqual(bare);
  });

  it.each([
    ["fake", 1],
    ["FAKE", 1],
    ["1", 1],
    ["real", 0],
    ["Real", 0],
    ["0", 0],
    ["", undefined],
  ])("reads the label %j as %s", (text, label) => {
    expect(parseManifest(`path,label\na.mp4,${text}\n`, place)[0]?.label).toBe(label);
    expect(parseManifest(lines({ path: "a.mp4", label: text }), place)[0]?.label).toBe(label);
  });

  it.each([
    ["clips/1.mp4", "/data/lists/clips/1.mp4", "clips/1.mp4"],
    ["./clips//1.mp4", "/data/lists/clips/1.mp4", "clips/1.mp4"],
    ["../raw/1.mp4", "/data/raw/1.mp4", "../raw/1.mp4"],
    ["/data/lists/1.mp4", "/data/lists/1.mp4", "1.mp4"],
    ["/elsewhere/1.mp4", "/elsewhere/1.mp4", "/elsewhere/1.mp4"],
  ])("means %s from its own folder, and names it so that the data may move", (name, path, id) => {
    expect(parseManifest(`path\n${name}\n`, place)).toMatchObject([{ path, id }]);
  });

  it("groups what shares a source or a person, unless it names the group", () => {
    const text =
      "path,source,identities,group\na.mp4,,ada,\nb.mp4,a.mp4,,\nc.mp4,,ada|bob,\nd.mp4,,bob,mine\ne.mp4,,,\n";
    expect(parseManifest(text, place).map(({ id, group }) => [id, group])).toEqual([
      ["a.mp4", "a.mp4"],
      ["b.mp4", "a.mp4"],
      ["c.mp4", "a.mp4"],
      ["d.mp4", "mine"],
      ["e.mp4", "e.mp4"],
    ]);
  });

  it("is sorted by id, whatever its order", () => {
    const ids = parseManifest("path\nb.mp4\nZ.mp4\na10.mp4\na9.mp4\n", place).map(({ id }) => id);
    expect(ids).toEqual(["Z.mp4", "a10.mp4", "a9.mp4", "b.mp4"]);
  });

  it("says the same in CSV and in JSON Lines, whatever the texts are", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 }).filter((each) => !each.includes("\0"));
    const optional = fc.option(text, { nil: undefined });
    const identity = text.filter((each) => !each.includes("|"));
    const record = fc.record({
      path: text.map((each) => `./${each}`),
      label: fc.constantFrom("fake", "real", undefined),
      split: fc.constantFrom("train", "val", "test", undefined),
      group: optional,
      source: optional,
      identities: fc.option(fc.array(identity, { minLength: 1, maxLength: 3 }), { nil: undefined }),
      method: optional,
      dataset: optional,
    });
    const records = fc
      .array(record, { minLength: 1, maxLength: 5 })
      .map((all) => all.map((each, i) => ({ ...each, id: `v${i}` })));
    fc.assert(
      fc.property(records, (all) => {
        const rows = all.map((each) =>
          manifestFields.map((field) => (field === "identities" ? each.identities?.join("|") : each[field]) ?? ""),
        );
        const fromJson = parseManifest(lines(...all), place);
        expect(parseManifest(formatCsv(manifestFields, rows), place)).toEqual(fromJson);
        expect(fromJson.map(({ id, source, identities }) => ({ id, source, identities }))).toEqual(
          all.map(({ id, source, identities }) => ({ id, source, identities })),
        );
      }),
    );
  });
});

describe("a manifest is refused, by line", () => {
  const csv = "path,label,split,identities,id\na.mp4,real,train,,\n";
  const json = '{"path": "a.mp4"}\n';
  it.each([
    ["a label that is none", `${csv}b.mp4,1.0,,,\n`, 3, 'label "1.0"'],
    ["a split that is none", `${csv}b.mp4,,dev,,\n`, 3, 'split "dev"'],
    ["an empty path", `${csv},real,,,\n`, 3, "path is empty"],
    ["a NUL in a path", `${csv}"b\0.mp4",real,,,\n`, 3, "NUL"],
    ["an empty name among the identities", `${csv}b.mp4,,,id0||id1,\n`, 3, "empty name"],
    ["a video twice", `${csv}b.mp4,,,,\n./a.mp4,,,,\n`, 4, '"a.mp4" stands on line 2 too'],
    ["an id twice", `${csv}b.mp4,,,,x\nc.mp4,,,,x\n`, 4, '"x" stands on line 3 too'],
    ["a row of another length", `${csv}b.mp4\n`, 3, "cells"],
    ["a field that is none", "path,labels\na.mp4,1\n", 1, 'no field "labels"'],
    ["no column path", "label,split\nfake,train\n", 1, "no column path"],
    ["no video", "path,label\n", 1, "no video"],
    ["broken JSON", `${json}{"path": \n`, 2, "not JSON"],
    ["JSON that is no object", `${json}\n["b.mp4"]\n`, 3, "not a JSON object"],
    ["null for an object", `${json}null\n`, 2, "not a JSON object"],
    ["a member that is no field", `${json}{"path": "b.mp4", "Label": 1}\n`, 2, 'no field "Label"'],
    ["a number for a text", `${json}{"path": "b.mp4", "group": 3}\n`, 2, "group must be a string, not 3"],
    ["a label of 2", `${json}{"path": "b.mp4", "label": 2}\n`, 2, 'label "2"'],
    ["a label of true", `${json}{"path": "b.mp4", "label": true}\n`, 2, "label must be a string, not true"],
    ["an identity with |", `${json}{"path": "b.mp4", "identities": ["a|b"]}\n`, 2, "list of strings without |"],
    ["an identity that is no text", `${json}{"path": "b.mp4", "identities": [1]}\n`, 2, "list of strings"],
    ["a line of JSON without path", `${json}{"label": "fake"}\n`, 2, "path is empty"],
  ])("for %s", (_what, text, line, words) => {
    expect(() => parseManifest(text, place)).toThrow(
      expect.objectContaining({
        code: "ERR_UNREEL_MANIFEST_INVALID",
        message: expect.stringContaining(words),
        details: { path: place, line },
      }),
    );
  });
});

describe("a manifest's file", () => {
  const folder = temporaryFolder("manifest");

  it("names the dataset, and its folder is where paths begin", async () => {
    writeTree(folder, { "lists/m.csv": "path,label\r\n../clips/a.mp4,fake\r\nb.mp4,real" });
    const file = join(folder, "lists/m.csv");
    expect(await loadManifest(file)).toMatchObject({
      name: file,
      root: file,
      videos: [
        { id: "../clips/a.mp4", path: join(folder, "clips/a.mp4"), label: 1 },
        { id: "b.mp4", path: join(folder, "lists/b.mp4"), label: 0 },
      ],
    });
  });

  it.each([
    ["missing", undefined, "ERR_UNREEL_NOT_FOUND"],
    ["empty", "", "ERR_UNREEL_EMPTY_FILE"],
    ["of blank lines", "\n\n", "ERR_UNREEL_MANIFEST_INVALID"],
  ])("that is %s is a coded error", async (name, text, code) => {
    if (text !== undefined) writeTree(folder, { [name]: text });
    await expect(loadManifest(join(folder, name))).rejects.toMatchObject({ code });
  });
});
