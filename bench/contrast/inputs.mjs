// What every contender trains on: seeded rows of two balanced classes, their labels, and a head to start from.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { balancedLabels, normalFrom, uniformFrom } from "../lib/noise.mjs";

/** Length of an embedding, as CLIP ViT-B/32 gives it. */
export const features = 512;

/** How far the classes' centres lie apart beside a row's own noise of 1 per dimension: cosines as of real embeddings. */
const classOffset = 0.2;

/** rows x features, each row of length 1, as encoders give them. */
function unitRows(labels, normal) {
  const x = new Float32Array(labels.length * features);
  const centre = Float64Array.from({ length: features }, normal);
  for (const [row, label] of labels.entries()) {
    const of = Float64Array.from(centre, (value) => (label === 1 ? classOffset : -classOffset) * value + normal());
    const length = Math.hypot(...of);
    x.set(
      of.map((value) => value / length),
      row * features,
    );
  }
  return x;
}

/**
 * Writes x.f32 (rows x features), labels.i32, weight.f32 (dims x features, uniform in +-1/sqrt(features) as torch's
 * Linear starts) and bias.f32 into a new folder below `folder`, whose path it returns.
 */
export function makeInputs({ rows, dims }, folder) {
  const made = join(folder, `n${rows}_d${dims}`);
  mkdirSync(made);
  const uniform = uniformFrom(20261128);
  const normal = normalFrom(uniform);
  const labels = balancedLabels(rows, uniform);
  const start = (length) => Float32Array.from({ length }, () => (2 * uniform() - 1) / Math.sqrt(features));
  writeFileSync(join(made, "labels.i32"), labels);
  writeFileSync(join(made, "x.f32"), unitRows(labels, normal));
  writeFileSync(join(made, "weight.f32"), start(dims * features));
  writeFileSync(join(made, "bias.f32"), start(dims));
  return made;
}
