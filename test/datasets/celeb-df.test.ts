import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { loadCelebDf, parseTestList, SYNTHETIC_MARKER, TEST_LIST } from "../../src/datasets/celeb-df.js";
import { detectDataset, loadDataset } from "../../src/datasets/index.js";
import { temporaryFolder, writeTree } from "../support/folders.js";

const scratch = temporaryFolder("celeb-df");
let folders = 0;

/** A new folder with these files, all without bytes but the list of test videos. */
function dataset(files: readonly string[], list: string | undefined, more: Readonly<Record<string, string>> = {}) {
  const videos = Object.fromEntries(files.map((file) => [file, ""]));
  const lists = list === undefined ? {} : { [TEST_LIST]: list };
  return writeTree(join(scratch, String(folders++)), { ...videos, ...lists, ...more });
}

const small = [
  "Celeb-real/id0_0000.mp4",
  "Celeb-real/id1_0000.mp4",
  "Celeb-real/id2_0003.mp4",
  "Celeb-real/id9_0000.mp4",
  "Celeb-synthesis/id0_id1_0000.mp4",
  "Celeb-synthesis/id2_id3_0003.mp4",
  "YouTube-real/00000.mp4",
  "YouTube-real/00170.mp4",
];
const smallList = "1 YouTube-real/00170.mp4\n1 Celeb-real/id2_0003.mp4\n0 Celeb-synthesis/id2_id3_0003.mp4\n";

const invalid = (message: RegExp, details: object = {}) =>
  expect.objectContaining({
    code: "ERR_UNREEL_DATASET_INVALID",
    message: expect.stringMatching(message),
    details: expect.objectContaining(details),
  });

describe("the list of test videos", () => {
  const ids = ["YouTube-real/00170.mp4", "Celeb-real/id2_0003.mp4", "Celeb-synthesis/id17_id2_0003.mp4"];

  it.each([
    ["as it comes: the last line without its end", "\n", ""],
    ["with every line ended", "\n", "\n"],
    ["with CRLF", "\r\n", "\r\n"],
    ["with CRLF and the last line without its end", "\r\n", ""],
    ["with blank lines", "\n\n \n", "\n\n"],
  ])("is read %s", (_what, between, end) => {
    const lines = [`1 ${ids[0]}`, `1 ${ids[1]}`, `0 ${ids[2]}`];
    expect(parseTestList(lines.join(between) + end, "list.txt")).toEqual(ids);
  });

  it("names each video once and in its order, however lines end and folders are spelt", () => {
    const reals = fc.integer({ min: 0, max: 99999 }).map((n) => `${String(n).padStart(5, "0")}.mp4`);
    const line = fc.oneof(
      reals.map((file) => ({ id: `YouTube-real/${file}`, line: `1 YouTube-real/${file}` })),
      reals.map((file) => ({ id: `YouTube-real/${file}`, line: `1 Youtube-real/${file}` })),
      fc.nat(58).map((n) => ({ id: `Celeb-real/id${n}_0001.mp4`, line: `1 Celeb-real/id${n}_0001.mp4` })),
      fc
        .nat(58)
        .map((n) => ({ id: `Celeb-synthesis/id${n}_id60_0001.mp4`, line: `0 Celeb-synthesis/id${n}_id60_0001.mp4` })),
    );
    const lines = fc.uniqueArray(line, { selector: ({ id }) => id, minLength: 1 });
    fc.assert(
      fc.property(lines, fc.constantFrom("\n", "\r\n"), fc.boolean(), (entries, eol, ended) => {
        const text = entries.map((entry) => entry.line).join(eol) + (ended ? eol : "");
        expect(parseTestList(text, "list.txt")).toEqual(entries.map(({ id }) => id));
      }),
    );
  });

  it.each([
    ["0 on a real video", "1 YouTube-real/00170.mp4\n0 Celeb-real/id0_0000.mp4\n", 2, "digit 0 says fake"],
    ["1 on a fake", "1 Celeb-synthesis/id0_id1_0000.mp4\n", 1, "digit 1 says real"],
    ["0 on a YouTube video", "\n0 Youtube-real/00001.mp4", 2, "1 means real"],
    ["another digit", "2 Celeb-real/id0_0000.mp4\n", 1, "is not"],
    ["no digit", "Celeb-real/id0_0000.mp4\n", 1, "is not"],
    ["a folder that Celeb-DF has not", "1 YouTube-real/00170.mp4\n\n1 Celeb-fake/id0_0000.mp4\n", 3, "is not"],
    ["a folder without a file", "1 Celeb-real/\n", 1, "is not"],
    ["a video twice", "1 YouTube-real/00170.mp4\n1 Youtube-real/00170.mp4\n", 2, "listed twice"],
  ])("is refused with %s, by line", (_what, text, line, words) => {
    expect(() => parseTestList(text, "list.txt")).toThrow(invalid(new RegExp(words), { path: "list.txt", line }));
  });

  it("is refused when it lists nothing", () => {
    expect(() => parseTestList("\r\n\n", "list.txt")).toThrow(invalid(/lists no video/, { path: "list.txt" }));
  });
});

