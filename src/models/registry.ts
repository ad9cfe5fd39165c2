// The models that have a name: unreel's own, whose bytes we know, and the user's.
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { UnreelError } from "../errors.js";
import { systemCode } from "../features/files.js";
import { shown } from "../validate.js";
import { type HubSource, isCommit, isHubSource, parseHubSource } from "./hub-source.js";
import { modelsFolder } from "./models-folder.js";
import ownModels from "./registry.json" with { type: "json" };

/** A model that has a name. */
export interface RegisteredModel {
  readonly name: string;
  readonly source: HubSource;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly licence: string;
  readonly description: string;
  /** Whose registry names it. */
  readonly registry: "unreel" | "user";
}

const modelName = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** The user's registry: `UNREEL_REGISTRY`, else `registry.json` in the folder of models. */
export function userRegistryPath(): string {
  return process.env.UNREEL_REGISTRY ? resolve(process.env.UNREEL_REGISTRY) : join(modelsFolder(), "registry.json");
}

/** Reads fields and names the wrong one. */
class Fields {
  readonly #path: string;
  readonly #at: string;
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(path: string, at: string, value: unknown) {
    this.#path = path;
    this.#at = at;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.wrong("", `must be an object, not ${shown(value)}`);
    }
    this.#values = value as Readonly<Record<string, unknown>>;
  }

  wrong(field: string, why: string): UnreelError {
    const place = [this.#at, field].filter((part) => part !== "").join(".");
    const details = { path: this.#path, ...(place !== "" && { field: place }) };
    const message = `${this.#path}: ${place === "" ? "the document" : place} ${why}`;
    return new UnreelError("ERR_UNREEL_REGISTRY_INVALID", message, details);
  }

  entries(): [string, unknown][] {
    return Object.entries(this.#values);
  }

  value(field: string): unknown {
    return this.#values[field];
  }

  text(field: string): string {
    const value = this.#values[field];
    if (typeof value !== "string" || value === "") throw this.wrong(field, `must be a text, not ${shown(value)}`);
    return value;
  }

  /** No field but these: a misspelt one would be silently without effect. */
  allow(...known: readonly string[]): void {
    for (const field of Object.keys(this.#values)) {
      if (!known.includes(field)) throw this.wrong(field, `is no field of a registry; there are ${known.join(", ")}`);
    }
  }
}

function sourceOf(fields: Fields): HubSource {
  const text = fields.text("source");
  if (!isHubSource(text)) throw fields.wrong("source", `must be hf:OWNER/REPOSITORY/FILE@COMMIT, not ${shown(text)}`);
  let source: HubSource;
  try {
    source = parseHubSource(text);
  } catch (error) {
    throw fields.wrong("source", `is wrong: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isCommit(source.revision)) {
    throw fields.wrong("source", `must be pinned to a commit of 40 hex digits, not to ${shown(source.revision)}`);
  }
  return source;
}

function modelOf(name: string, fields: Fields, registry: RegisteredModel["registry"]): RegisteredModel {
  if (!modelName.test(name)) {
    throw fields.wrong("", `is no name for a model: small letters, digits, and . _ - between them`);
  }
  fields.allow("source", "bytes", "sha256", "licence", "description");
  const bytes = fields.value("bytes");
  if (!Number.isSafeInteger(bytes) || (bytes as number) < 1) {
    throw fields.wrong("bytes", `must be the file's size, a whole number above 0, not ${shown(bytes)}`);
  }
  const sha256 = fields.text("sha256");
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw fields.wrong("sha256", `must be 64 small hex digits, not ${shown(sha256)}`);
  return {
    name,
    source: sourceOf(fields),
    bytes: bytes as number,
    sha256,
    licence: fields.text("licence"),
    description: fields.value("description") === undefined ? "" : fields.text("description"),
    registry,
  };
}

/** The models of a registry's document; `path` is what messages call it. */
function readRegistry(path: string, document: unknown, registry: RegisteredModel["registry"]): RegisteredModel[] {
  const root = new Fields(path, "", document);
  root.allow("schema", "models");
  if (root.value("schema") !== 1) {
    throw root.wrong("schema", `must be 1, the one this unreel reads, not ${shown(root.value("schema"))}`);
  }
  const models = new Fields(path, "models", root.value("models"));
  return models.entries().map(([name, value]) => modelOf(name, new Fields(path, `models.${name}`, value), registry));
}

async function userModels(): Promise<RegisteredModel[]> {
  const path = userRegistryPath();
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const missing = systemCode(error) === "ENOENT";
    if (missing && !process.env.UNREEL_REGISTRY) return [];
    const why = missing ? "is not there; unset UNREEL_REGISTRY or mend it" : `cannot be read: ${String(error)}`;
    throw new UnreelError("ERR_UNREEL_REGISTRY_INVALID", `the registry ${path} ${why}`, { path }, error);
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new UnreelError("ERR_UNREEL_REGISTRY_INVALID", `${path} is no JSON: ${String(error)}`, { path }, error);
  }
  return readRegistry(path, document, "user");
}

/**
 * Every model that has a name: unreel's own, then the user's.
 *
 * @throws UnreelError `ERR_UNREEL_REGISTRY_INVALID` that names the field; also where the user gives one of unreel's
 * names to something else
 */
export async function registeredModels(): Promise<RegisteredModel[]> {
  const own = readRegistry("unreel's registry", ownModels, "unreel");
  const users = await userModels();
  for (const { name } of users) {
    if (!own.some((model) => model.name === name)) continue;
    const path = userRegistryPath();
    const message = `${path}: models.${name} is a name of unreel's own registry; choose another one`;
    throw new UnreelError("ERR_UNREEL_REGISTRY_INVALID", message, { path, field: `models.${name}` });
  }
  return [...own, ...users];
}
