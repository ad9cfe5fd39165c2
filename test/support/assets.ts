import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/** The folder of real clips and oracles: `UNREEL_ASSETS`, else ../shared/assets beside the checkout. */
export const assetsRoot = resolve(process.env.UNREEL_ASSETS ?? join(import.meta.dirname, "../../../shared/assets"));

export const haveAssets = existsSync(join(assetsRoot, "codecs"));

/** Why a test that wants the clips is skipped; part of its name. */
export const withoutAssets = `needs the clips in ${process.env.UNREEL_ASSETS ? "UNREEL_ASSETS" : "../shared/assets"}`;

/** The path of one asset. */
export function asset(...parts: readonly string[]): string {
  return join(assetsRoot, ...parts);
}
