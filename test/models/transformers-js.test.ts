// transformers.js brings an ONNX Runtime of its own: neither may disturb the other, whoever comes first.
import { copyFileSync, existsSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { asset, haveAssets, withoutAssets } from "../support/assets.js";
import { repositoryRoot } from "../support/cli.js";
import { temporaryFolder } from "../support/folders.js";
import { readNpy } from "../support/npy.js";
import { runProgram } from "../support/programs.js";
import { referencePython, withoutPython } from "../support/python.js";

type Library = "transformers" | "unreel";

interface Seen extends Record<Library, readonly number[][]> {
  readonly libraries: readonly string[];
}

const folder = temporaryFolder("transformers-js");
const at = (name: string) => join(folder, name);
const files = (name: string) => asset("models/clip-tiny", name);
const model = () => files("torchscript_opset14.onnx");

const require = createRequire(import.meta.url);
const platform = `bin/napi-v6/${process.platform}/${process.arch}/libonnxruntime.so.1`;
/** The library of the onnxruntime-node that a module in `from` gets. */
const libraryOf = (from: string) =>
  realpathSync(join(dirname(require.resolve("onnxruntime-node/package.json", { paths: [from] })), platform));
const theirs = libraryOf(dirname(require.resolve("@huggingface/transformers")));
const ours = libraryOf(repositoryRoot);

/** PyPI's, another version than npm's, in the venv of the reference Python. */
function otherVersion(): string | undefined {
  const python = referencePython();
  if (python === undefined) return undefined;
  const lib = join(dirname(python), "../lib");
  const folders = readdirSync(lib).map((version) => join(lib, version, "site-packages/onnxruntime/capi"));
  const files = folders.filter(existsSync).flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  return files.find((file) => /libonnxruntime\.so\.[\d.]+$/.test(file));
}

/** A model folder as transformers.js reads them, and the pictures as bare bytes. */
function layOut(): void {
  mkdirSync(at("models/clip-tiny/onnx"), { recursive: true });
  for (const name of ["config.json", "preprocessor_config.json"])
    copyFileSync(files(`hf/${name}`), at(`models/clip-tiny/${name}`));
  copyFileSync(model(), at("models/clip-tiny/onnx/vision_model.onnx"));
  writeFileSync(at("crops.u8"), readNpy(files("inputs_u8.npy")).bytes);
}

/** Runs both in one process; `library` is the file that unreel shall load, if not its own. */
async function together(first: Library, library?: string): Promise<Seen> {
  const env = library === undefined ? {} : { UNREEL_ONNXRUNTIME: library };
  const args = [first, at("models"), "clip-tiny", model(), at("crops.u8")];
  const program = join(import.meta.dirname, "beside-transformers.mjs");
  const { status, signal, stdout, stderr } = await runProgram(program, args, [], env);
  expect({ status, signal }, stderr).toEqual({ status: 0, signal: null });
  return JSON.parse(stdout);
}

function expectRight({ transformers, unreel }: Seen): void {
  const { bytes } = readNpy(files("image_embeds_f64.npy"));
  const right = new Float64Array(bytes.buffer);
  for (const embeddings of [...transformers, ...unreel]) {
    expect(embeddings.length).toBe(right.length);
    const differences = embeddings.map((value, i) => Math.abs(value - (right[i] ?? Number.NaN)));
    expect(Math.max(...differences)).toBeLessThan(1e-5);
  }
}

describe.skipIf(!haveAssets)(`transformers.js in the same process${haveAssets ? "" : ` (${withoutAssets})`}`, () => {
  beforeAll(layOut);

  describe.each<Library>(["transformers", "unreel"])("%s first", (first) => {
    test("both are right, each with the library that its package has", async () => {
      const seen = await together(first);
      expectRight(seen);
      expect(seen.libraries).toEqual([...new Set([ours, theirs])].sort());
    });

    test("both are right with a file of the library each", async () => {
      const another = at("libonnxruntime.so.1");
      copyFileSync(ours, another);
      const seen = await together(first, another);
      expectRight(seen);
      expect(seen.libraries).toEqual([realpathSync(another), theirs].sort());
    });

    test.skipIf(referencePython() === undefined)(
      `both are right with a version of the library each (${withoutPython})`,
      async () => {
        const another = otherVersion();
        const seen = await together(first, another);
        expectRight(seen);
        expect(seen.libraries).toEqual([realpathSync(another ?? ""), theirs].sort());
      },
    );
  });
});
