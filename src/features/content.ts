import { createHash } from "node:crypto";
import type { LeakFacts } from "../datasets/leak.js";
import { encodeFloat16 } from "./float16.js";
import type { FeatureTable } from "./table.js";

/**
 * What the leak check needs of each video of a table. `content` is the SHA-256 of its rows rounded to float16 (little
 * endian, C order), the same whether the store holds float16 or float32: one file keeps it under any id.
 */
export function leakFactsOf(table: FeatureTable): LeakFacts[] {
  return table.videos.map(({ id, group, source, identities, dataset, firstRow, rows }) => {
    const own = table.x.subarray(firstRow * table.dimension, (firstRow + rows) * table.dimension);
    const content = createHash("sha256").update(encodeFloat16(own)).digest("hex");
    return { id, group, source, identities, dataset, content };
  });
}
