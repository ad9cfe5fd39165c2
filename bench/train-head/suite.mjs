// A head trained on a store that is larger than the memory it may take: 1,000,000 rows of 512 float16 numbers, generated.
// A fresh process trains it with two threads, another with one; its peak of memory in MiB and the median of its epochs'
// seconds are printed. There is no peer: what others do with such a store is to load it, at 4 bytes a number.
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cachedFolder } from "../../scripts/lib/cache.mjs";
import { root } from "../../scripts/lib/root.mjs";
import { run, say } from "../../scripts/lib/run.mjs";
import { spread } from "../lib/spread.mjs";

const dimension = 512;
const framesPerVideo = 32;
/** The first epoch is not measured: its time holds what comes before it. */
const epochs = 6;

/** The store in the cache; made once. */
async function storeOf(rows) {
  const folder = await cachedFolder("bench-stores", `train-head-${rows}`, async (scratch) => {
    say(`making a store of ${rows} rows x ${dimension}`);
    await run(
      process.execPath,
      [join(root, "bench/train-head/make-store.mjs"), scratch, rows, dimension, framesPerVideo].map(String),
      {
        capture: true,
      },
    );
  });
  return join(folder, "features");
}

async function train(store, threads) {
  const out = join(store, "..", `detector-${threads}`);
  rmSync(out, { recursive: true, force: true });
  const program = join(root, "bench/train-head/train.mjs");
  const request = JSON.stringify({ store, out, epochs, threads });
  const seen = JSON.parse(await run(process.execPath, [program, request], { capture: true }));
  if (existsSync(out)) rmSync(out, { recursive: true });
  say(`${threads} threads: ${seen.epochSeconds.map((seconds) => seconds.toFixed(1)).join(", ")} s an epoch`);
  return seen;
}

/** @param flags `--rows=N` for another size */
export async function runSuite(flags = []) {
  const wanted = Number(flags.find((flag) => flag.startsWith("--rows="))?.slice(7) ?? 1_000_000);
  const store = await storeOf(Math.max(1, Math.round(wanted / framesPerVideo)) * framesPerVideo);
  const rows = [];
  for (const threads of [2, 1]) {
    const { count, epochSeconds, otherSeconds, peakMib, startMib, storeMib } = await train(store, threads);
    const { median, min, max } = spread(epochSeconds);
    rows.push({
      rows: count,
      dimension,
      threads,
      secondsAnEpoch: median,
      least: min,
      most: max,
      secondsBefore: otherSeconds,
      rssPeakMib: peakMib,
      rssStartMib: startMib,
      storeMib,
    });
  }
  return { rows, ratios: {} };
}
