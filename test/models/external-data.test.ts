// Weights in a file beside the model: part of what the encoder is.
import { createHash } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadEncoder, preprocess } from "../../src/index.js";
import { movingPicture, writeTinyEncoder } from "../support/fixtures.js";
import { temporaryFolder } from "../support/folders.js";
import { referencePython, runReference, withoutPython } from "../support/python.js";

const folder = temporaryFolder("external-data");
const at = (name: string) => join(folder, name);
const havePython = referencePython() !== undefined;
const sha256 = (data: string | Uint8Array) => createHash("sha256").update(data).digest("hex");

async function embeddingAndHash(path: string): Promise<{ embedding: Float32Array; sha256: string }> {
  await using encoder = await loadEncoder(path);
  const crop = await preprocess(movingPicture(96, 64, 0), { width: 96, height: 64 });
  return { embedding: await encoder.encode(crop), sha256: encoder.info.parts[0]?.sha256 ?? "" };
}

describe.skipIf(!havePython)(`an encoder with external data${havePython ? "" : ` (${withoutPython})`}`, () => {
  test("gives the embeddings of the single file, and its hash covers every file", async () => {
    writeTinyEncoder(at("single.onnx"));
    await runReference("external_data.py", [at("single.onnx"), at("split.onnx")]);
    const single = await embeddingAndHash(at("single.onnx"));
    const split = await embeddingAndHash(at("split.onnx"));
    expect(split.embedding).toEqual(single.embedding);
    expect(single.sha256).toBe(sha256(readFileSync(at("single.onnx"))));
    const model = sha256(readFileSync(at("split.onnx")));
    const data = readFileSync(at("split.onnx.data"));
    expect(split.sha256).toBe(sha256(`${model}  model\n${sha256(data)}  split.onnx.data\n`));

    renameSync(at("split.onnx"), at("renamed.onnx"));
    expect((await embeddingAndHash(at("renamed.onnx"))).sha256).toBe(split.sha256);
    writeFileSync(at("split.onnx.data"), data.fill(0, 0, 64));
    expect((await embeddingAndHash(at("renamed.onnx"))).sha256).not.toBe(split.sha256);
  });
});
