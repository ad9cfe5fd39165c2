// Predictions as CSV: what `unreel evaluate --predictions` reads, and what a report keeps.

import { type CsvRecord, formatCsv, parseCsv } from "../csv.js";
import { UnreelError } from "../errors.js";
import { readTextFile } from "../text-file.js";
import type { Label, Prediction } from "./prediction.js";
import { sortOutLevels, type VideoPrediction } from "./videos.js";

/** What a predictions file held. */
export interface PredictionsFile {
  readonly predictions: readonly Prediction[];
  /** Columns that unreel has no use for, so that a mistyped name does not go unseen. */
  readonly ignoredColumns: readonly string[];
}

const required = ["video", "label", "score"] as const;
const optionalText = ["reason", "group", "source", "method", "dataset", "split"] as const;
const known: ReadonlySet<string> = new Set([...required, ...optionalText, "frame", "ptsUs", "frames", "framesScored"]);

const labels: ReadonlyMap<string, Label> = new Map([
  ["0", 0],
  ["1", 1],
  ["real", 0],
  ["fake", 1],
]);

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const whole = /^-?\d+$/;

function refuse(file: string, line: number, what: string): never {
  throw new UnreelError("ERR_UNREEL_MANIFEST_INVALID", `${file}, line ${line}: ${what}`, { path: file, line });
}

function predictionOf({ line, fields }: CsvRecord, file: string): Prediction {
  const { video = "", label: labelText = "", score: scoreText = "", frame = "", ptsUs = "" } = fields;
  const quoted = (text: string) => JSON.stringify(text.slice(0, 80));
  if (video === "") refuse(file, line, "the video has no name");
  const label = labels.get(labelText.toLowerCase());
  if (label === undefined) refuse(file, line, `label ${quoted(labelText)} is none of 0, 1, real, fake (1 = fake)`);
  const score = scoreText === "" ? undefined : Number(scoreText);
  if (score !== undefined && !(decimal.test(scoreText) && Number.isFinite(score))) {
    refuse(file, line, `score ${quoted(scoreText)} is no finite number; leave it empty where the detector abstained`);
  }
  if (frame !== "" && !(whole.test(frame) && Number.isSafeInteger(Number(frame)) && Number(frame) >= 0)) {
    refuse(file, line, `frame ${quoted(frame)} is no whole number from 0 on`);
  }
  if (ptsUs !== "" && !(whole.test(ptsUs) && Number.isSafeInteger(Number(ptsUs)))) {
    refuse(file, line, `ptsUs ${quoted(ptsUs)} is no whole number of microseconds`);
  }
  const texts = optionalText.flatMap((name) => (fields[name] ? [[name, fields[name]] as const] : []));
  return {
    video,
    label,
    ...(score === undefined ? {} : { score }),
    ...(frame === "" ? {} : { frame: Number(frame) + 0 }),
    ...(ptsUs === "" ? {} : { ptsUs: Number(ptsUs) + 0 }),
    ...Object.fromEntries(texts),
  };
}

/**
 * Reads predictions from CSV text: columns `video,label,score` and, when known,
 * `frame,ptsUs,reason,group,source,method,dataset,split`, in any order. `label` is 0, 1, real or fake; an empty score is
 * an abstention; an empty cell elsewhere means not known. The `frames.csv` and `videos.csv` of a report are such files.
 *
 * @param options.file - what errors call the text.
 * @throws UnreelError `ERR_UNREEL_MANIFEST_INVALID` with `details.line`; `ERR_UNREEL_SPLIT_LEAK` where a video is in two
 * splits.
 */
export function parsePredictions(text: string, options: { readonly file: string }): PredictionsFile {
  const { file } = options;
  const { header, records } = parseCsv(text, options);
  const missing = required.filter((name) => !header.includes(name));
  if (missing.length > 0) {
    refuse(
      file,
      1,
      `no column ${missing.join(", ")}; the columns are ${header.map((name) => JSON.stringify(name)).join(", ")}`,
    );
  }
  const predictions = records.map((record) => predictionOf(record, file));
  sortOutLevels(predictions, "mean", (index) => {
    const line = records[index]?.line ?? 1;
    return { text: `${file}, line ${line}`, details: { path: file, line } };
  });
  return { predictions, ignoredColumns: header.filter((name) => !known.has(name)) };
}

/**
 * Reads a predictions file; see {@link parsePredictions}.
 *
 * @throws UnreelError also `ERR_UNREEL_NOT_FOUND`, `…_IS_A_DIRECTORY`, `…_NOT_READABLE` and `…_EMPTY_FILE`.
 *
 * @example
 * ```ts
 * import { readPredictions } from "unreel";
 *
 * const { predictions, ignoredColumns } = await readPredictions("predictions.csv");
 * console.log(predictions.length, ignoredColumns);
 * ```
 */
export async function readPredictions(path: string): Promise<PredictionsFile> {
  return parsePredictions(await readTextFile(path), { file: path });
}

/** Writes predictions as CSV that {@link parsePredictions} gives back equal, to the last bit of each score. */
export function formatPredictions(predictions: Iterable<Prediction>): string {
  const header = [
    "dataset",
    "method",
    "video",
    "frame",
    "ptsUs",
    "label",
    "score",
    "reason",
    "group",
    "source",
    "split",
  ];
  const cells = function* () {
    for (const row of predictions) {
      const { dataset, method, video, frame, ptsUs, label, score, reason, group, source, split } = row;
      yield [dataset, method, video, frame, ptsUs, label, score, reason, group, source, split];
    }
  };
  return formatCsv(header, cells());
}

/** Writes one line a video, with the number of its frames; {@link parsePredictions} reads it as whole-video rows. */
export function formatVideos(videos: Iterable<VideoPrediction>): string {
  const header = [
    "dataset",
    "method",
    "video",
    "label",
    "score",
    "reason",
    "frames",
    "framesScored",
    "group",
    "source",
  ];
  const cells = function* () {
    for (const row of videos) {
      const { dataset, method, video, label, score, reason, frames, framesScored, group, source, split } = row;
      yield [dataset, method, video, label, score, reason, frames, framesScored, group, source, split];
    }
  };
  return formatCsv([...header, "split"], cells());
}