describe("Celeb-DF v2's folders", () => {
  it("give labels, sources, identities, splits and groups", async () => {
    const root = dataset(small, smallList);
    const loaded = await loadDataset("celeb-df-v2", root);
    expect(loaded.name).toBe("celeb-df-v2");
    expect(loaded.root).toBe(root);
    const common = { dataset: "celeb-df-v2" };
    const real = { ...common, label: 0 };
    const fake = { ...common, label: 1, method: "face-swap" };
    const video = (id: string, facts: object) => ({ id, path: join(root, id), ...facts });
    expect(loaded.videos).toEqual([
      video("Celeb-real/id0_0000.mp4", {
        ...real,
        split: "train",
        identities: ["id0"],
        group: "Celeb-real/id0_0000.mp4",
      }),
      video("Celeb-real/id1_0000.mp4", {
        ...real,
        split: "train",
        identities: ["id1"],
        group: "Celeb-real/id0_0000.mp4",
      }),
      video("Celeb-real/id2_0003.mp4", {
        ...real,
        split: "test",
        identities: ["id2"],
        group: "Celeb-real/id2_0003.mp4",
      }),
      video("Celeb-real/id9_0000.mp4", {
        ...real,
        split: "train",
        identities: ["id9"],
        group: "Celeb-real/id9_0000.mp4",
      }),
      video("Celeb-synthesis/id0_id1_0000.mp4", {
        ...fake,
        split: "train",
        source: "Celeb-real/id0_0000.mp4",
        identities: ["id0", "id1"],
        group: "Celeb-real/id0_0000.mp4",
      }),
      video("Celeb-synthesis/id2_id3_0003.mp4", {
        ...fake,
        split: "test",
        source: "Celeb-real/id2_0003.mp4",
        identities: ["id2", "id3"],
        group: "Celeb-real/id2_0003.mp4",
      }),
      video("YouTube-real/00000.mp4", { ...real, split: "train", group: "YouTube-real/00000.mp4" }),
      video("YouTube-real/00170.mp4", { ...real, split: "test", group: "YouTube-real/00170.mp4" }),
    ]);
  });

  it("may spell Youtube-real and hold their videos in videos/, with the same ids", async () => {
    const plain = await loadCelebDf(dataset(small, smallList));
    const respelt = (id: string) => id.replace("YouTube-real/", "Youtube-real/").replace("/", "/videos/");
    const root = dataset(small.map(respelt), smallList.replace("YouTube", "Youtube"));
    const nested = await loadCelebDf(root);
    expect(nested.videos.map(({ path }) => path)).toEqual(plain.videos.map(({ id }) => join(root, respelt(id))));
    const facts = (videos: typeof plain.videos) => videos.map(({ path: _path, ...rest }) => rest);
    expect(facts(nested.videos)).toEqual(facts(plain.videos));
  });

  it("may lack YouTube-real, and hold notes and hidden files", async () => {
    const files = small.filter((file) => !file.startsWith("YouTube"));
    const list = "0 Celeb-synthesis/id2_id3_0003.mp4";
    const { videos } = await loadCelebDf(
      dataset([...files, "Celeb-real/notes.txt", "Celeb-real/._id0_0000.mp4"], list),
    );
    expect(videos.map(({ id }) => id)).toEqual(files);
  });

  it("are recognised by their names", async () => {
    expect(await detectDataset(dataset(small, smallList))).toBe("celeb-df-v2");
  });

  it.each([
    ["Celeb-synthesis", small.filter((file) => !file.startsWith("Celeb-synthesis")), /no folder Celeb-synthesis/],
    ["Celeb-real", small.filter((file) => !file.startsWith("Celeb-real")), /no folder Celeb-real/],
    ["a single video", ["Celeb-real/a.txt", "Celeb-synthesis/a.txt"], /holds no \.mp4 video/],
  ])("are refused without %s", async (_what, files, message) => {
    await expect(loadCelebDf(dataset(files, smallList))).rejects.toEqual(invalid(message));
  });

  it.each([
    "Celeb-real/id0_id1_0000.mp4",
    "Celeb-real/0000.mp4",
    "Celeb-synthesis/id0_0000.mp4",
    "YouTube-real/id0_0000.mp4",
  ])("are refused with a video named %s", async (file) => {
    const root = dataset([...small, file], smallList);
    await expect(loadCelebDf(root)).rejects.toEqual(invalid(/are named like/, { path: join(root, file) }));
  });

  it("are refused with both spellings of YouTube-real", async () => {
    const root = dataset([...small, "Youtube-real/00001.mp4"], smallList);
    await expect(loadCelebDf(root)).rejects.toEqual(invalid(/both YouTube-real and Youtube-real/, { path: root }));
  });

  it("are refused without the list of test videos, which is named", async () => {
    const root = dataset(small, undefined);
    const path = join(root, "List_of_testing_videos.txt");
    await expect(loadCelebDf(root)).rejects.toEqual(invalid(/List_of_testing_videos\.txt/, { path }));
  });

  it("are refused when the list names videos that are not there, which are named", async () => {
    const missing = ["Celeb-real/id5_0000.mp4", "YouTube-real/00042.mp4"];
    const root = dataset(small, `${smallList}1 ${missing[0]}\n1 ${missing[1]}\n`);
    await expect(loadCelebDf(root)).rejects.toEqual(invalid(/2 of the videos.*id5_0000.*00042/, { missing }));
  });

  it("are refused when a digit disagrees with the folder, by the line of the list", async () => {
    const root = dataset(small, smallList.replace("0 Celeb-synthesis", "1 Celeb-synthesis"));
    await expect(loadCelebDf(root)).rejects.toEqual(invalid(/line 3/, { path: join(root, TEST_LIST), line: 3 }));
  });

  it("are refused where there is no folder", async () => {
    await expect(loadCelebDf(join(scratch, "nowhere"))).rejects.toMatchObject({ code: "ERR_UNREEL_NOT_FOUND" });
    const root = dataset(small, smallList);
    await expect(loadCelebDf(join(root, TEST_LIST))).rejects.toEqual(invalid(/not a folder/));
  });
});

