import { spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { prepareOutputFolder, stageFiles, writeFileAtomic, writeFilesAtomic } from "../src/output-folder.js";

const options = { marker: "mark.json", what: "a thing" } as const;

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "unreel-output-"));
});
afterEach(async () => {
  await chmod(folder, 0o755);
  await rm(folder, { recursive: true });
});

/** Runs as a user whom file permissions bind: root is bound by none. */
async function asPlainUser<T>(action: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return action();
  process.seteuid?.(65534);
  try {
    return await action();
  } finally {
    process.seteuid?.(0);
  }
}

describe("prepareOutputFolder", () => {
  it("makes the folder with its parents, and takes an empty one", async () => {
    await prepareOutputFolder(join(folder, "a/b/c"), options);
    expect(await readdir(join(folder, "a/b/c"))).toEqual([]);
    await prepareOutputFolder(folder.concat("/a/b/c"), options);
  });

  it("takes its own earlier output, through a link too", async () => {
    await mkdir(join(folder, "out"));
    await writeFile(join(folder, "out/mark.json"), "{}");
    await symlink("out", join(folder, "link"));
    await prepareOutputFolder(join(folder, "link"), options);
    expect(await readdir(join(folder, "out"))).toEqual(["mark.json"]);
  });

  it("refuses somebody else's folder and names what lies there", async () => {
    await writeFile(join(folder, "photo.jpg"), "");
    await expect(prepareOutputFolder(folder, options)).rejects.toMatchObject({
      code: "ERR_UNREEL_OUTPUT_EXISTS",
      message: expect.stringContaining("photo.jpg"),
      details: { path: folder },
    });
  });

  it("refuses a marker that is not recognised", async () => {
    await writeFile(join(folder, "mark.json"), "theirs");
    const recognise = (text: string) => text === "ours";
    const prepared = prepareOutputFolder(folder, { ...options, recognise });
    await expect(prepared).rejects.toMatchObject({ code: "ERR_UNREEL_OUTPUT_EXISTS" });
    await writeFile(join(folder, "mark.json"), "ours");
    await prepareOutputFolder(folder, { ...options, recognise });
  });

  it("takes what an unfinished run left, and no file of another that has its name", async () => {
    const unfinished = { file: "half", mark: "a thing, half done" };
    await writeFile(join(folder, "half"), "whatever else");
    const prepared = prepareOutputFolder(folder, { ...options, unfinished });
    await expect(prepared).rejects.toMatchObject({ code: "ERR_UNREEL_OUTPUT_EXISTS" });
    await writeFile(join(folder, "half"), `12 ${unfinished.mark} 34`);
    await prepareOutputFolder(folder, { ...options, unfinished });
  });

  it("refuses a file in the place of the folder, or of a parent", async () => {
    await writeFile(join(folder, "file"), "");
    const code = "ERR_UNREEL_OUTPUT_EXISTS";
    await expect(prepareOutputFolder(join(folder, "file"), options)).rejects.toMatchObject({ code });
    await expect(prepareOutputFolder(join(folder, "file/below"), options)).rejects.toMatchObject({
      code: "ERR_UNREEL_OUTPUT_NOT_WRITABLE",
    });
  });

  it("refuses a read-only folder, and one that cannot be made", async () => {
    await chmod(folder, 0o555);
    const code = "ERR_UNREEL_OUTPUT_NOT_WRITABLE";
    await asPlainUser(async () => {
      await expect(prepareOutputFolder(folder, options)).rejects.toMatchObject({ code, details: { system: "EACCES" } });
      await expect(prepareOutputFolder(join(folder, "new"), options)).rejects.toMatchObject({ code });
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it("sweeps up temporary files of a run that was killed, and no others", async () => {
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    await writeFile(join(folder, `.unreel-${pid}-00ff.tmp`), "half");
    await writeFile(join(folder, `.unreel-${process.pid}-00ff.tmp`), "being written");
    await prepareOutputFolder(folder, options);
    expect(await readdir(folder)).toEqual([`.unreel-${process.pid}-00ff.tmp`]);
  });
});

describe("writeFileAtomic and writeFilesAtomic", () => {
  it("write and replace whole files and leave no other", async () => {
    await writeFilesAtomic(folder, { a: "1", b: new Uint8Array([0, 255]) });
    await writeFileAtomic(join(folder, "a"), "2");
    expect((await readdir(folder)).sort()).toEqual(["a", "b"]);
    expect(await readFile(join(folder, "a"), "utf8")).toBe("2");
    expect([...(await readFile(join(folder, "b")))]).toEqual([0, 255]);
  });

  it("leave everything as it was where content fails half-way", async () => {
    await writeFile(join(folder, "a"), "old");
    function* failing() {
      yield new Uint8Array(1000);
      throw new RangeError("no more");
    }
    await expect(writeFilesAtomic(folder, { a: "new", b: failing() })).rejects.toThrow("no more");
    expect(await readdir(folder)).toEqual(["a"]);
    expect(await readFile(join(folder, "a"), "utf8")).toBe("old");
  });

  it("refuse a missing or read-only folder, and a folder of the file's name", async () => {
    const code = "ERR_UNREEL_OUTPUT_NOT_WRITABLE";
    await expect(writeFileAtomic(join(folder, "none/a"), "")).rejects.toMatchObject({ code });
    await mkdir(join(folder, "taken"));
    await expect(writeFileAtomic(join(folder, "taken"), "")).rejects.toMatchObject({
      code: "ERR_UNREEL_OUTPUT_EXISTS",
    });
    await chmod(folder, 0o555);
    await asPlainUser(() => expect(writeFileAtomic(join(folder, "a"), "")).rejects.toMatchObject({ code }));
    expect(await readdir(folder)).toEqual(["taken"]);
  });
});

describe("stageFiles", () => {
  it("moves the files that are named once all are there, and nothing else stays", async () => {
    const result = await stageFiles(folder, async (stage) => {
      await writeFilesAtomic(stage, { model: "1", data: "2", scratch: "3" });
      expect(await readdir(folder)).toEqual([basename(stage)]);
      return { names: ["data", "model"], result: 7 };
    });
    expect(result).toBe(7);
    expect((await readdir(folder)).sort()).toEqual(["data", "model"]);
  });

  it("leaves everything as it was where the work fails", async () => {
    await writeFile(join(folder, "model"), "old");
    const failing = stageFiles(folder, async (stage) => {
      await writeFile(join(stage, "model"), "new");
      throw new RangeError("too far");
    });
    await expect(failing).rejects.toThrow("too far");
    expect(await readdir(folder)).toEqual(["model"]);
    expect(await readFile(join(folder, "model"), "utf8")).toBe("old");
  });

  it("sweeps up what a killed run left, and refuses a folder that it cannot write", async () => {
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    await mkdir(join(folder, `.unreel-${pid}-00ff.tmp`));
    await writeFile(join(folder, `.unreel-${pid}-00ff.tmp`, "model"), "half");
    await stageFiles(folder, async () => ({ names: [], result: undefined }));
    expect(await readdir(folder)).toEqual([]);
    const code = "ERR_UNREEL_OUTPUT_NOT_WRITABLE";
    const nothing = async () => ({ names: [], result: undefined });
    await expect(stageFiles(join(folder, "none"), nothing)).rejects.toMatchObject({ code });
  });
});
