import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { byCodeUnit } from "../../src/datasets/video.js";
import { createOrOpenStore, type FeatureStore, openStore, type VideoFeatures } from "../../src/features/store.js";
import { sampleOptions, sampleStore, temporaryFolder } from "./sample-store.js";
import { videoFailure, videoFeatures } from "./sample-videos.js";

const { dimension } = sampleOptions;
const endless = { commitAfterMs: Number.POSITIVE_INFINITY };

function coded(code: string, message = /./) {
  return expect.objectContaining({ code, message: expect.stringMatching(message) });
}

/** What a table must say of these videos. */
function expectedTable(videos: readonly VideoFeatures[]) {
  const sorted = [...videos].sort((a, b) => byCodeUnit(a.id, b.id));
  const perRow = <T>(of: (video: VideoFeatures) => T) => sorted.flatMap((video) => video.frames.map(() => of(video)));
  return {
    x: sorted.flatMap(({ embeddings }) => [...embeddings]),
    labels: perRow(({ label }) => label ?? -1),
    frames: sorted.flatMap(({ frames }) => frames.map(({ frame }) => frame)),
    ptsUs: sorted.flatMap(({ frames }) => frames.map(({ ptsUs }) => ptsUs)),
    videoIds: perRow(({ id }) => id),
    uris: perRow(({ uri }) => uri),
    splits: perRow(({ split }) => split),
    groups: perRow(({ group }) => group),
    sources: perRow(({ source }) => source),
    identities: perRow(({ identities }) => identities),
    methods: perRow(({ method }) => method),
    datasets: perRow(({ dataset }) => dataset),
  };
}

async function readAll(store: FeatureStore, options = {}) {
  const table = await store.read(options);
  const { videoIds, uris, splits, groups, sources, identities, methods, datasets } = table;
  const numbers = { x: [...table.x], labels: [...table.labels], frames: [...table.frames], ptsUs: [...table.ptsUs] };
  return { ...numbers, videoIds, uris, splits, groups, sources, identities, methods, datasets };
}

describe("a feature store", () => {
  it("gives back every number and fact, sorted by video, whatever the shards", async () => {
    const videos = [5, 2, 9, 0, 7, 3].map((index) => videoFeatures(index, dimension));
    for (const commitAfterRows of [1, 4, 1000]) {
      const store = await createOrOpenStore(join(await temporaryFolder(), "a/b/features"), sampleOptions);
      await using writer = await store.writer({ ...endless, commitAfterRows });
      for (const video of videos) await writer.add(video);
      await writer.close();
      expect((await store.describe()).shards).toBe({ 1: 6, 4: 3, 1000: 1 }[commitAfterRows]);
      expect(await readAll(await openStore(store.root))).toEqual(expectedTable(videos));
    }
  });

  it("tells of each row's video, and where a video's rows are", async () => {
    const table = await (await sampleStore(0, 5)).read();
    for (const { id, firstRow, rows } of table.videos) {
      for (let row = firstRow; row < firstRow + rows; row++) expect(table.videoOf(row).id).toBe(id);
    }
    expect(table.videos.reduce((sum, { rows }) => sum + rows, 0)).toBe(table.rows);
    expect(() => table.videoOf(table.rows)).toThrow(RangeError);
  });

  it("sorts rows of a video by frame", async () => {
    const store = await sampleStore(0, 0);
    await using writer = await store.writer();
    const frames = [20, 0, 10].map((frame) => ({ frame, ptsUs: frame * 1000 }));
    const embeddings = Float32Array.from({ length: 3 * dimension }, (_, at) => Math.floor(at / dimension));
    await writer.add({ id: "v", uri: "v", group: "v", frames, embeddings });
    await writer.close();
    const table = await store.read();
    expect([...table.frames]).toEqual([0, 10, 20]);
    expect([...table.x].filter((_, at) => at % dimension === 0)).toEqual([1, 2, 0]);
  });

  it("reads only the splits and labels that are asked for", async () => {
    const store = await sampleStore(0, 12);
    const ids = async (options: object) => new Set((await store.read(options)).videoIds);
    const where = (wanted: (video: VideoFeatures) => boolean) => {
      const videos = Array.from({ length: 12 }, (_, index) => videoFeatures(index, dimension));
      return new Set(videos.filter(wanted).map(({ id }) => id));
    };
    expect(await ids({ splits: ["test"] })).toEqual(where(({ split }) => split === "test"));
    expect(await ids({ splits: ["train", undefined] })).toEqual(where(({ split }) => split !== "test"));
    expect(await ids({ labelled: true })).toEqual(where(({ label }) => label !== undefined));
    expect(await ids({ labelled: false, splits: ["train"] })).toEqual(
      where(({ label, split }) => label === undefined && split === "train"),
    );
  });

  it("keeps float32 to the last bit with dtype <f4, NaN and infinities included", async () => {
    const store = await sampleStore(0, 0, { dtype: "<f4" });
    const embeddings = Float32Array.from([Math.PI, -1e-42, 3e38, Number.NaN, Number.POSITIVE_INFINITY, -0]);
    await using writer = await store.writer();
    await writer.add({ id: "v", uri: "v", group: "v", frames: [{ frame: 0, ptsUs: 0 }], embeddings });
    embeddings.fill(0);
    await writer.close();
    expect([...(await store.read()).x]).toEqual([
      ...Float32Array.from([Math.PI, -1e-42, 3e38, Number.NaN, Number.POSITIVE_INFINITY, -0]),
    ]);
  });

  it("reads as empty before the first commit", async () => {
    const store = await sampleStore(0, 0);
    expect(await store.read()).toMatchObject({ rows: 0, dimension, videos: [] });
    expect(await store.describe()).toMatchObject({ shards: 0, rows: 0, videos: 0, failed: 0, bytes: 0, dtype: "<f2" });
    expect(await store.verify()).toEqual({ files: 0, bytes: 0 });
  });

  it("sees what another process has committed", async () => {
    const writing = await sampleStore(0, 2);
    const reading = await openStore(writing.root);
    await using writer = await writing.writer();
    await writer.add(videoFeatures(7, dimension));
    await writer.commit();
    expect(await reading.completed()).toContain(videoFeatures(7, 1).id);
  });
});

