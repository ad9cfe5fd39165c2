import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { readTextFile } from "../src/text-file.js";
import { temporaryFolder } from "./support/folders.js";

const folder = temporaryFolder("text");
const at = (name: string) => join(folder, name);

describe("a text file", () => {
  it("is its text as it stands: line ends, byte order mark and all", async () => {
    const text = "\uFEFFä\r\n日本\n😀";
    writeFileSync(at("good"), text);
    expect(await readTextFile(at("good"))).toBe(text);
    symlinkSync("good", at("link"));
    expect(await readTextFile(at("link"))).toBe(text);
  });

  it.each<[string, () => string, string]>([
    ["one that is not there", () => at("nowhere"), "ERR_UNREEL_NOT_FOUND"],
    [
      "one below a file",
      () => {
        writeFileSync(at("file"), "x");
        return at("file/below");
      },
      "ERR_UNREEL_NOT_FOUND",
    ],
    [
      "a folder",
      () => {
        mkdirSync(at("folder"));
        return at("folder");
      },
      "ERR_UNREEL_IS_A_DIRECTORY",
    ],
    [
      "one without bytes",
      () => {
        writeFileSync(at("empty"), "");
        return at("empty");
      },
      "ERR_UNREEL_EMPTY_FILE",
    ],
    [
      "a link to itself",
      () => {
        symlinkSync("circle", at("circle"));
        return at("circle");
      },
      "ERR_UNREEL_IO",
    ],
    [
      "a picture",
      () => {
        writeFileSync(at("picture"), Buffer.from("89504e470d0a1a0a", "hex"));
        return at("picture");
      },
      "ERR_UNREEL_MANIFEST_INVALID",
    ],
    [
      "Latin-1",
      () => {
        writeFileSync(at("latin"), Buffer.from("path\nä.mp4\n", "latin1"));
        return at("latin");
      },
      "ERR_UNREEL_MANIFEST_INVALID",
    ],
    [
      "UTF-8 that ends within a character",
      () => {
        writeFileSync(at("cut"), Buffer.from("path\nä").subarray(0, -1));
        return at("cut");
      },
      "ERR_UNREEL_MANIFEST_INVALID",
    ],
  ])("is refused: %s", async (_what, make, code) => {
    const path = make();
    await expect(readTextFile(path)).rejects.toMatchObject({
      code,
      details: { path },
      message: expect.stringContaining(path),
    });
  });

  it("is refused when it may not be read", async () => {
    chmodSync(folder, 0o755);
    writeFileSync(at("secret"), "x");
    chmodSync(at("secret"), 0);
    if (process.geteuid?.() === 0) {
      process.seteuid?.(65534);
      onTestFinished(() => process.seteuid?.(0));
    }
    await expect(readTextFile(at("secret"))).rejects.toMatchObject({
      code: "ERR_UNREEL_NOT_READABLE",
      details: { path: at("secret"), system: "EACCES" },
    });
  });
});
