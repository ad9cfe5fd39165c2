import { createHash } from "node:crypto";
import { prepareOutputFolder, writeFilesAtomic } from "../output-folder.js";
import { type Report, reportSchema } from "./evaluate.js";
import { formatPredictions, formatVideos } from "./predictions.js";
import { reportPage } from "./report-page.js";

/** The figures of a report and the SHA-256 of the files beside them: the content of metrics.json. */
export type MetricsFile = Omit<Report, "frames" | "videos"> & { readonly files: Readonly<Record<string, string>> };

function isReport(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "schema" in value && value.schema === reportSchema;
  } catch {
    return false;
  }
}

function filesOf(report: Report): Record<string, string> {
  const { frames, videos, ...figures } = report;
  const files = {
    "report.html": reportPage(report),
    "frames.csv": formatPredictions(frames),
    "videos.csv": formatVideos(videos),
  };
  const hashes = Object.entries(files).map(([name, text]) => [name, createHash("sha256").update(text).digest("hex")]);
  const metrics: MetricsFile = { ...figures, files: Object.fromEntries(hashes) };
  // metrics.json first: from then on the folder is known as a report.
  return { "metrics.json": `${JSON.stringify(metrics, null, 2)}\n`, ...files };
}

/**
 * Makes sure that {@link writeReport} can write to `folder`; call it before long work.
 *
 * @throws UnreelError `ERR_UNREEL_OUTPUT_EXISTS` or `ERR_UNREEL_OUTPUT_NOT_WRITABLE`.
 */
export async function prepareReportFolder(folder: string): Promise<void> {
  await prepareOutputFolder(folder, { marker: "metrics.json", what: "a report", recognise: isReport });
}

/**
 * Writes `report.html`, `metrics.json`, `frames.csv` (one row a frame) and `videos.csv` (one row a video). A new or
 * empty folder is filled, an earlier report replaced, anything else left alone. Each file is whole or not there.
 *
 * @throws UnreelError `ERR_UNREEL_OUTPUT_EXISTS`, `ERR_UNREEL_OUTPUT_NOT_WRITABLE` or `ERR_UNREEL_IO`.
 *
 * @example
 * ```ts
 * import { evaluate, readPredictions, writeReport } from "unreel";
 *
 * const { predictions } = await readPredictions("predictions.csv");
 * await writeReport("report", await evaluate(predictions, { title: "Somebody's detector" }));
 * ```
 */
export async function writeReport(folder: string, report: Report): Promise<void> {
  const files = filesOf(report);
  await prepareReportFolder(folder);
  await writeFilesAtomic(folder, files);
}
