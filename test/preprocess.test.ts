// Encoders' resize and crop against Pillow and transformers, in every byte.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { diagnose } from "../src/doctor.js";
import { preprocess } from "../src/preprocess.js";
import type { PreprocessingVariant } from "../src/preprocessing.js";
import { Random } from "../src/random.js";
import { caseOf, Soak } from "./preprocess/soak.mjs";
import { asset, haveAssets, withoutAssets } from "./support/assets.js";
import { runCli } from "./support/cli.js";
import { temporaryFolder } from "./support/folders.js";
import { npyBytes, readNpy, writeNpy } from "./support/npy.js";
import { referencePython, runReference, withoutPython } from "./support/python.js";

const folder = temporaryFolder("preprocess");
const at = (name: string) => join(folder, name);

/** Noise: every byte of it has its say in the crop. */
function noise(bytes: number, random: Random): Uint8Array {
  return Uint8Array.from({ length: bytes }, () => random.next() >>> 24);
}

/** Runs the command and gives what it wrote. */
async function cropOf(
  input: string,
  name: string,
  options: readonly string[] = [],
): Promise<{ shape: number[]; bytes: Uint8Array }> {
  const result = await runCli(["preprocess", input, "--out", at(name), ...options]);
  expect(result.status, result.stderr).toBe(0);
  expect(result.stdout).toBe("");
  return readNpy(at(name));
}

/** How many bytes differ, and by how much at most. */
function difference(ours: Uint8Array, theirs: Uint8Array): { bytes: number; largest: number } {
  expect(ours.length).toBe(theirs.length);
  const differences = ours.map((value, i) => Math.abs(value - (theirs[i] ?? 0))).filter((value) => value > 0);
  return { bytes: differences.length, largest: differences.reduce((most, value) => Math.max(most, value), 0) };
}

const none = { bytes: 0, largest: 0 };

describe.skipIf(!haveAssets)(`unreel preprocess on the oracles${haveAssets ? "" : ` (${withoutAssets})`}`, () => {
  const inputs = haveAssets ? readdirSync(asset("preprocess")).filter((name) => name.endsWith(".input_u8.npy")) : [];
  const oracles = [
    ...inputs.map((input) => [input, input.replace("input", "crop")]),
    ["CLIP.png", "CLIP_png.crop_u8.npy"],
  ];

  test.each(oracles)("%s is %s in every byte", async (input = "", oracle = "") => {
    const { shape, bytes } = await cropOf(asset("preprocess", input), oracle);
    expect(shape).toEqual([224, 224, 3]);
    expect(difference(bytes, readNpy(asset("preprocess", oracle)).bytes)).toEqual(none);
  });

  test("a frame of nasa_13013.mp4 is nasa_s3_f000.crop_u8.npy in every byte", async () => {
    const rgb = readFileSync(asset("codecs/nasa_13013.mp4.stream3.frame000000.rgb"));
    writeNpy(at("nasa.npy"), rgb, [270, 480, 3]);
    const { bytes } = await cropOf(at("nasa.npy"), "nasa.crop.npy");
    expect(difference(bytes, readNpy(asset("preprocess/nasa_s3_f000.crop_u8.npy")).bytes)).toEqual(none);
    const tensor = await cropOf(at("nasa.npy"), "nasa.tensor.npy", ["--variant", "hf-tensor"]);
    expect(difference(tensor.bytes, readNpy(asset("preprocess/nasa_s3_f000.hf_tensor_u8.npy")).bytes)).toEqual(none);
  });

  const tensors = [
    ...inputs.map((input) => [input, input.replace("input", "hf_tensor")]),
    ["CLIP.png", "CLIP_png.hf_tensor_u8.npy"],
  ];

  test.each(tensors)("%s is %s in every byte with --variant hf-tensor", async (input = "", oracle = "") => {
    const { bytes } = await cropOf(asset("preprocess", input), oracle, ["--variant", "hf-tensor"]);
    expect(difference(bytes, readNpy(asset("preprocess", oracle)).bytes)).toEqual(none);
  });
});

