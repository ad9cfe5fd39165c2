// Many seeds: made, sampled, compared and counted.
import { join } from "node:path";
import { compare } from "./comparison.mjs";
import { recipe } from "./recipe.mjs";
import { makeStream, readStream, sample } from "./stream.mjs";

export { recipe } from "./recipe.mjs";
export { referenceProgram } from "./reference.mjs";
export { ffmpegVersion, samplePlanes } from "./stream.mjs";

/** Of what makeStream() leaves: raised when the reference or the policies change, so that old copies are not used. */
export const revision = 5;

/**
 * Checks the stream of one seed. `place(recipe, make)` resolves to the folder that `make(folder)` filled, now or
 * earlier. Returns the comparison with {recipe, stats, packets, runs, failedToMake?}.
 */
export async function checkSeed(seed, place) {
  const made = recipe(seed);
  let folder;
  try {
    folder = await place(made, (empty) => makeStream(made, empty));
  } catch (error) {
    return {
      recipe: made,
      failedToMake: String(error.stderr || error.message)
        .trim()
        .slice(0, 500),
    };
  }
  const { policies, reference } = readStream(folder);
  try {
    const answers = await sample(join(folder, made.file), policies);
    const runs = answers.slice(1);
    return {
      recipe: made,
      ...compare(made, reference, answers),
      packets: reference.packets.length,
      stats: runs.map((run) => run.stats),
    };
  } catch (error) {
    return {
      recipe: made,
      differences: [error.message],
      notes: {},
      framesCompared: 0,
      framesLeftOut: 0,
      packets: 0,
      stats: [],
    };
  }
}

/** Runs `work` on every item, `width` at a time; results in the order of the items. */
export async function inParallel(items, width, work) {
  const results = new Array(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const at = next++;
      results[at] = await work(items[at]);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

/** How one stream is made and compared by hand. */
export function reproduction({ recipe: made, differences }) {
  return [
    made.description,
    ...differences.slice(0, 5).map((text) => `  ${text}`),
    ...made.commands.map((line) => `  $ ${line}`),
  ].join("\n");
}

const add = (counts, key, by = 1) => {
  counts[key] = (counts[key] ?? 0) + by;
};

/** Sums over the results of checkSeed(). */
export function summarise(results) {
  const sum = {
    streams: 0,
    notMade: [],
    framesCompared: 0,
    framesLeftOut: 0,
    differing: [],
    codecs: {},
    containers: {},
    treatments: {},
    timings: {},
    notes: {},
    fallbacks: { streams: 0, reasons: {} },
    decoded: {},
  };
  for (const result of results) {
    if (result.failedToMake !== undefined) {
      sum.notMade.push(result);
      continue;
    }
    const { recipe: made } = result;
    sum.streams++;
    sum.framesCompared += result.framesCompared;
    sum.framesLeftOut += result.framesLeftOut;
    if (result.differences.length > 0) sum.differing.push(result);
    add(sum.codecs, made.codec);
    add(sum.containers, made.container);
    add(sum.treatments, made.treatment);
    add(sum.timings, made.timing);
    for (const reason of Object.keys(result.notes)) add(sum.notes, reason);
    countCosts(sum, result);
  }
  return sum;
}

/** Packets decoded beside packets there are, and fallbacks by reason: every field of stats that begins with it. */
function countCosts(sum, { recipe: made, packets, stats }) {
  sum.decoded[made.codec] ??= { packets: 0, packetsDecoded: 0 };
  const decoded = sum.decoded[made.codec];
  let fellBack = false;
  for (const run of stats) {
    decoded.packets += packets;
    decoded.packetsDecoded += run.packetsDecoded;
    for (const [name, value] of Object.entries(run)) {
      if (!name.startsWith("fallback")) continue;
      const reasons = typeof value === "object" ? Object.entries(value) : [[name, value]];
      for (const [reason, times] of reasons) {
        if (times > 0) fellBack = true;
        add(sum.fallbacks.reasons, reason, times);
      }
    }
  }
  if (fellBack) sum.fallbacks.streams++;
}