describe("videos that yielded no rows", () => {
  it("are recorded with their facts and error, and tried again when that may help", async () => {
    const store = await sampleStore(0, 2);
    await using writer = await store.writer();
    await writer.addFailure(videoFailure(2, false));
    await writer.addFailure(videoFailure(3, true));
    await writer.close();
    const again = await openStore(store.root);
    expect(await again.failures()).toEqual([
      expect.objectContaining(videoFailure(2, false)),
      expect.objectContaining(videoFailure(3, true)),
    ]);
    expect(await again.failures({ splits: ["test"] })).toHaveLength(1);
    const ids = [0, 1, 2].map((index) => videoFeatures(index, 1).id);
    expect(await again.completed()).toEqual(new Set(ids));
    expect(await again.completed({ retryFailed: true })).toEqual(new Set(ids.slice(0, 2)));
    expect(await again.describe()).toMatchObject({ videos: 2, failed: 2, shards: 2 });
    expect((await again.read()).videos).toHaveLength(2);
  });

  it("make no files of rows when there is nothing else", async () => {
    const store = await sampleStore(0, 0);
    await using writer = await store.writer();
    await writer.addFailure(videoFailure(1, false));
    await writer.close();
    expect(await readdir(join(store.root, "img_emb"))).toEqual([]);
    expect(await readdir(join(store.root, "_commits"))).toEqual(["000000.json"]);
    expect((await store.read()).rows).toBe(0);
  });

  it("are forgotten once the video has rows, and the last error counts until then", async () => {
    const store = await sampleStore(0, 0);
    await using writer = await store.writer({ commitAfterMs: 0 });
    await writer.addFailure(videoFailure(1, true));
    await writer.addFailure(videoFailure(1, false));
    expect((await (await openStore(store.root)).failures()).map(({ error }) => error.retryable)).toEqual([false]);
    await writer.add(videoFeatures(1, dimension));
    expect(await (await openStore(store.root)).failures()).toEqual([]);
    expect((await store.read()).videos).toHaveLength(1);
  });
});

