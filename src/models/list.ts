import { stat } from "node:fs/promises";
import { hubSourceText } from "./hub-source.js";
import { placeOf, pulledModels } from "./models-folder.js";
import { registeredModels } from "./registry.js";

/** A model that is registered, pulled, or both. */
export interface ListedModel {
  /** Its name, where it has one. */
  readonly name?: string;
  readonly description?: string;
  /** Whose registry names it; absent where none does. */
  readonly registry?: "unreel" | "user";
  /** `hf:OWNER/REPO/FILE@REVISION` */
  readonly source: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly licence?: string;
  /** `partial`: a part of it was fetched, and the next pull goes on from there. */
  readonly state: "pulled" | "partial" | "absent";
  /** Where it lies, or would lie. */
  readonly file: string;
}

/**
 * Every model that a registry names and every other one that was pulled. Models that `makeModel` wrote, and those that
 * were pulled to a place of the user's, are not tracked.
 *
 * @throws UnreelError `ERR_UNREEL_REGISTRY_INVALID`
 *
 * @example
 * ```ts
 * import { listModels } from "unreel";
 *
 * for (const { name, source, state, bytes, licence } of await listModels()) {
 *   console.log(name ?? source, state, bytes, licence);
 * }
 * ```
 */
export async function listModels(): Promise<ListedModel[]> {
  const pulled = await pulledModels();
  const listed: ListedModel[] = [];
  for (const { name, description, registry, source, bytes, sha256, licence } of await registeredModels()) {
    const file = placeOf(source);
    const state = pulled.some((each) => each.file === file) ? "pulled" : await unfinished(file);
    listed.push({
      name,
      description,
      registry,
      source: hubSourceText(source),
      bytes,
      sha256,
      licence,
      state,
      file,
    });
  }
  const known = new Set(listed.map(({ file }) => file));
  for (const { file, record } of pulled) {
    if (!known.has(file)) listed.push({ ...record, state: "pulled", file });
  }
  return listed;
}

async function unfinished(file: string): Promise<"partial" | "absent"> {
  const part = await stat(`${file}.part`).catch(() => undefined);
  return part?.isFile() ? "partial" : "absent";
}
