// What a file's bytes must be, and what they are.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { throwIfAborted, UnreelError } from "../errors.js";
import { readError } from "../features/files.js";

/** What is known beforehand of a file's bytes: at least one of the hashes. */
export interface Pin {
  readonly bytes?: number;
  readonly sha256?: string;
  /** SHA-1 of git's blob, which is what the hub knows of files that are not stored by SHA-256. */
  readonly gitOid?: string;
}

/** What a file's bytes are. */
export interface Checksum {
  readonly bytes: number;
  readonly sha256: string;
  readonly gitOid: string;
}

/**
 * Reads a file and hashes it.
 *
 * @throws UnreelError `ERR_UNREEL_NOT_READABLE`, `ERR_UNREEL_IO`, `ERR_UNREEL_ABORTED`
 */
export async function checksum(path: string, signal?: AbortSignal): Promise<Checksum> {
  throwIfAborted(signal);
  try {
    const { size } = await stat(path);
    const sha256 = createHash("sha256");
    const blob = createHash("sha1").update(`blob ${size}\0`);
    let bytes = 0;
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, ...(signal && { signal }) })) {
      const part = chunk as Uint8Array;
      sha256.update(part);
      blob.update(part);
      bytes += part.length;
    }
    return { bytes, sha256: sha256.digest("hex"), gitOid: blob.digest("hex") };
  } catch (error) {
    throwIfAborted(signal);
    throw readError(error, path);
  }
}

/** How a file's bytes differ from what they must be; undefined where they do not. */
export function difference(pin: Pin, { bytes, sha256, gitOid }: Checksum): string | undefined {
  if (pin.bytes !== undefined && pin.bytes !== bytes) return `it has ${bytes} bytes, not ${pin.bytes}`;
  if (pin.sha256 !== undefined && pin.sha256 !== sha256) return `its SHA-256 is ${sha256}, not ${pin.sha256}`;
  if (pin.gitOid !== undefined && pin.gitOid !== gitOid) return `its git hash is ${gitOid}, not ${pin.gitOid}`;
  return undefined;
}

/** The error for a file whose bytes are not the pinned ones. */
export function hashMismatch(what: string, why: string, path: string, advice: string): UnreelError {
  return new UnreelError("ERR_UNREEL_HASH_MISMATCH", `${what} is not what it should be: ${why}. ${advice}`, { path });
}