describe("opening", () => {
  it("opens what was made with the same options", async () => {
    const store = await sampleStore(0, 3);
    const again = await createOrOpenStore(store.root, sampleOptions);
    expect((await again.read()).rows).toBe(6);
    expect(again.info.fingerprint).toEqual(sampleOptions.fingerprint);
  });

  it("refuses another fingerprint, dimension or type, naming what differs", async () => {
    const { root } = await sampleStore(0, 1);
    const open = (options: object) => createOrOpenStore(root, { ...sampleOptions, ...options });
    const mismatch = (message: RegExp) => coded("ERR_UNREEL_FINGERPRINT_MISMATCH", message);
    await expect(open({ dimension: 7 })).rejects.toEqual(mismatch(/store\.dimension: 6 and 7/));
    await expect(open({ dtype: "<f4" })).rejects.toEqual(mismatch(/store\.dtype: "<f2" and "<f4"/));
    const fingerprint = { ...sampleOptions.fingerprint, encoder: { sha256: "cd34", precision: "fp32" } };
    await expect(open({ fingerprint })).rejects.toEqual(mismatch(/encoder\.sha256: "ab12" and "cd34".*new folder/));
  });

  it("refuses a folder that holds something else, and a file", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "thesis.tex"), "precious");
    const exists = coded("ERR_UNREEL_OUTPUT_EXISTS");
    await expect(createOrOpenStore(folder, sampleOptions)).rejects.toEqual(exists);
    await expect(createOrOpenStore(join(folder, "thesis.tex"), sampleOptions)).rejects.toEqual(exists);
    expect(await readdir(folder)).toEqual(["thesis.tex"]);
    await expect(createOrOpenStore(join(folder, "thesis.tex/below"), sampleOptions)).rejects.toEqual(
      coded("ERR_UNREEL_OUTPUT_NOT_WRITABLE"),
    );
  });

  it("refuses a folder that may not be written, and leaves nothing behind", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "store"));
    await chmod(folder, 0o755);
    await chmod(join(folder, "store"), 0o555);
    if (process.geteuid?.() === 0) {
      process.seteuid?.(65534);
      onTestFinished(() => process.seteuid?.(0));
    }
    const denied = coded("ERR_UNREEL_OUTPUT_NOT_WRITABLE");
    await expect(createOrOpenStore(join(folder, "store"), sampleOptions)).rejects.toEqual(denied);
    await expect(createOrOpenStore(join(folder, "store/new"), sampleOptions)).rejects.toEqual(denied);
    expect(await readdir(join(folder, "store"))).toEqual([]);
  });

  it("says when there is no store", async () => {
    const folder = await temporaryFolder();
    const missing = coded("ERR_UNREEL_STORE_NOT_FOUND");
    await expect(openStore(folder)).rejects.toEqual(missing);
    await expect(openStore(join(folder, "nowhere"))).rejects.toEqual(missing);
    await writeFile(join(folder, "file"), "");
    await expect(openStore(join(folder, "file"))).rejects.toEqual(missing);
  });

  it("lets two processes make it at once", async () => {
    const folder = join(await temporaryFolder(), "store");
    const stores = await Promise.all([1, 2, 3, 4].map(() => createOrOpenStore(folder, sampleOptions)));
    expect(new Set(stores.map(({ root }) => root)).size).toBe(1);
    expect((await readdir(folder)).filter((name) => name.includes("tmp"))).toEqual([]);
  });
});

describe("what was damaged is noticed", () => {
  const corrupt = (message: RegExp) => coded("ERR_UNREEL_STORE_CORRUPT", message);
  const shardFiles = ["img_emb/img_emb_000000.npy", "metadata/metadata_000000.parquet"];

  for (const file of shardFiles) {
    it(`in ${file}: a flipped bit, a missing end, the whole file`, async () => {
      const store = await sampleStore(0, 4);
      const path = join(store.root, file);
      const bytes = await readFile(path);
      const flipped = Uint8Array.from(bytes);
      flipped[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1;
      for (const content of [flipped, bytes.subarray(0, -1), undefined]) {
        if (content === undefined) await rm(path);
        else await writeFile(path, content);
        await expect(store.read()).rejects.toEqual(corrupt(/damaged/));
        await expect(store.verify()).rejects.toMatchObject({
          code: "ERR_UNREEL_STORE_CORRUPT",
          details: { paths: [path] },
        });
      }
      await writeFile(path, bytes);
      expect(await store.verify()).toEqual({ files: 2, bytes: (await store.describe()).bytes });
    });
  }

  it("in a commit and in store.json", async () => {
    const { root } = await sampleStore(0, 4);
    const change = async (file: string, from: string | RegExp, to: string, message: RegExp) => {
      const text = await readFile(join(root, file), "utf8");
      const changed = text.replace(from, to);
      expect(changed).not.toBe(text);
      await writeFile(join(root, file), changed);
      await expect(openStore(root)).rejects.toEqual(corrupt(message));
      await writeFile(join(root, file), text);
    };
    await change("_commits/000000.json", /\}$/m, "", /not JSON/);
    await change("_commits/000000.json", '"rows":7', '"rows":8', /7 rows, it says 8/);
    await change("_commits/000000.json", '"shard":0', '"shard":3', /shard 3/);
    await change("_commits/000000.json", '"schema":1', '"schema":2', /schema/);
    await change("store.json", "ab12", "ab13", /edited/);
    await change("store.json", "unreel-features", "other", /kind/);
    await change("store.json", /"dimension": 6/, '"dimension": "6"', /dimension is not a whole number/);
  });
});

