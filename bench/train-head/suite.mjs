// A head trained on a store that is larger than the memory it may take: 1,000,000 rows of 512 float16 numbers, generated.
// A fresh process trains it, with as many threads as there are cores and with one; its peak of memory and its seconds are
// printed. There is no peer: what others do with such a store is to load it, at 4 bytes a number.
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cachedFolder } from "../../scripts/lib/cache.mjs";
import { root } from "../../scripts/lib/root.mjs";
import { run, say } from "../../scripts/lib/run.mjs";

const dimension = 512;
const framesPerVideo = 32;
const epochs = 3;

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
    const { count, epochSeconds, otherSeconds, peakMb, startMb, storeMb } = await train(store, threads);
    const sorted = [...epochSeconds].sort((a, b) => a - b);
    rows.push({
      rows: count,
      dimension,
      threads,
      secondsAnEpoch: sorted[Math.floor(sorted.length / 2)],
      secondsBefore: otherSeconds,
      rssPeakMb: peakMb,
      rssStartMb: startMb,
      storeMb,
    });
  }
  return { rows, ratios: {} };
}