describe.skipIf(referencePython() === undefined)(`the crop beside Pillow's (${withoutPython})`, () => {
  const random = new Random(20260729);
  const side = (most: number) => 1 + random.below(most);
  // Width x height: edges of the arithmetic, then any.
  const sizes: [number, number][] = [
    [1, 1],
    [2, 1],
    [1, 3],
    [224, 224],
    [225, 224],
    [224, 223],
    [448, 448],
    [3, 200],
    [200, 3],
    [2, 97],
    [1500, 40],
    [40, 1500],
    ...Array.from({ length: 5 }, (): [number, number] => [side(1500), side(1500)]),
    ...Array.from({ length: 6 }, (): [number, number] => [side(300), side(300)]),
    ...Array.from({ length: 3 }, (): [number, number] => [side(224), side(224)]),
  ];

  test.each(sizes)("of %i x %i, every byte", async (width, height) => {
    const rgb = noise(width * height * 3, random);
    writeNpy(at("in.npy"), rgb, [height, width, 3]);
    await runReference("preprocess.py", [at("in.npy"), at("out.npy")]);
    const { shape, bytes } = readNpy(at("out.npy"));
    expect(shape).toEqual([224, 224, 3]);
    expect(difference(await preprocess(rgb, { width, height }), bytes)).toEqual(none);
  });

  test.each<[PreprocessingVariant, number, number, number]>([
    ["clip", 336, 501, 430],
    ["hf", 224, 635, 501],
    ["hf", 336, 336, 339],
    ["hf", 97, 61, 300],
    ["squash", 224, 640, 360],
    ["squash", 336, 101, 900],
    ["clip", 2, 3, 331], // more than 100 times as high as wide, and shrinking: the vertical pass first
    ["squash", 40, 5, 701],
  ])("%s, %i, of %i x %i, every byte", async (variant, size, width, height) => {
    const rgb = noise(width * height * 3, random);
    writeNpy(at("in.npy"), rgb, [height, width, 3]);
    await runReference("preprocess.py", [at("in.npy"), at("out.npy"), String(size), variant]);
    const theirs = readNpy(at("out.npy")).bytes;
    expect(difference(await preprocess(rgb, { width, height, variant, size }), theirs)).toEqual(none);
    const options = ["--variant", variant, "--size", String(size)];
    const { shape, bytes } = await cropOf(at("in.npy"), "ours.npy", options);
    expect(shape).toEqual([size, size, 3]);
    expect(difference(bytes, theirs)).toEqual(none);
  });

  // `npm run soak:preprocess` does the same with as many seeds as one likes.
  test("of 60 random pictures on every vector target of this CPU, every byte", async () => {
    const soak = new Soak(referencePython() ?? "", diagnose().cpu?.targets ?? []);
    try {
      await soak.start();
      for (let seed = 1; seed <= 60; seed++) {
        const one = caseOf(seed);
        const { differing } = await soak.check(one);
        expect(differing, JSON.stringify(one)).toEqual({});
      }
    } finally {
      soak.close();
    }
  });

  test("of several pictures in one file, through the command", async () => {
    writeNpy(at("three.npy"), noise(3 * 61 * 83 * 3, random), [3, 61, 83, 3]);
    await runReference("preprocess.py", [at("three.npy"), at("three.out.npy")]);
    const { shape, bytes } = await cropOf(at("three.npy"), "three.ours.npy");
    const theirs = readNpy(at("three.out.npy"));
    expect(shape).toEqual([3, 224, 224, 3]);
    expect(theirs.shape).toEqual(shape);
    expect(difference(bytes, theirs.bytes)).toEqual(none);
  });
});

