import { createHash } from "node:crypto";
import type { FeatureTable } from "../features/store.js";
import type { TrainingRecord } from "../detector-folder.js";
import type { Partition } from "./partition.js";
import type { TrainingData } from "./train-head.js";

/** What a training of a head reads of a table. */
export function trainingDataOf(
  table: FeatureTable,
  { validation }: Partition,
  blocks: readonly number[],
  record: TrainingRecord,
): TrainingData {
  const videos = new Uint32Array(table.rows);
  const groups = new Uint32Array(table.rows);
  const numbers = new Map<string, number>();
  table.videos.forEach(({ group, firstRow, rows }, video) => {
    const number = numbers.get(group) ?? numbers.size;
    numbers.set(group, number);
    videos.fill(video, firstRow, firstRow + rows);
    groups.fill(number, firstRow, firstRow + rows);
  });
  return {
    source: { x: table.x, rows: table.rows, dims: table.dimension },
    rows: { labels: table.labels, validation, videos, groups },
    blocks,
    identity: () => {
      const hash = createHash("sha256").update(record.manifestSha256);
      for (const { content = "" } of record.videos) hash.update(content);
      return hash.digest("hex");
    },
  };
}
