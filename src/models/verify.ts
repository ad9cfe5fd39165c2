import { stat } from "node:fs/promises";
import { pathOf } from "../validate.js";
import { checksum, difference, type Pin } from "./checksum.js";
import { hubSourceText, isHubSource, parseHubSource } from "./hub-source.js";
import { type ListedModel, listModels } from "./list.js";
import { placeOf } from "./models-folder.js";

/** What {@link verifyModels} found of one model. */
export interface VerifiedModel {
  /** As it was asked for; for all models the name or source. */
  readonly model: string;
  readonly file: string;
  /**
   * `ok`: the bytes are the promised ones. `wrong`: they are others. `missing`: there is no such file. `unknown`: the file
   * was not pulled to its place, and no registered or pulled model has its SHA-256, so nobody can say what it must be.
   */
  readonly state: "ok" | "wrong" | "missing" | "unknown";
  /** Of the file as it is; absent where it is missing. */
  readonly sha256?: string;
  readonly bytes?: number;
  /** What it must be, where that is known. */
  readonly expected?: string;
  /** For people: how it differs, or which model it is. */
  readonly note?: string;
}

/**
 * Hashes model files again and compares them with what they must be: those that are named, or all that were pulled.
 *
 * @param models - Registered names, `hf:` sources, or paths of files.
 * @throws UnreelError `ERR_UNREEL_REGISTRY_INVALID`, `ERR_UNREEL_IO`, `ERR_UNREEL_NOT_READABLE`, `ERR_UNREEL_ABORTED`
 *
 * @example
 * ```ts
 * import { verifyModels } from "unreel";
 *
 * for (const { model, state, note } of await verifyModels()) console.log(model, state, note ?? "");
 * console.log(await verifyModels(["encoder.onnx"]));
 * ```
 */
export async function verifyModels(
  models?: readonly string[],
  options: { readonly signal?: AbortSignal } = {},
): Promise<VerifiedModel[]> {
  const listed = await listModels();
  const wanted = models?.map((model) => ({ model, ...found(model, listed) })) ?? pulledOf(listed);
  const verified: VerifiedModel[] = [];
  for (const { model, file, known } of wanted) verified.push(await verify(model, file, known, listed, options.signal));
  return verified;
}

function pulledOf(listed: readonly ListedModel[]) {
  return listed
    .filter(({ state }) => state === "pulled")
    .map((known) => ({ model: known.name ?? known.source, file: known.file, known }));
}

/** The file that is meant, and what is known of it. */
function found(model: string, listed: readonly ListedModel[]): { file: string; known: ListedModel | undefined } {
  const named = listed.find(({ name }) => name === model);
  if (named !== undefined) return { file: named.file, known: named };
  const source = isHubSource(model) ? parseHubSource(model) : undefined;
  const file = source === undefined ? pathOf(model, "models") : placeOf(source);
  const text = source && hubSourceText(source);
  return { file, known: listed.find((each) => each.file === file || each.source === text) };
}

async function verify(
  model: string,
  file: string,
  known: ListedModel | undefined,
  listed: readonly ListedModel[],
  signal: AbortSignal | undefined,
): Promise<VerifiedModel> {
  const there = (await stat(file).catch(() => undefined))?.isFile() === true;
  const expected = known && { expected: known.sha256 };
  if (!there) {
    const note =
      known === undefined ? "there is no such file" : `not here: unreel models pull ${known.name ?? known.source}`;
    return { model, file, state: "missing", ...expected, note };
  }
  const { bytes, sha256, gitOid } = await checksum(file, signal);
  const twin = known ?? listed.find((each) => each.sha256 === sha256);
  const facts = { model, file, bytes, sha256 };
  if (twin === undefined) {
    return { ...facts, state: "unknown", note: "not pulled by unreel, and no registered model has this SHA-256" };
  }
  const pin: Pin = { bytes: twin.bytes, sha256: twin.sha256 };
  const why = difference(pin, { bytes, sha256, gitOid });
  const note = why ?? (known === undefined ? `it is ${twin.name ?? twin.source}` : undefined);
  return { ...facts, state: why === undefined ? "ok" : "wrong", expected: twin.sha256, ...(note && { note }) };
}
