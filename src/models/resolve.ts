import { stat } from "node:fs/promises";
import { UnreelError } from "../errors.js";
import { pathOf } from "../validate.js";
import { hashMismatch } from "./checksum.js";
import { hubSourceText, isHubSource, parseHubSource } from "./hub-source.js";
import { placeOf, readRecord } from "./models-folder.js";
import { registeredModels } from "./registry.js";

/** A model file that is here. */
export interface ResolvedModel {
  readonly file: string;
  /** What its bytes were when it was pulled; absent for a file that was named by its path. */
  readonly sha256?: string;
}

/** What a name of ours looks like: no folder and no ending of a model's file. */
function couldBeName(text: string): boolean {
  return /^[a-z0-9][a-z0-9._-]*$/.test(text) && !/\.(onnx|ort|pt|pth|bin|safetensors)$/.test(text);
}

function notPulled(what: string): UnreelError {
  const message = `${what} is not on this machine yet: unreel models pull ${what}`;
  return new UnreelError("ERR_UNREEL_MODEL_NOT_FOUND", message, { name: what });
}

function noFile(given: string, file: string, known: readonly string[]): UnreelError {
  const names = couldBeName(given) ? `, and no registered model of that name (there are ${known.join(", ")})` : "";
  return new UnreelError(
    "ERR_UNREEL_MODEL_NOT_FOUND",
    `There is no model file at ${file}${names}. Give the path of a CLIP image encoder in ONNX (vision_model.onnx of a ` +
      "published CLIP), fetch one (unreel models pull NAME; unreel models list), or write one with seeded weights: " +
      "unreel models make vit-b-32 --out encoder.onnx",
    { path: file },
  );
}

/**
 * The file that a user means: an existing file by its path, else a model that was pulled, by its registered name or as
 * `hf:OWNER/REPO/FILE@REVISION`. Nothing is fetched.
 *
 * @throws UnreelError `ERR_UNREEL_MODEL_NOT_FOUND` with the command that fetches it; `ERR_UNREEL_REGISTRY_INVALID`;
 * UnreelTypeError for an `hf:` address that is none
 */
export async function resolveModel(nameOrPath: string | URL): Promise<ResolvedModel> {
  const file = pathOf(nameOrPath, "path");
  if ((await stat(file).catch(() => undefined))?.isFile()) return { file };
  const given = String(nameOrPath);
  const registered = await registeredModels();
  const model = registered.find(({ name }) => name === given);
  if (model === undefined && !isHubSource(given))
    throw noFile(
      given,
      file,
      registered.map(({ name }) => name),
    );
  const source = model?.source ?? parseHubSource(given);
  const place = placeOf(source);
  const record = await readRecord(place);
  if (record === undefined) throw notPulled(model?.name ?? hubSourceText(source));
  return { file: place, sha256: model?.sha256 ?? record.sha256 };
}

/** The error for a pulled model whose bytes have changed since. */
export function changedSincePulled(file: string, sha256: string, pinned: string): UnreelError {
  const why = `its SHA-256 is ${sha256}, not ${pinned}`;
  return hashMismatch(file, why, file, "It has changed since it was pulled; pull it again with unreel models pull.");
}