describe("generated data in Celeb-DF v2's layout", () => {
  const load = (marker: string) => loadCelebDf(dataset(small, smallList, { [SYNTHETIC_MARKER]: marker }));

  it("carries its generator in the dataset's name", async () => {
    const { name, videos } = await load('{"synthetic": true, "generator": "unreel synth", "seed": 3}');
    expect(name).toBe("celeb-df-v2 (synthetic unreel synth)");
    expect(new Set(videos.map(({ label, method }) => (label === 1 ? method : "real")))).toEqual(
      new Set(["real", "synthetic"]),
    );
    expect(new Set(videos.map(({ dataset }) => dataset))).toEqual(new Set([name]));
    expect((await load('{"synthetic": true}')).name).toBe("celeb-df-v2 (synthetic)");
  });

  it.each(['{"synthetic": false}', '{"synthetic": "true"}', "[]", "null", "not JSON", "{"])(
    "is refused when synthetic.json says %s",
    async (marker) => {
      await expect(load(marker)).rejects.toEqual(invalid(/synthetic\.json/));
    },
  );
});

describe("Celeb-DF v2 in its official size", () => {
  // 59 identities with 10 real videos each, 5639 fakes, 300 videos from YouTube; names as the dataset has them.
  const reals = Array.from({ length: 590 }, (_, i) => `id${Math.floor(i / 10)}_${String(i % 10).padStart(4, "0")}`);
  const fakes = reals
    .flatMap((real, i) => {
      const [identity, clip] = real.split("_");
      return Array.from({ length: 10 }, (_, k) => `${identity}_id${(Math.floor(i / 10) + k + 1) % 59}_${clip}`);
    })
    .slice(0, 5639);
  const youtube = Array.from({ length: 300 }, (_, i) => String(i).padStart(5, "0"));
  const list = [
    ...youtube.slice(0, 70).map((name) => `1 YouTube-real/${name}.mp4`),
    ...reals.slice(0, 108).map((name) => `1 Celeb-real/${name}.mp4`),
    ...fakes.slice(-340).map((name) => `0 Celeb-synthesis/${name}.mp4`),
  ];
  const root = join(scratch, "official");
  const withList = (lines: readonly string[]) => writeFileSync(join(root, TEST_LIST), lines.join("\n"));

  beforeAll(() => {
    const place = { "Celeb-real": reals, "Celeb-synthesis": fakes, "YouTube-real": youtube };
    for (const [folder, names] of Object.entries(place)) {
      mkdirSync(join(root, folder), { recursive: true });
      for (const name of names) writeFileSync(join(root, folder, `${name}.mp4`), "");
    }
  });

  it("has 890 real and 5639 fake videos, 178 and 340 of them for tests", async () => {
    withList(list);
    const { videos } = await loadCelebDf(root);
    const count = (label: number, split: string) =>
      videos.filter((video) => video.label === label && video.split === split).length;
    expect(videos).toHaveLength(6529);
    expect([count(0, "test"), count(1, "test")]).toEqual([178, 340]);
    expect([count(0, "train"), count(1, "train")]).toEqual([712, 5299]);
  });

  it.each([
    ["a line lost", list.slice(1), { real: 177, fake: 340 }],
    ["the last line cut off", list.slice(0, -1), { real: 178, fake: 339 }],
    ["a line more", [...list, `1 YouTube-real/${youtube[299]}.mp4`], { real: 179, fake: 340 }],
    [
      "518 lines of which one is of the other class",
      [...list.slice(1), `0 Celeb-synthesis/${fakes[0]}.mp4`],
      { real: 177, fake: 341 },
    ],
  ])("is refused with %s, with both counts", async (_what, lines, counts) => {
    withList(lines);
    await expect(loadCelebDf(root)).rejects.toEqual(invalid(/178 and 340/, { ...counts, path: join(root, TEST_LIST) }));
  });

  it("may have any list when it says that it was generated", async () => {
    withList(list.slice(0, 100));
    writeFileSync(join(root, SYNTHETIC_MARKER), '{"synthetic": true, "generator": "x"}');
    const { videos } = await loadCelebDf(root);
    expect(videos.filter(({ split }) => split === "test")).toHaveLength(100);
    rmSync(join(root, SYNTHETIC_MARKER));
  });
});
