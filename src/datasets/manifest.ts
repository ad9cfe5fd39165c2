import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { parseCsv } from "../csv.js";
import { UnreelError } from "../errors.js";
import { isWebAddress } from "../sources/video-source.js";
import { withoutSecrets } from "../sources/web-address.js";
import { readTextFile } from "../text-file.js";
import { connectedGroups } from "./groups.js";
import { byCodeUnit, type Dataset, type DatasetVideo, parseLabel, splits } from "./video.js";

/** What a line of a manifest may say; only `path` must be there. */
export const manifestFields = [
  "path",
  "label",
  "split",
  "group",
  "source",
  "identities",
  "method",
  "dataset",
  "id",
] as const;

type Field = (typeof manifestFields)[number];

interface Line {
  readonly line: number;
  readonly values: ReadonlyMap<Field, string>;
}

function isIdentity(value: unknown): value is string {
  return typeof value === "string" && !value.includes("|");
}

class Manifest {
  readonly path: string;
  readonly folder: string;

  constructor(path: string) {
    this.path = path;
    this.folder = dirname(path);
  }

  error(line: number, message: string): UnreelError {
    const text = `${this.path}, line ${line}: ${message}`;
    return new UnreelError("ERR_UNREEL_MANIFEST_INVALID", text, { path: this.path, line });
  }

  field(name: string, line: number): Field {
    const known = manifestFields.find((each) => each === name);
    if (known === undefined) {
      throw this.error(line, `there is no field ${JSON.stringify(name)}; the fields are ${manifestFields.join(", ")}`);
    }
    return known;
  }

  csv(text: string): Line[] {
    const { header, records } = parseCsv(text, { file: this.path });
    const fields = header.map((name) => this.field(name, 1));
    if (!fields.includes("path")) throw this.error(1, "the header has no column path");
    return records.map(({ line, fields: cells }) => ({
      line,
      values: new Map(fields.map((field) => [field, cells[field] ?? ""])),
    }));
  }

  jsonl(text: string): Line[] {
    return text.split("\n").flatMap((padded, at) => {
      const raw = padded.trim();
      if (raw === "") return [];
      const line = at + 1;
      let value: unknown;
      try {
        value = JSON.parse(raw);
      } catch (error) {
        throw this.error(line, `not JSON: ${error instanceof Error ? error.message : String(error)}`);
      }
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        throw this.error(line, "not a JSON object");
      }
      const members = Object.entries(value).map(([name, member]) => {
        const field = this.field(name, line);
        return [field, this.text(member, field, line)] as const;
      });
      return [{ line, values: new Map(members) }];
    });
  }

  private text(value: unknown, field: Field, line: number): string {
    if (value === null) return "";
    if (typeof value === "string") return value;
    if (field === "label" && typeof value === "number") return String(value);
    if (field === "identities" && Array.isArray(value) && value.every(isIdentity)) return value.join("|");
    const wanted = field === "identities" ? "a list of strings without |" : "a string";
    throw this.error(line, `${field} must be ${wanted}, not ${JSON.stringify(value)}`);
  }

  /** One line's video; its group is empty where the manifest names none. */
  video({ line, values }: Line): DatasetVideo {
    const given = (field: Field) => values.get(field) || undefined;
    const name = given("path");
    if (name === undefined) throw this.error(line, "path is empty");
    if (name.includes("\0")) throw this.error(line, "path has a NUL character");
    const path = isWebAddress(name) ? name : resolve(this.folder, name);
    const label = given("label");
    const parsed = label === undefined ? undefined : parseLabel(label);
    if (label !== undefined && parsed === undefined) {
      throw this.error(line, `label ${JSON.stringify(label)} is none of fake, real, 1 (fake), 0 (real), or empty`);
    }
    const split = given("split");
    if (split !== undefined && !splits.some((each) => each === split)) {
      throw this.error(line, `split ${JSON.stringify(split)} is none of ${splits.join(", ")}, or empty`);
    }
    const identities = given("identities")?.split("|");
    if (identities?.includes("")) throw this.error(line, "identities has an empty name between its | signs");
    return {
      id: given("id") ?? this.idOf(name, path),
      path,
      label: parsed,
      split,
      group: given("group") ?? "",
      source: given("source"),
      identities,
      method: given("method"),
      dataset: given("dataset"),
    };
  }

  /** Relative to the manifest's folder, so that it stays when the data moves; what lies elsewhere keeps its full path. */
  private idOf(name: string, path: string): string {
    if (isWebAddress(name)) return withoutSecrets(name);
    const below = relative(this.folder, path).split(sep).join("/");
    return isAbsolute(name) && below.startsWith("../") ? path : below;
  }
}

function assertUnique(manifest: Manifest, videos: readonly DatasetVideo[], lines: readonly Line[]): void {
  const seen = new Map<string, number>();
  for (const [at, { id }] of videos.entries()) {
    const line = lines[at]?.line ?? 0;
    const before = seen.get(id);
    if (before !== undefined) {
      throw manifest.error(
        line,
        `id ${JSON.stringify(id)} stands on line ${before} too; ids (by default paths) are unique`,
      );
    }
    seen.set(id, line);
  }
}

/**
 * Reads a manifest's text: CSV with a header, or JSON Lines (when the first character is `{`), with the fields of
 * {@link manifestFields}. Labels are `fake`, `real`, 1 (fake), 0 (real) or empty; `identities` are joined by `|`, in
 * JSON a list. Relative paths are meant from the manifest's folder. An absent id is the path relative to that folder;
 * an absent group is what shares a source or an identity.
 *
 * @param path where the manifest lies
 * @throws UnreelError `ERR_UNREEL_MANIFEST_INVALID` with the line
 */
export function parseManifest(text: string, path: string): DatasetVideo[] {
  const manifest = new Manifest(resolve(path));
  const lines = text.trimStart().startsWith("{") ? manifest.jsonl(text) : manifest.csv(text);
  const videos = lines.map((line) => manifest.video(line));
  if (videos.length === 0) throw manifest.error(1, "the manifest names no video");
  assertUnique(manifest, videos, lines);
  const groups = connectedGroups(videos);
  return videos
    .map((video, at) => ({ ...video, group: video.group || (groups[at] ?? video.id) }))
    .sort((a, b) => byCodeUnit(a.id, b.id));
}

/**
 * Loads a manifest file; see {@link parseManifest}. Whether the videos exist is not looked at: a missing one is an
 * error of that video alone.
 *
 * @throws UnreelError `ERR_UNREEL_MANIFEST_INVALID`, or `ERR_UNREEL_NOT_FOUND` and its kin for the file itself
 *
 * @example
 * ```ts
 * import { loadManifest } from "unreel";
 *
 * const { videos } = await loadManifest("manifest.csv");
 * for (const { id, label, group } of videos) console.log(id, label, group);
 * ```
 */
export async function loadManifest(file: string): Promise<Dataset> {
  const path = resolve(file);
  return { name: path, root: path, videos: parseManifest(await readTextFile(path), path) };
}
