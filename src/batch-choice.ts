// The batch that an encoder runs best with: found by trying, remembered from process to process.
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheFolder } from "./cache-folder.js";
import { canonicalJson, type Json } from "./fingerprint.js";
import { writeFileAtomic } from "./output-folder.js";

/** Everything that decides how fast an encoder is with each batch. */
export interface BatchSetting {
  readonly encoderSha256: string;
  readonly imageSize: number;
  readonly runtime: string;
  readonly cpu: Json;
  readonly threads: number;
}

function placeOf(setting: BatchSetting): string {
  const name = createHash("sha256")
    .update(canonicalJson({ ...setting }))
    .digest("hex");
  return join(cacheFolder(), "batches", `${name}.json`);
}

/** The batch that was remembered; undefined where none was, or what is there is not readable. */
export async function rememberedBatch(setting: BatchSetting): Promise<number | undefined> {
  try {
    const { batch } = JSON.parse(await readFile(placeOf(setting), "utf8")) as { batch?: unknown };
    return Number.isSafeInteger(batch) && Number(batch) >= 1 ? Number(batch) : undefined;
  } catch {
    return undefined;
  }
}

/** Remembers a batch. What cannot be written is measured again next time. */
export async function rememberBatch(setting: BatchSetting, batch: number): Promise<void> {
  const place = placeOf(setting);
  try {
    await mkdir(dirname(place), { recursive: true });
    await writeFileAtomic(place, `${JSON.stringify({ ...setting, batch })}\n`);
  } catch {
    // A read-only home is no reason not to encode.
  }
}

/** How long is tried, in seconds. */
const trialS = 1.5;

/** The remembered batch, else the one that `measure` finds within so many seconds or so. */
export async function bestBatch(setting: BatchSetting, measure: (budgetS: number) => Promise<number>): Promise<number> {
  const remembered = await rememberedBatch(setting);
  if (remembered !== undefined) return remembered;
  const begin = performance.now();
  const batch = await measure(trialS);
  // What is found in a moment is found again in a moment, and no file is needed for it.
  if (performance.now() - begin > 200) await rememberBatch(setting, batch);
  return batch;
}
