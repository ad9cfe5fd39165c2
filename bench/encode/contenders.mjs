// Who encodes, in which layouts, and the check before any clock starts that all of them give the same embeddings.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/lib/root.mjs";
import { say } from "../../scripts/lib/run.mjs";
import { Worker } from "../lib/worker.mjs";
import { farthest, readNumbers } from "./compare.mjs";
import { side } from "./pictures.mjs";

const here = (name) => join(root, "bench/encode", name);
const batches = [1, 4, 8, 16, 32];

const versionIn = (folder) => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")).version;

/** --name value for each field. */
const flags = (fields) => Object.entries(fields).flatMap(([name, value]) => [`--${name}`, String(value)]);

/** unreel: all threads share a call's pictures. */
function unreel(name, model, { threads }) {
  const layouts = [2, 8, 16, 32, 64].map((call) => ({ label: `${call} a call`, call }));
  const start = ({ call }, { crops, out }) => [
    process.execPath,
    here("unreel.mjs"),
    flags({ model, crops, out, call, threads }),
  ];
  return { name, version: versionIn("."), layouts, start };
}

/** ONNX Runtime's C++ API alone, on the very library that unreel loads: one run with all threads, or a run a thread. */
function ortLoop(name, model, { library, threads }, batchesOfIt = batches) {
  const together = [1, 0].map((spin) => ({
    label: `1 run x ${threads} threads, ${spin ? "spinning" : "no spinning"}`,
    options: { runs: 1, threads, spin },
  }));
  const apart = { label: `${threads} runs x 1 thread`, options: { runs: threads, threads: 1, spin: 0 } };
  const layouts = [...together, apart].flatMap(({ label, options }) =>
    batchesOfIt.map((batch) => ({ label: `batch ${batch}, ${label}`, options: { ...options, batch } })),
  );
  const start = ({ options }, { input, out }) => [
    join(root, "build/release/native/bench/ort_loop"),
    flags({ library, model, input, size: side, out, ...options }),
  ];
  return { name, layouts, start };
}

function openvino(model, { python, threads }) {
  const layouts = [1, threads].flatMap((streams) =>
    batches.map((batch) => ({ label: `batch ${batch}, ${streams} streams`, batch, streams })),
  );
  const start = ({ batch, streams }, { input, out }) => [
    python,
    here("peers.py"),
    ["openvino", ...flags({ model, input, size: side, out, batch, streams, threads })],
  ];
  return { name: "OpenVINO", layouts, start };
}

function torch(model, { python, threads }) {
  const layouts = batches.slice(1).map((batch) => ({ label: `batch ${batch}`, batch }));
  const start = ({ batch }, { input, out }) => [
    python,
    here("peers.py"),
    ["torch", ...flags({ model, input, size: side, out, batch, threads })],
  ];
  return { name: "torch eager", layouts, start };
}

function onnxruntimeNode(model) {
  const start = (_, { input, out }) => [
    process.execPath,
    here("onnxruntime-node.mjs"),
    flags({ model, input, size: side, out }),
  ];
  const layouts = [{ label: "batch 1, its defaults" }];
  return { name: "onnxruntime-node", version: versionIn("node_modules/onnxruntime-node"), layouts, start };
}

/**
 * In fp32 all must give the reference's embeddings; int8 models are approximations and must only be good ones. `work`:
 * `{folder, python, library, threads}`, the library being the ONNX Runtime that unreel loads.
 */
export function contenders(models, work) {
  const exact = 1e-6;
  const approximate = 1e-2;
  const all = {
    ours: { ...unreel("unreel", models.fp32, work), allowed: exact },
    ortLoop: { ...ortLoop("ORT loop", models.fp32, work), allowed: exact },
    openvino: { ...openvino(models.fp32, work), allowed: exact },
    node: { ...onnxruntimeNode(models.fp32), allowed: exact },
    torch: { ...torch(models.fp32, work), allowed: exact },
    oursInt8: { ...unreel("unreel int8", models.int8, work), allowed: approximate },
    ortInt8: { ...ortLoop("ORT loop, ORT's own int8", models.ortInt8, work, [8, 32]), allowed: approximate },
  };
  for (const [key, contender] of Object.entries(all)) contender.out = join(work.folder, `${key}.f32`);
  return all;
}

/**
 * Starts a contender in one of its layouts on `pictures`, `{crops, input, reference}`; refuses one whose embeddings are
 * not the reference's.
 */
export async function begin(contender, layout, { crops, input, reference }) {
  const { name, out, allowed } = contender;
  const [program, ...args] = contender.start(layout, { crops, input, out });
  const worker = new Worker(program, args.flat());
  try {
    const { version = contender.version } = await worker.hello();
    const embeddings = readNumbers(out, Float32Array);
    const apart = farthest(embeddings, reference);
    if (!(apart.cosineLoss <= allowed))
      throw new Error(
        `${name}, ${layout.label}: a cosine is ${apart.cosineLoss.toExponential(1)} below 1, more than ${allowed}: ` +
          "its embeddings are wrong, so its time says nothing",
      );
    return { worker, version, apart, embeddings };
  } catch (error) {
    worker.close();
    throw error;
  }
}

/** The layout in which the better of two passes over `pictures` took least. */
export async function bestLayout({ layouts, ...contender }, pictures) {
  if (layouts.length === 1) return layouts[0];
  const seen = [];
  for (const layout of layouts) {
    const { worker } = await begin(contender, layout, pictures);
    const passes = [await worker.ask({}), await worker.ask({})];
    seen.push({ layout, seconds: Math.min(...passes.map(({ seconds }) => seconds)) });
    worker.close();
  }
  seen.sort((a, b) => a.seconds - b.seconds);
  const rate = ({ layout, seconds }) => `${layout.label}: ${(pictures.reference.rows / seconds).toFixed(1)}`;
  say(`${contender.name}, pictures a second: ${seen.map(rate).join("; ")}`);
  return seen[0].layout;
}
