// Where pulled models lie, and what is written down about each.
import { readdirSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { cacheFolder } from "../cache-folder.js";
import { systemCode } from "../features/files.js";
import { writeFileAtomic } from "../output-folder.js";
import { type HubSource, hubSourceText, parseHubSource } from "./hub-source.js";

/** The folder of models: `UNREEL_MODELS`, else `models` in the cache (`UNREEL_CACHE`, else `~/.cache/unreel`). */
export function modelsFolder(): string {
  const { UNREEL_MODELS: models } = process.env;
  return models ? resolve(models) : join(cacheFolder(), "models");
}

/**
 * Where a file of the hub lies once it is pulled: files of one repository and revision keep their places to each other,
 * so that weights outside an ONNX file are found.
 */
export function placeOf({ owner, repo, revision, file }: HubSource): string {
  return join(modelsFolder(), "hf", owner, repo, encodeURIComponent(revision), ...file.split("/"));
}

/** What is known of a pulled file. Its presence beside the file says that the file was whole and right. */
export interface PullRecord {
  /** `hf:OWNER/REPO/FILE@REVISION` */
  readonly source: string;
  readonly bytes: number;
  readonly sha256: string;
  /** As the registry or the model's page says it; absent where neither does. */
  readonly licence?: string;
}

const recordEnd = ".unreel.json";

/** Writes down what a pulled file is. */
export function writeRecord(file: string, record: PullRecord): Promise<void> {
  return writeFileAtomic(`${file}${recordEnd}`, `${JSON.stringify({ schema: 1, ...record })}\n`);
}

/** What was written down of a file; undefined where nothing is that can be understood: then it counts as not pulled. */
export async function readRecord(file: string): Promise<PullRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(`${file}${recordEnd}`, "utf8"));
    // A record belongs to its place: one that was copied elsewhere by hand says nothing of what lies there.
    return isRecord(value) && placeOf(parseHubSource(value.source)) === file ? facts(value) : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is PullRecord {
  if (typeof value !== "object" || value === null) return false;
  const { schema, source, bytes, sha256, licence } = value as Record<string, unknown>;
  const texts = typeof source === "string" && typeof sha256 === "string";
  return schema === 1 && texts && typeof bytes === "number" && (licence === undefined || typeof licence === "string");
}

function facts({ source, bytes, sha256, licence }: PullRecord): PullRecord {
  return { source, bytes, sha256, ...(licence !== undefined && { licence }) };
}

/** Every pulled file with its record, by path. */
export async function pulledModels(): Promise<{ readonly file: string; readonly record: PullRecord }[]> {
  const folder = join(modelsFolder(), "hf");
  const names = await readdir(folder, { recursive: true }).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  });
  const found: { file: string; record: PullRecord }[] = [];
  for (const name of names.filter((each) => each.endsWith(recordEnd)).sort()) {
    const file = join(folder, name.slice(0, -recordEnd.length));
    const record = await readRecord(file);
    if (record !== undefined) found.push({ file, record });
  }
  return found;
}

/** How many files were pulled. */
export function countPulledModels(): number {
  try {
    const names = readdirSync(join(modelsFolder(), "hf"), { recursive: true, encoding: "utf8" });
    return names.filter((name) => name.endsWith(recordEnd)).length;
  } catch {
    return 0;
  }
}

/** The source that a pulled file came from, as the record has it. */
export function recordOf(source: HubSource, facts: Omit<PullRecord, "source">): PullRecord {
  return { source: hubSourceText(source), ...facts };
}
