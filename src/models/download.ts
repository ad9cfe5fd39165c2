import { type FileHandle, open, readFile, rm, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { ReadableStreamDefaultReader } from "node:stream/web";
import type { Response } from "undici";
import { writeFileAtomic } from "../output-folder.js";
import { parseContentRange } from "../sources/web-address.js";
import { hashMismatch, type Pin } from "./checksum.js";
import { diskError, diskFull } from "./disk.js";
import { asBroken, brokenConnection, discard, type HubAnswer, type HubClient, type LinkedFacts } from "./hub-client.js";
import type { PassingFailure } from "./retry.js";

/** What tells whether the rest of a file belongs to the part that is here. */
interface Identity {
  /** What the hub says of the file (`linked`), else the ETag of the server that has the bytes. */
  readonly etag: string;
  readonly linked: boolean;
  /** Of the whole file; absent where no server said it. */
  readonly bytes?: number;
}

/** Told of a download. */
export interface DownloadProgress {
  readonly doneBytes: number;
  /** Absent until a server says it. */
  readonly totalBytes?: number;
}

const partOf = (file: string) => `${file}.part`;
const recordOf = (file: string) => `${file}.part.json`;

/** Forgets what was fetched of a file. */
export async function dropPart(file: string): Promise<void> {
  await rm(partOf(file), { force: true });
  await rm(recordOf(file), { force: true });
}

/**
 * The part of a file that was fetched so far: `FILE.part`, and `FILE.part.json` with what the whole file is. It outlives
 * failures and killed processes, and the next attempt goes on where it ends. One process at a time works on it.
 */
export class Download {
  readonly part: string;
  /** Bytes that came over the network. */
  fetchedBytes = 0;
  /** Where the first request began. */
  resumedAt: number | undefined;
  readonly #file: string;
  readonly #record: string;
  readonly #client: HubClient;
  readonly #pin: Pin;
  readonly #onProgress: ((progress: DownloadProgress) => void) | undefined;
  /** As far as the part ever came. */
  #furthest = 0;

  constructor(file: string, client: HubClient, pin: Pin, onProgress?: (progress: DownloadProgress) => void) {
    this.#file = file;
    this.part = partOf(file);
    this.#record = recordOf(file);
    this.#client = client;
    this.#pin = pin;
    this.#onProgress = onProgress;
  }

  /**
   * One attempt to fetch what is missing; returns when the part is the whole file.
   *
   * @throws UnreelError, or PassingFailure where another attempt may come further
   */
  async attempt(): Promise<void> {
    const identity = await this.#identity();
    const have = identity === undefined ? 0 : await this.#partBytes(identity);
    if (have > 0 && have === identity?.bytes) {
      this.resumedAt ??= have;
      return;
    }
    const answer = await this.#client
      .bytes(have, have > 0 ? ifRange(identity) : undefined, (linked) => {
        if (have > 0 && identity !== undefined && differs(identity, linked)) throw new OtherFile();
      })
      .catch((error: unknown) => this.#startOver(error));
    try {
      await this.#accept(answer, identity, have);
    } catch (error) {
      discard(answer.response);
      await this.#startOver(error);
    }
  }

  /** The part belongs to another file: without it the next attempt begins at the first byte. */
  async #startOver(error: unknown): Promise<never> {
    if (!(error instanceof OtherFile)) throw error;
    await dropPart(this.#file);
    throw brokenConnection(this.#client.url, "the file changed on its server since a part of it was fetched");
  }

  async #identity(): Promise<Identity | undefined> {
    try {
      const value = JSON.parse(await readFile(this.#record, "utf8")) as Partial<Identity>;
      const { etag, linked, bytes } = value;
      if (typeof etag !== "string" || typeof linked !== "boolean") return undefined;
      return { etag, linked, ...(typeof bytes === "number" && { bytes }) };
    } catch {
      return undefined;
    }
  }

  /** 0 where there is no part, or one that is longer than the file. */
  async #partBytes({ bytes = Number.POSITIVE_INFINITY }: Identity): Promise<number> {
    const info = await stat(this.part).catch(() => undefined);
    return info?.isFile() && info.size <= bytes ? info.size : 0;
  }

  async #accept(answer: HubAnswer, identity: Identity | undefined, have: number): Promise<void> {
    const { response, linked } = answer;
    if (response.status === 416) throw new OtherFile();
    const encoding = response.headers.get("content-encoding") ?? "identity";
    if (!/^(identity|)$/i.test(encoding)) {
      throw brokenConnection(this.#client.url, `it sends the file as ${encoding.slice(0, 40)}, which was not asked for`)
        .error;
    }
    const first = firstByte(response, have);
    if (first === undefined)
      throw brokenConnection(this.#client.url, "it answers with another part of the file than was asked for");
    const now = identityOf(response, linked);
    const bytes = now?.bytes ?? sizeOf(response);
    if (first > 0 && (now === undefined || identity === undefined || !same(identity, now))) throw new OtherFile();
    this.#checkSize(bytes);
    if (bytes !== undefined) await this.#checkSpace(bytes - first);
    this.resumedAt ??= first;
    await this.#write(response, first, now, bytes);
  }

  /** A file of another size cannot have the right hash. */
  #checkSize(bytes: number | undefined): void {
    if (bytes === undefined || this.#pin.bytes === undefined || bytes === this.#pin.bytes) return;
    const { href } = this.#client.url;
    throw hashMismatch(
      href,
      `the server's file has ${bytes} bytes, not ${this.#pin.bytes}`,
      href,
      "Nothing was fetched.",
    );
  }

  async #checkSpace(missing: number): Promise<void> {
    const folder = dirname(this.part);
    const { blocks, bavail, bsize } = await statfs(folder);
    // Some file systems do not say.
    if (blocks > 0 && missing > bavail * bsize)
      throw diskFull(folder, `${missing} bytes are missing and ${bavail * bsize} are free`);
  }

  async #write(response: Response, first: number, identity: Identity | undefined, bytes: number | undefined) {
    let file: FileHandle;
    try {
      file = await open(this.part, first > 0 ? "a" : "w");
    } catch (error) {
      throw diskError(error, this.part);
    }
    try {
      if (first === 0) await this.#writeRecord(identity);
      const end = await this.#copy(response, file, first, bytes);
      if (bytes !== undefined && end < bytes) throw this.#broken("it ended early", end);
      await file.sync().catch((error: unknown) => {
        throw diskError(error, this.part);
      });
    } finally {
      await file.close();
    }
  }

  async #writeRecord(identity: Identity | undefined): Promise<void> {
    if (identity === undefined) await rm(this.#record, { force: true });
    else
      await writeFileAtomic(this.#record, `${JSON.stringify(identity)}\n`).catch((error: unknown) => {
        throw diskError(error, this.part);
      });
  }

  /** @returns the length that the part has then */
  async #copy(response: Response, file: FileHandle, first: number, bytes: number | undefined): Promise<number> {
    const reader = response.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined;
    let at = first;
    try {
      for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
        const { value } = next;
        if (bytes !== undefined && at + value.length > bytes)
          throw this.#broken("it brings more bytes than it said", first);
        await file.writeFile(value).catch((error: unknown) => {
          throw diskError(error, this.part);
        });
        at += value.length;
        this.fetchedBytes += value.length;
        this.#onProgress?.({ doneBytes: at, ...(bytes !== undefined && { totalBytes: bytes }) });
      }
      return at;
    } catch (error) {
      reader?.cancel().catch(() => undefined);
      throw asBroken(this.#client.url, error, this.#comesFurther(at));
    }
  }

  #broken(why: string, at: number): PassingFailure {
    return brokenConnection(this.#client.url, why, undefined, this.#comesFurther(at));
  }

  /** Whether the part is longer than it ever was: only that is progress, or a server without ranges would be asked forever. */
  #comesFurther(at: number): boolean {
    const further = at > this.#furthest;
    this.#furthest = Math.max(at, this.#furthest);
    return further;
  }
}

