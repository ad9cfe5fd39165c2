import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { UnreelError, UnreelTypeError } from "../errors.js";
import { writeError } from "../features/files.js";
import { checkInteger, pathOf, shown } from "../validate.js";
import { foreignFile, isThere, type Place, takeCopy, takeName } from "./arrival.js";
import { type Checksum, checksum, difference, hashMismatch, type Pin } from "./checksum.js";
import { Download, type DownloadProgress, dropPart } from "./download.js";
import { cachedFile } from "./hub-cache.js";
import { HubClient } from "./hub-client.js";
import { isOffline } from "./hub-settings.js";
import { type HubSource, hubSourceText, isCommit, isHubSource, parseHubSource } from "./hub-source.js";
import { placeOf, readRecord, recordOf, writeRecord } from "./models-folder.js";
import { waitForPullLock } from "./pull-lock.js";
import { registeredModels } from "./registry.js";
import { withRetries } from "./retry.js";

/** Options of {@link pullModel}. */
export interface PullOptions {
  /** What the file must be, 64 hex digits. Needed where the revision is no commit; for registered models it is known. */
  readonly sha256?: string;
  /** The file to write, instead of a place in the folder of models. */
  readonly out?: string | URL;
  /** Asks nothing of the network. Default: what `HF_HUB_OFFLINE` says. */
  readonly offline?: boolean;
  /** How often a request is made again, without any byte having come, after a failure that may pass. Default 5. */
  readonly retries?: number;
  /** How long a server may take to connect, to answer, and for the next bytes. Default 30,000. */
  readonly idleTimeoutMs?: number;
  /** Called as bytes come. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Called once where another process is fetching the same file, which is waited for. */
  readonly onWait?: (holder: { readonly pid: number; readonly host: string }) => void;
  /** Called before each wait for another attempt, with the failure that may pass. */
  readonly onRetry?: (retry: { readonly error: UnreelError; readonly waitMs: number }) => void;
  /** Ends the work; what was fetched is kept, and the next call goes on from there. */
  readonly signal?: AbortSignal;
}

/** What {@link pullModel} gives. */
export interface PulledModel {
  /** Its name, where it has one. */
  readonly name?: string;
  /** `hf:OWNER/REPO/FILE@REVISION` */
  readonly source: string;
  /** Where it lies. */
  readonly file: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  /** As the registry or the model's page says it; absent where neither does. */
  readonly licence?: string;
  /** Where the bytes came from: it was there already, a copy on this machine, or the network. */
  readonly from: "here" | "copy" | "hub";
  /** Bytes that came over the network in this call. */
  readonly fetchedBytes: number;
  /** Bytes of an earlier, broken call that did not have to be fetched again. */
  readonly resumedBytes: number;
}

/** What is to be pulled, to where. */
interface Wanted extends Place {
  readonly name?: string;
  readonly source: HubSource;
  readonly pin: Pin | undefined;
  readonly licence?: string;
}

interface Settings {
  readonly offline: boolean;
  readonly retries: number;
  readonly idleTimeoutMs: number;
  readonly onProgress?: PullOptions["onProgress"];
  readonly onWait?: PullOptions["onWait"];
  readonly onRetry?: PullOptions["onRetry"];
  readonly signal?: AbortSignal;
}

/**
 * Fetches a model file, once: by the name that a registry gives it, or from the hub by repository, file and revision. The
 * file gets its name only when its bytes are proven right, whatever happens. A broken or killed call is resumed by the next;
 * of several processes one fetches and all get the file.
 *
 * The bytes are proven by the SHA-256 of the registry or of `options.sha256`, else, for a commit, by the hash that the
 * hub itself states for them. A branch or tag may change, so it needs `options.sha256`.
 *
 * Heeds `UNREEL_MODELS` (the folder of models), `UNREEL_REGISTRY`, `HF_ENDPOINT` (a mirror), `HF_TOKEN` or the token file,
 * `HF_HOME` and `HF_HUB_CACHE` (a file that other tools have fetched is copied from there), `HF_HUB_OFFLINE`,
 * `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`.
 *
 * @param model - A registered name, or `hf:OWNER/REPO/FILE@REVISION`.
 * @throws UnreelError `ERR_UNREEL_MODEL_NOT_FOUND` for an unknown name; `ERR_UNREEL_HASH_MISMATCH`;
 * `ERR_UNREEL_HTTP_STATUS` (401, 403, 404 at once, others after retries), `ERR_UNREEL_NETWORK`,
 * `ERR_UNREEL_REDIRECT_REFUSED`; `ERR_UNREEL_OFFLINE`; `ERR_UNREEL_IO` (a full disk, `details.system` `ENOSPC`);
 * `ERR_UNREEL_OUTPUT_EXISTS`, `ERR_UNREEL_OUTPUT_NOT_WRITABLE`; `ERR_UNREEL_REGISTRY_INVALID`; `ERR_UNREEL_ABORTED`
 *
 * @example
 * ```ts
 * import { isCodedError, pullModel } from "unreel";
 *
 * try {
 *   const { file, sha256 } = await pullModel("clip-vit-b-32-int8", { offline: true });
 *   console.log(file, sha256);
 * } catch (error) {
 *   if (!isCodedError(error) || error.code !== "ERR_UNREEL_OFFLINE") throw error;
 *   console.log("not pulled yet");
 * }
 * ```
 */
