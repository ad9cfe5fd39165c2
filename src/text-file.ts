import { readFile } from "node:fs/promises";
import { UnreelError } from "./errors.js";

/**
 * The bytes of a file that a user named.
 *
 * @throws UnreelError `ERR_UNREEL_NOT_FOUND`, `…_IS_A_DIRECTORY`, `…_NOT_READABLE`, `…_EMPTY_FILE` or `…_IO`
 */
export async function readUserFile(path: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const system = error instanceof Error && "code" in error ? String(error.code) : "";
    const details = { path, system };
    if (system === "ENOENT" || system === "ENOTDIR") {
      throw new UnreelError("ERR_UNREEL_NOT_FOUND", `there is no file ${path}`, details, error);
    }
    if (system === "EISDIR") {
      throw new UnreelError("ERR_UNREEL_IS_A_DIRECTORY", `${path} is a folder; a file is wanted`, details, error);
    }
    if (system === "EACCES" || system === "EPERM") {
      throw new UnreelError("ERR_UNREEL_NOT_READABLE", `${path} may not be read (${system})`, details, error);
    }
    throw new UnreelError("ERR_UNREEL_IO", `reading ${path} failed: ${String(error)}`, details, error);
  }
  if (bytes.length === 0) throw new UnreelError("ERR_UNREEL_EMPTY_FILE", `${path} has no bytes`, { path });
  return bytes;
}

/**
 * The text of a UTF-8 file that a user named.
 *
 * @throws UnreelError as {@link readUserFile}, or `ERR_UNREEL_MANIFEST_INVALID` where the bytes are not UTF-8
 */
export async function readTextFile(path: string): Promise<string> {
  const bytes = await readUserFile(path);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new UnreelError("ERR_UNREEL_MANIFEST_INVALID", `${path} is not UTF-8 text`, { path }, error);
  }
}