describe("unreel preprocess refuses, with a code and exit code and without an output", () => {
  const good = npyBytes(new Uint8Array(4 * 5 * 3), [4, 5, 3]);
  const usage = { status: 2, code: "ERR_UNREEL_INVALID_ARGUMENT" };
  const withHeader = (text: string) =>
    Buffer.concat([good.subarray(0, 10), Buffer.from(text.padEnd(good.readUInt16LE(8)))]);

  test.each<[string, Buffer, RegExp]>([
    ["a header cut off", good.subarray(0, 50), /cut off/],
    ["a file of the magic alone", good.subarray(0, 6), /not an \.npy file/],
    ["text", Buffer.from("this is no array, whatever its name says\n"), /not an \.npy file/],
    ["a header of nonsense", withHeader("{'shape': 3}"), /cannot be understood/],
    ["data cut off", good.subarray(0, -1), /59 bytes of data, its header says 60/],
    ["data after the array", Buffer.concat([good, Buffer.alloc(1)]), /61 bytes/],
    ["float32", npyBytes(new Float32Array(60), [4, 5, 3]), /<f4/],
    ["uint16", npyBytes(new Uint16Array(60), [4, 5, 3]), /<u2/],
    ["Fortran order", npyBytes(new Uint8Array(60), [4, 5, 3], { fortran: true }), /Fortran/],
    ["grey", npyBytes(new Uint8Array(20), [4, 5]), /shape \[4, 5\]/],
    ["four channels", npyBytes(new Uint8Array(80), [4, 5, 4]), /shape \[4, 5, 4\]/],
    ["channels first", npyBytes(new Uint8Array(60), [3, 4, 5]), /shape \[3, 4, 5\]/],
    ["five axes", npyBytes(new Uint8Array(60), [1, 1, 4, 5, 3]), /shape/],
    ["a picture without rows", npyBytes(new Uint8Array(0), [0, 5, 3]), /height/],
  ])("%s", async (name, bytes, message) => {
    const input = at(`${name.replaceAll(" ", "-")}.npy`);
    writeFileSync(input, bytes);
    const result = await runCli(["preprocess", input, "--out", at("refused.npy")]);
    expect({ status: result.status, stdout: result.stdout }).toEqual({ status: usage.status, stdout: "" });
    expect(result.stderr).toContain(usage.code);
    expect(result.stderr).toMatch(message);
    expect(readdirSync(folder).filter((each) => each === "refused.npy" || each.endsWith(".tmp"))).toEqual([]);
  });

  test.each([
    ["nowhere.npy", "ERR_UNREEL_NOT_FOUND"],
    ["no-byte.npy", "ERR_UNREEL_EMPTY_FILE"],
    ["folder.npy", "ERR_UNREEL_IS_A_DIRECTORY"],
    ["nowhere.png", "ERR_UNREEL_NOT_FOUND"],
  ])("%s: %s", async (name, code) => {
    writeFileSync(at("no-byte.npy"), "");
    mkdirSync(at("folder.npy"), { recursive: true });
    const result = await runCli(["preprocess", at(name), "--out", at("refused.npy")]);
    expect(result.status, result.stderr).toBe(1);
    expect(result.stderr).toContain(code);
    expect(readdirSync(folder)).not.toContain("refused.npy");
  });

  test.each([
    ["--variant", "lanczos", /Allowed choices are clip, hf, hf-tensor, squash/],
    ["--size", "0", /whole number from 1 on/],
    ["--size", "9000", /--size must lie between 1 and 8192/],
  ])("%s %s", async (option, value, message) => {
    writeFileSync(at("good.npy"), good);
    const result = await runCli(["preprocess", at("good.npy"), "--out", at("refused.npy"), option, value]);
    expect(result.status, result.stderr).toBe(2);
    expect(result.stderr).toMatch(message);
    expect(readdirSync(folder)).not.toContain("refused.npy");
  });

  test("a folder that is not there", async () => {
    writeFileSync(at("good.npy"), good);
    const result = await runCli(["preprocess", at("good.npy"), "--out", at("none/out.npy")]);
    expect(result.status, result.stderr).toBe(1);
    expect(result.stderr).toContain("ERR_UNREEL_OUTPUT_NOT_WRITABLE");
  });
});

describe("preprocess", () => {
  it("keeps a picture that has the size already, and the middle of a longer one", async () => {
    const random = new Random(3);
    const square = noise(224 * 224 * 3, random);
    expect(difference(await preprocess(square, { width: 224, height: 224 }), square)).toEqual(none);
    const tall = noise(224 * 230 * 3, random);
    const middle = tall.subarray(3 * 224 * 3, 227 * 224 * 3);
    expect(difference(await preprocess(tall, { width: 224, height: 230 }), middle)).toEqual(none);
  });

  it.each<[string, unknown, object, new () => Error]>([
    ["a plain array", [0, 0, 0], { width: 1, height: 1 }, TypeError],
    ["floats", new Float32Array(3), { width: 1, height: 1 }, TypeError],
    ["a size that does not fit", new Uint8Array(3), { width: 2, height: 1 }, RangeError],
    ["no pixel", new Uint8Array(0), { width: 0, height: 1 }, RangeError],
    ["half a pixel", new Uint8Array(3), { width: 0.5, height: 2 }, RangeError],
    ["a width of text", new Uint8Array(3), { width: "1", height: 1 }, TypeError],
    ["a variant that there is not", new Uint8Array(3), { width: 1, height: 1, variant: "lanczos" }, TypeError],
    ["a size of 0", new Uint8Array(3), { width: 1, height: 1, size: 0 }, RangeError],
    ["a size of a half", new Uint8Array(3), { width: 1, height: 1, size: 1.5 }, RangeError],
    ["a size beyond 8192", new Uint8Array(3), { width: 1, height: 1, size: 8193 }, RangeError],
  ])("refuses %s", (_what, rgb, size, type) => {
    const call = () => preprocess(rgb as never, size as never);
    expect(call).toThrow(type);
    expect(call).toThrow(expect.objectContaining({ code: "ERR_UNREEL_INVALID_ARGUMENT" }));
  });
});