export function pullModel(model: string, options: PullOptions = {}): Promise<PulledModel> {
  if (typeof model !== "string" || model === "") throw new UnreelTypeError(`model must be a name, not ${shown(model)}`);
  const { onProgress, onWait, onRetry, signal } = options;
  const settings: Settings = {
    offline: options.offline ?? isOffline(),
    retries: checkInteger(options.retries ?? 5, 0, "options.retries"),
    idleTimeoutMs: checkInteger(options.idleTimeoutMs ?? 30_000, 1, "options.idleTimeoutMs"),
    ...(onProgress && { onProgress }),
    ...(onWait && { onWait }),
    ...(onRetry && { onRetry }),
    ...(signal && { signal }),
  };
  const sha256 = checkedSha256(options.sha256);
  const out = options.out === undefined ? undefined : pathOf(options.out, "options.out");
  const source = isHubSource(model) ? parseHubSource(model) : undefined;
  if (source !== undefined && sha256 === undefined && !isCommit(source.revision)) {
    throw new UnreelTypeError(
      `${shown(source.revision)} is a branch or tag, whose files may change: name a commit (40 hex digits), or say with options.sha256 (--sha256) what the file must be`,
    );
  }
  return pull(model, source, { sha256, out }, settings);
}

function checkedSha256(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string" || !/^[0-9a-f]{64}$/i.test(value)) {
    throw new UnreelTypeError(`options.sha256 must be 64 hex digits, not ${shown(value)}`);
  }
  return value.toLowerCase();
}

async function pull(
  model: string,
  source: HubSource | undefined,
  { sha256, out }: { readonly sha256: string | undefined; readonly out: string | undefined },
  settings: Settings,
): Promise<PulledModel> {
  const wanted = await wantedModel(model, source, sha256, out);
  if (!wanted.foreign) await makeFolder(dirname(wanted.file));
  const here = await alreadyHere(wanted, settings.signal);
  if (here !== undefined) return here;
  const { onWait, signal } = settings;
  const lock = await waitForPullLock(wanted.file, { signal, onWait: onWait && (({ owner }) => onWait(owner)) });
  try {
    // Whoever was waited for may have brought it.
    return (await alreadyHere(wanted, signal)) ?? (await bring(wanted, settings));
  } finally {
    await lock.release();
  }
}

async function wantedModel(
  model: string,
  hub: HubSource | undefined,
  sha256: string | undefined,
  out: string | undefined,
): Promise<Wanted> {
  const registered = await registeredModels();
  const text = hub && hubSourceText(hub);
  const known = registered.find(({ name, source }) =>
    text === undefined ? name === model : hubSourceText(source) === text,
  );
  const source = hub ?? known?.source;
  if (source === undefined)
    throw unknownName(
      model,
      registered.map(({ name }) => name),
    );
  if (known !== undefined && sha256 !== undefined && sha256 !== known.sha256) {
    throw new UnreelTypeError(`options.sha256 is not the one that the registry has for ${known.name}, ${known.sha256}`);
  }
  const pin = known === undefined ? sha256 && { sha256 } : { bytes: known.bytes, sha256: known.sha256 };
  const facts = known && { name: known.name, licence: known.licence };
  return { ...facts, source, pin: pin || undefined, file: out ?? placeOf(source), foreign: out !== undefined };
}

/** The error for a name that no registry has. */
function unknownName(name: string, known: readonly string[]): UnreelError {
  const message = `There is no registered model named ${name}; there are ${known.join(", ")}. Others are pulled as hf:OWNER/REPOSITORY/FILE@COMMIT`;
  return new UnreelError("ERR_UNREEL_MODEL_NOT_FOUND", message, { name, known });
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw writeError(error, folder);
  });
}

