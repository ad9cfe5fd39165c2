import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { dirname, join } from "node:path";

/**
 * The SHA-256 of a model: of its file, or where weights lie in files beside it, of one line `HASH  NAME` for each file, the
 * model first under the name `model`.
 *
 * @param own the file's own hash
 * @param externalFiles names of the files beside it, sorted
 */
export async function modelHash(
  own: string,
  file: string,
  externalFiles: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string> {
  const beside = new Map<string, string>();
  for (const name of externalFiles) beside.set(name, await fileHash(join(dirname(file), name), signal));
  return joinedHash(own, beside);
}

/** {@link modelHash} from the hashes of the files. */
export function joinedHash(own: string, beside: ReadonlyMap<string, string>): string {
  if (beside.size === 0) return own;
  const lines = [["model", own], ...beside].map(([name, hash]) => `${hash}  ${name}\n`);
  return createHash("sha256").update(lines.join("")).digest("hex");
}

/** The SHA-256 of one file. */
export async function fileHash(file: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20, ...(signal && { signal }) })) {
    hash.update(chunk as Uint8Array);
  }
  return hash.digest("hex");
}
