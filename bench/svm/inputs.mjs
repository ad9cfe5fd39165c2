// What every contender trains on and scores: seeded rows of length 1 in two balanced classes that overlap, as embeddings
// of real and fake videos do.
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { balancedLabels, normalFrom, uniformFrom } from "../lib/noise.mjs";

/** Length of an embedding, as CLIP ViT-B/32 gives it. */
export const dims = 512;

/**
 * How far the classes' centres lie apart beside a row's own noise of 1 per dimension. Of 5,000 rows about 63 % become
 * support vectors of an RBF machine with gamma 1 and C 1.
 */
export const overlappingOffset = 0.0605;

/** Rows that lie in memory at a time. */
const blockRows = 1000;

/** Writes a row for each label, float32. */
function writeRows(path, labels, { centre, offset, normal }) {
  const file = openSync(path, "w");
  const row = new Float64Array(dims);
  for (let begin = 0; begin < labels.length; begin += blockRows) {
    const block = labels.subarray(begin, begin + blockRows);
    const x = new Float32Array(block.length * dims);
    for (const [i, label] of block.entries()) {
      let squares = 0;
      for (let k = 0; k < dims; k++) {
        row[k] = (label === 1 ? offset : -offset) * centre[k] + normal();
        squares += row[k] * row[k];
      }
      const length = Math.sqrt(squares);
      for (let k = 0; k < dims; k++) x[i * dims + k] = row[k] / length;
    }
    writeSync(file, x);
  }
  closeSync(file);
}

/** Writes x.f32 (rows x dims), labels.i32 and queries.f32 (queries x dims) into `folder`. */
export function makeInputs({ rows, queries, offset = overlappingOffset }, folder) {
  const uniform = uniformFrom(20261128);
  const normal = normalFrom(uniform);
  const centre = Float64Array.from({ length: dims }, normal);
  const labels = balancedLabels(rows, uniform);
  const shape = { centre, offset, normal };
  writeFileSync(join(folder, "labels.i32"), labels);
  writeRows(join(folder, "x.f32"), labels, shape);
  writeRows(join(folder, "queries.f32"), balancedLabels(queries, uniform), shape);
}