/** What the record of an earlier pull says of a file in the folder of models. */
async function recordedPin(source: HubSource): Promise<Pin | undefined> {
  const record = await readRecord(placeOf(source));
  return record && { bytes: record.bytes, sha256: record.sha256 };
}

/** The model, where it lies at its place already and is known to be right. */
async function alreadyHere(wanted: Wanted, signal: AbortSignal | undefined): Promise<PulledModel | undefined> {
  const pin = wanted.pin ?? (await recordedPin(wanted.source));
  if (pin === undefined || !(await isThere(wanted.file))) return undefined;
  const found = await checksum(wanted.file, signal);
  const why = difference(pin, found);
  if (why === undefined) return finished(wanted, found, { from: "here" });
  if (wanted.foreign) throw foreignFile(wanted.file, why);
  return undefined;
}

/** Brings the model to its place. The lock is held. */
async function bring(wanted: Wanted, settings: Settings): Promise<PulledModel> {
  const { source } = wanted;
  const cached = await cachedFile(source);
  const pin = wanted.pin ?? (await recordedPin(source)) ?? cached?.pin;
  const copies = pin === undefined ? [] : [placeOf(source), ...(cached ? [cached.file] : [])];
  for (const copy of copies) {
    const found = copy !== wanted.file && (await takeCopy(copy, wanted, pin ?? {}, settings.signal));
    if (found) {
      await dropPart(wanted.file);
      return finished(wanted, found, { from: "copy" });
    }
  }
  if (settings.offline) throw offline(wanted);
  const client = await HubClient.open(source, settings);
  try {
    return await fetchFromHub(wanted, pin, client, settings);
  } finally {
    client.close();
  }
}

function offline({ name, source }: Wanted): UnreelError {
  const what = name ?? hubSourceText(source);
  return new UnreelError(
    "ERR_UNREEL_OFFLINE",
    `${what} is not on this machine, and offline mode is on (--offline or HF_HUB_OFFLINE). Pull it once with a connection: unreel models pull ${what}`,
    { name: what },
  );
}

async function fetchFromHub(
  wanted: Wanted,
  known: Pin | undefined,
  client: HubClient,
  settings: Settings,
): Promise<PulledModel> {
  const promised = known ?? (await client.promised());
  // Until now nobody knew what it had to be.
  const here = known === undefined && (await alreadyHere({ ...wanted, pin: promised }, settings.signal));
  if (here) return here;
  const licence = wanted.licence ?? (await client.licence());
  const download = new Download(wanted.file, client, promised, settings.onProgress);
  const found = await fetchRight(wanted, promised, download, settings);
  await takeName(download.part, wanted);
  await dropPart(wanted.file);
  const { fetchedBytes, resumedAt: resumedBytes = 0 } = download;
  return finished({ ...wanted, ...(licence !== undefined && { licence }) }, found, {
    from: "hub",
    fetchedBytes,
    resumedBytes,
  });
}

/** Fetches until the part is whole, and proves it; a part that was begun by an earlier call and came out wrong, once more. */
async function fetchRight(wanted: Wanted, pin: Pin, download: Download, settings: Settings): Promise<Checksum> {
  const { signal } = settings;
  await withRetries(() => download.attempt(), settings);
  let found = await checksum(download.part, signal);
  if (difference(pin, found) !== undefined && (download.resumedAt ?? 0) > 0) {
    await dropPart(wanted.file);
    download.resumedAt = undefined;
    await withRetries(() => download.attempt(), settings);
    found = await checksum(download.part, signal);
  }
  const why = difference(pin, found);
  if (why === undefined) return found;
  await dropPart(wanted.file);
  const advice =
    "It was deleted. The server, or something on the way, sends other bytes than were promised: do not use them.";
  throw hashMismatch(hubSourceText(wanted.source), why, wanted.file, advice);
}

/** Writes down what lies in the folder of models, and says what was done. */
async function finished(
  { name, source, licence: known, file, foreign }: Wanted,
  { bytes, sha256 }: Checksum,
  how: Pick<PulledModel, "from"> & Partial<PulledModel>,
): Promise<PulledModel> {
  const record = foreign ? undefined : await readRecord(file);
  const licence = known ?? record?.licence;
  const facts = { bytes, sha256, ...(licence !== undefined && { licence }) };
  const current = record?.sha256 === sha256 && record.bytes === bytes && record.licence === licence;
  if (!foreign && !current) await writeRecord(file, recordOf(source, facts));
  const base = { ...(name !== undefined && { name }), source: hubSourceText(source), file, ...facts };
  return { ...base, fetchedBytes: 0, resumedBytes: 0, ...how };
}