/** What was fetched belongs to another file than the one that the server has now. */
class OtherFile extends Error {}

function identityOf(response: Response, linked: LinkedFacts): Identity | undefined {
  const own = response.headers.get("etag");
  const etag = linked.etag ?? own;
  if (etag === null) return undefined;
  const size = linked.size !== null && /^\d{1,15}$/.test(linked.size) ? Number(linked.size) : sizeOf(response);
  return { etag, linked: linked.etag !== null, ...(size !== undefined && { bytes: size }) };
}

/** The size of the whole file, as an answer with all or part of it says it. */
function sizeOf({ status, headers }: Response): number | undefined {
  if (status === 206) return parseContentRange(headers.get("content-range"))?.size;
  const length = headers.get("content-length");
  return length !== null && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/** The offset that an answer begins at; undefined where it is neither the beginning nor what was asked for. */
function firstByte({ status, headers }: Response, asked: number): number | undefined {
  if (status !== 206) return 0;
  const range = parseContentRange(headers.get("content-range"));
  return range?.first === asked ? asked : undefined;
}

function same(a: Identity, b: Identity): boolean {
  return a.etag === b.etag && a.linked === b.linked && (a.bytes ?? b.bytes) === (b.bytes ?? a.bytes);
}

function differs(identity: Identity, { etag }: LinkedFacts): boolean {
  return etag !== null && identity.linked && identity.etag !== etag;
}

/** A weak ETag is not allowed there, and what the hub says is not what the other server calls the file. */
function ifRange(identity: Identity | undefined): string | undefined {
  return identity === undefined || identity.linked || identity.etag.startsWith("W/") ? undefined : identity.etag;
}
