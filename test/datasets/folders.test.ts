import { mkdirSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadFolders } from "../../src/datasets/folders.js";
import { detectDataset, loadDataset } from "../../src/datasets/index.js";
import { temporaryFolder, writeTree } from "../support/folders.js";

const scratch = temporaryFolder("folders");
let folders = 0;

function dataset(...files: readonly string[]): string {
  return writeTree(join(scratch, `data-${folders++}`), Object.fromEntries(files.map((file) => [file, ""])));
}

async function facts(root: string) {
  const { videos } = await loadFolders(root);
  return videos.map(({ id, label, split, method }) => [id, label, split, method]);
}

const invalid = (message: RegExp) =>
  expect.objectContaining({ code: "ERR_UNREEL_DATASET_INVALID", message: expect.stringMatching(message) });

describe("a folder of real and fake", () => {
  it("gives each video its label, its folder's name as dataset, and a group of its own", async () => {
    const root = dataset("real/b.mp4", "real/a.webm", "fake/a.mp4");
    const loaded = await loadDataset("folders", root);
    const name = basename(root);
    expect(loaded).toMatchObject({ name, root });
    const common = { dataset: name };
    expect(loaded.videos).toEqual([
      { ...common, id: "fake/a.mp4", path: join(root, "fake/a.mp4"), label: 1, group: "fake/a.mp4" },
      { ...common, id: "real/a.webm", path: join(root, "real/a.webm"), label: 0, group: "real/a.webm" },
      { ...common, id: "real/b.mp4", path: join(root, "real/b.mp4"), label: 0, group: "real/b.mp4" },
    ]);
  });

  it("takes CNNDetection's names, in any case", async () => {
    const root = dataset("0_real/a.mp4", "1_Fake/a.mp4");
    expect(await facts(root)).toEqual([
      ["0_real/a.mp4", 0, undefined, undefined],
      ["1_Fake/a.mp4", 1, undefined, undefined],
    ]);
  });

  it("takes the first folder below fake for the method", async () => {
    const root = dataset("fake/swap/x/a.mp4", "fake/swap/b.mp4", "fake/c.mp4", "real/studio/d.mp4");
    expect(await facts(root)).toEqual([
      ["fake/c.mp4", 1, undefined, undefined],
      ["fake/swap/b.mp4", 1, undefined, "swap"],
      ["fake/swap/x/a.mp4", 1, undefined, "swap"],
      ["real/studio/d.mp4", 0, undefined, undefined],
    ]);
  });

  it("may be divided into train, val and test", async () => {
    const root = dataset("train/real/a.mp4", "train/fake/m/b.mp4", "Validation/fake/c.mp4", "test/0_real/d.mp4");
    expect(await facts(root)).toEqual([
      ["Validation/fake/c.mp4", 1, "val", undefined],
      ["test/0_real/d.mp4", 0, "test", undefined],
      ["train/fake/m/b.mp4", 1, "train", "m"],
      ["train/real/a.mp4", 0, "train", undefined],
    ]);
  });

  it("leaves out what is hidden or no video, and takes endings in any case", async () => {
    const root = dataset(
      "real/a.MP4",
      "real/._a.mp4",
      "real/.cache/b.mp4",
      "real/readme.txt",
      "fake/c.mkv",
      "notes/d.mp4",
    );
    expect((await facts(root)).map(([id]) => id)).toEqual(["fake/c.mkv", "real/a.MP4"]);
  });

  it("follows links, and ends where they go in a circle", async () => {
    const root = dataset("real/a.mp4", "fake/b.mp4");
    const elsewhere = dataset("c.mp4");
    symlinkSync(elsewhere, join(root, "real/linked"));
    symlinkSync(join(root, "real"), join(root, "real/circle"));
    symlinkSync("nowhere.mp4", join(root, "real/dangling.mp4"));
    expect((await facts(root)).map(([id]) => id)).toEqual(["fake/b.mp4", "real/a.mp4", "real/linked/c.mp4"]);
  });

  it("is recognised, directly and below its splits", async () => {
    expect(await detectDataset(dataset("real/a.mp4"))).toBe("folders");
    expect(await detectDataset(dataset("train/1_fake/a.mp4"))).toBe("folders");
    expect(await detectDataset(dataset("clips/a.mp4", "train/clips/a.mp4"))).toBeUndefined();
    await expect(detectDataset(join(scratch, "nowhere"))).rejects.toMatchObject({ code: "ERR_UNREEL_NOT_FOUND" });
  });
});

describe("a folder that could mean two things is refused", () => {
  it.each([
    ["two folders of one class", ["real/a.mp4", "0_real/b.mp4"], /both 0_real and real/],
    ["two folders of one class in a split", ["train/fake/a.mp4", "train/1_fake/b.mp4"], /both 1_fake and fake/],
    ["two folders of one split", ["val/real/a.mp4", "validation/real/b.mp4"], /both val and validation/],
    ["classes beside splits", ["real/a.mp4", "train/real/b.mp4"], /side by side: real, train/],
    ["no class", ["clips/a.mp4"], /no videos in real\/ and fake\//],
    ["no video", ["real/a.txt", "fake/b.txt"], /no videos/],
  ])("%s", async (_what, files, message) => {
    await expect(loadFolders(dataset(...files))).rejects.toEqual(invalid(message));
  });

  it("a file, and nothing", async () => {
    const root = dataset("real/a.mp4");
    await expect(loadFolders(join(root, "real/a.mp4"))).rejects.toEqual(invalid(/not a folder/));
    await expect(loadFolders(join(root, "none"))).rejects.toMatchObject({ code: "ERR_UNREEL_NOT_FOUND" });
    mkdirSync(join(root, "empty"));
    await expect(loadFolders(join(root, "empty"))).rejects.toEqual(invalid(/no videos/));
  });
});