describe("a writer", () => {
  it("refuses what cannot be stored, and stores the rest", async () => {
    const store = await sampleStore(0, 1);
    await using writer = await store.writer(endless);
    const good = videoFeatures(1, dimension);
    const add = (change: object) => writer.add({ ...good, ...change });
    await expect(add({ embeddings: new Float32Array(5) })).rejects.toThrow(RangeError);
    await expect(add({ frames: [], embeddings: new Float32Array(0) })).rejects.toThrow(/addFailure/);
    await expect(add({ id: "" })).rejects.toThrow(TypeError);
    await expect(add({ label: 2 })).rejects.toThrow(/label must be/);
    await expect(add({ identities: ["a|b"] })).rejects.toThrow(/identity/);
    await expect(
      add({
        frames: [
          { frame: 0.5, ptsUs: 0 },
          { frame: 1, ptsUs: 0 },
        ],
      }),
    ).rejects.toThrow(/frame/);
    await expect(add({ embeddings: new Float32Array(2 * dimension).fill(70000) })).rejects.toThrow(
      /70000.*float16.*f32/,
    );
    await expect(add({ id: videoFeatures(0, 1).id })).rejects.toThrow(/already/);
    await writer.add(good);
    await expect(writer.add(good)).rejects.toThrow(/already/);
    expect(writer.pendingRows).toBe(2);
    await writer.close();
    await expect(writer.add(videoFeatures(2, dimension))).rejects.toEqual(coded("ERR_UNREEL_DISPOSED"));
    expect((await store.read()).videos).toHaveLength(2);
  });

  it("keeps what waits when a commit fails, and commits it the next time", async () => {
    const store = await sampleStore(0, 0);
    await using writer = await store.writer(endless);
    await writer.add(videoFeatures(1, dimension));
    await writer.addFailure(videoFailure(2, false));
    await rm(join(store.root, "metadata"), { recursive: true });
    await expect(writer.commit()).rejects.toEqual(coded("ERR_UNREEL_OUTPUT_NOT_WRITABLE"));
    expect(writer.pendingRows).toBe(2);
    expect((await (await openStore(store.root)).read()).rows).toBe(0);
    await mkdir(join(store.root, "metadata"));
    await writer.commit();
    expect(await (await openStore(store.root)).describe()).toMatchObject({ rows: 2, failed: 1, shards: 1 });
  });

  it("takes adds that do not wait for each other, tearing no video apart", async () => {
    const store = await sampleStore(0, 0);
    const videos = Array.from({ length: 30 }, (_, index) => videoFeatures(index, dimension));
    await using writer = await store.writer({ ...endless, commitAfterRows: 5 });
    await Promise.all(videos.map((video) => writer.add(video)));
    await writer.close();
    expect(await readAll(await openStore(store.root))).toEqual(expectedTable(videos));
    expect(await store.verify()).toMatchObject({ files: 2 * (await store.describe()).shards });
  });

  it("does nothing on a second close, and lets the next writer in", async () => {
    const store = await sampleStore(0, 0);
    const writer = await store.writer();
    await writer.add(videoFeatures(1, dimension));
    await Promise.all([writer.close(), writer.close()]);
    await (await store.writer()).close();
    expect(await readdir(join(store.root, "_locks"))).toEqual([]);
    expect(existsSync(join(store.root, "_commits/000001.json"))).toBe(false);
  });
});
