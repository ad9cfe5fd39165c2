import { createHash } from "node:crypto";
import { type FileHandle, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { UnreelError } from "../errors.js";

/** The system's code of a failed call: "ENOENT". */
export function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** A failed write below `path`, as a coded error: not writable where a retry cannot help, I/O otherwise. */
export function writeError(error: unknown, path: string): UnreelError {
  const code = systemCode(error);
  const why = error instanceof Error ? error.message : String(error);
  if (["EACCES", "EPERM", "EROFS"].includes(code)) {
    const message = `${path} cannot be written (${code}); choose a folder that you may write to`;
    return new UnreelError("ERR_UNREEL_OUTPUT_NOT_WRITABLE", message, { path }, error);
  }
  if (["ENOTDIR", "EEXIST", "ENOENT", "ENAMETOOLONG", "ELOOP"].includes(code)) {
    return new UnreelError("ERR_UNREEL_OUTPUT_NOT_WRITABLE", `${path} cannot be created: ${why}`, { path }, error);
  }
  return new UnreelError("ERR_UNREEL_IO", `Writing ${path} failed: ${why}`, { path }, error);
}

/** A failed read of something that a store needs. */
export function readError(error: unknown, path: string): UnreelError {
  const code = systemCode(error);
  if (["EACCES", "EPERM"].includes(code)) {
    return new UnreelError(
      "ERR_UNREEL_NOT_READABLE",
      `${path} may not be read; check its permissions`,
      { path },
      error,
    );
  }
  return new UnreelError("ERR_UNREEL_IO", `Reading ${path} failed: ${String(error)}`, { path }, error);
}

/** What is on disk is not what was written. */
export function corrupt(path: string, why: string, cause?: unknown): UnreelError {
  return new UnreelError("ERR_UNREEL_STORE_CORRUPT", `${path} is damaged: ${why}`, { path }, cause);
}

/** How a file was when it was written. */
export interface FileSeal {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

async function withFile<T>(path: string, flags: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, flags);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** Makes renames and new names in a folder survive a power cut. */
export function syncFolder(folder: string): Promise<void> {
  return withFile(folder, "r", (handle) => handle.sync());
}

/** Writes a file anew and waits until it is on the disk. */
export function writeSynced(path: string, chunks: Iterable<Uint8Array>): Promise<FileSeal> {
  const hash = createHash("sha256");
  let bytes = 0;
  return withFile(path, "w", async (file) => {
    for (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      await file.writeFile(chunk);
    }
    await file.sync();
    return { bytes, sha256: hash.digest("hex") };
  });
}

/** Gives a written file its final name; afterwards it has that name, or the old one, whatever happens. */
export async function publish(temporary: string, path: string): Promise<void> {
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/**
 * Reads a file and checks that it is as it was written.
 *
 * @throws UnreelError `ERR_UNREEL_STORE_CORRUPT` when it is missing, of another size, or of another content
 */
export async function readSealed(path: string, seal: FileSeal): Promise<Uint8Array> {
  let content: Uint8Array;
  try {
    content = await readFile(path);
  } catch (error) {
    throw systemCode(error) === "ENOENT" ? corrupt(path, "it is missing", error) : readError(error, path);
  }
  if (content.length !== seal.bytes)
    throw corrupt(path, `it has ${content.length} bytes, its commit says ${seal.bytes}`);
  const sha256 = createHash("sha256").update(content).digest("hex");
  if (sha256 !== seal.sha256) throw corrupt(path, `its SHA-256 is ${sha256}, its commit says ${seal.sha256}`);
  return content;
}
