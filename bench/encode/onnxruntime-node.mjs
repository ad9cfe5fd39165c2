// onnxruntime-node as its users call it: one picture a run, its own choice of threads.
import { readFileSync, writeFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { InferenceSession, Tensor } from "onnxruntime-node";

const { model, input, out, size } = parseArgs({
  options: Object.fromEntries(["model", "input", "out", "size"].map((name) => [name, { type: "string" }])),
}).values;
const session = await InferenceSession.create(model);
const [inputName] = session.inputNames;
const [outputName] = session.outputNames;
const side = Number(size);
const values = 3 * side * side;
const file = readFileSync(input);
const pixels = new Float32Array(file.buffer, file.byteOffset, file.byteLength / 4);
const tensors = Array.from(
  { length: pixels.length / values },
  (_, i) => new Tensor("float32", pixels.slice(i * values, (i + 1) * values), [1, 3, side, side]),
);

/** The embeddings of all pictures, one after the other. */
async function pass() {
  const rows = [];
  for (const tensor of tensors) rows.push((await session.run({ [inputName]: tensor }))[outputName].data);
  return rows;
}

const answer = (fields) => process.stdout.write(`${JSON.stringify(fields)}\n`);
writeFileSync(out, Buffer.concat((await pass()).map((row) => Buffer.from(row.buffer, row.byteOffset, row.byteLength))));
answer({});
for await (const _ of createInterface({ input: process.stdin })) {
  const began = performance.now();
  await pass();
  answer({ seconds: (performance.now() - began) / 1000 });
}
