import { createHash } from "node:crypto";

/**
 * The SHA-256 of a model: of its file, or where weights lie in files beside it, of one line `HASH  NAME` for each file, the
 * model first under the name `model`.
 *
 * @param own of the model file
 * @param beside of the files beside it, by name, sorted
 */
export function joinedHash(own: string, beside: ReadonlyMap<string, string>): string {
  if (beside.size === 0) return own;
  const lines = [["model", own], ...beside].map(([name, hash]) => `${hash}  ${name}\n`);
  return createHash("sha256").update(lines.join("")).digest("hex");
}
