// transformers.js and unreel in one process, the one named first loaded and used first. Prints both embeddings, the same
// after the other has come, and the files of ONNX Runtime that the process holds.
// Usage: beside-transformers.mjs transformers|unreel MODELS NAME ENCODER.onnx CROPS.u8
import { readFileSync } from "node:fs";

const [first, models, name, encoderPath, cropsPath] = process.argv.slice(2);
const crops = new Uint8Array(readFileSync(cropsPath));
const side = 224;
const cropBytes = side * side * 3;

async function transformers() {
  const { AutoProcessor, CLIPVisionModelWithProjection, env, RawImage } = await import("@huggingface/transformers");
  Object.assign(env, { allowRemoteModels: false, localModelPath: models, useFSCache: false });
  const processor = await AutoProcessor.from_pretrained(name);
  const model = await CLIPVisionModelWithProjection.from_pretrained(name, { dtype: "fp32", device: "cpu" });
  const pictures = Array.from(
    { length: crops.length / cropBytes },
    (_, i) => new RawImage(crops.slice(i * cropBytes, (i + 1) * cropBytes), side, side, 3),
  );
  return {
    embed: async () => Array.from((await model(await processor(pictures))).image_embeds.data),
    close: () => model.dispose(),
  };
}

async function unreel() {
  const { loadEncoder } = await import("../../dist/index.js");
  const encoder = await loadEncoder(encoderPath);
  return { embed: async () => Array.from(await encoder.encode(crops)), close: () => encoder.close() };
}

function loadedLibraries() {
  const paths = readFileSync("/proc/self/maps", "utf8").matchAll(/\s(\/.*libonnxruntime\.so[^\s]*)$/gm);
  return [...new Set([...paths].map(([, path]) => path))].sort();
}

const open = { transformers, unreel };
const second = first === "unreel" ? "transformers" : "unreel";
const one = await open[first]();
const alone = await one.embed();
const other = await open[second]();
const [again, beside] = await Promise.all([one.embed(), other.embed()]);
const libraries = loadedLibraries();
await one.close();
const after = await other.embed();
await other.close();
process.stdout.write(JSON.stringify({ [first]: [alone, again], [second]: [beside, after], libraries }));
