import type { Grouped } from "../evaluation/bootstrap.js";
import type { TableVideo } from "../features/row-table.js";

/** A video's place among rows. */
export type VideoRows = Pick<TableVideo, "label" | "group" | "firstRow" | "rows">;

/** The mean of each video's values, as a verdict's score is. */
export function videoScores(videos: readonly VideoRows[], values: Float64Array): Grouped[] {
  return videos.map(({ label = 0, group, firstRow, rows }) => {
    const own = values.subarray(firstRow, firstRow + rows);
    return { label, group, score: own.reduce((sum, value) => sum + value, 0) / rows };
  });
}
