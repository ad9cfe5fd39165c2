// How a model's file comes to its place: whole, proven, and never over a file of the user's.
import { constants } from "node:fs";
import { access, copyFile, open, rm, stat } from "node:fs/promises";
import { UnreelError } from "../errors.js";
import { publish, systemCode, writeError } from "../features/files.js";
import { type Checksum, checksum, difference, type Pin } from "./checksum.js";
import { diskError } from "./disk.js";

/** Where a model's file is to lie. */
export interface Place {
  readonly file: string;
  /** Whether the place is one of the user's, where nothing is replaced. */
  readonly foreign: boolean;
}

/**
 * Whether a file lies there.
 *
 * @throws UnreelError `ERR_UNREEL_OUTPUT_EXISTS` where something else does
 */
export async function isThere(file: string): Promise<boolean> {
  try {
    const info = await stat(file);
    if (info.isFile()) return true;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error))) return false;
    throw writeError(error, file);
  }
  throw new UnreelError("ERR_UNREEL_OUTPUT_EXISTS", `${file} is there already and is no file`, { path: file });
}

/** The error for a file of the user's that is in the way. */
export function foreignFile(path: string, why: string): UnreelError {
  const message = `${path} is there already and is another file: ${why}. Delete it, or choose another name`;
  return new UnreelError("ERR_UNREEL_OUTPUT_EXISTS", message, { path });
}

/** Undefined for what is no file or may not be read. */
async function readableSize(file: string): Promise<number | undefined> {
  try {
    await access(file, constants.R_OK);
    const info = await stat(file);
    return info.isFile() ? info.size : undefined;
  } catch {
    return undefined;
  }
}

/** Copies a file of this machine to its place if its bytes are right; the copy is what is hashed. */
export async function takeCopy(
  copy: string,
  place: Place,
  pin: Pin,
  signal: AbortSignal | undefined,
): Promise<Checksum | undefined> {
  const size = await readableSize(copy);
  if (size === undefined || (pin.bytes !== undefined && pin.bytes !== size)) return undefined;
  const temporary = `${place.file}.copy`;
  try {
    await copyFile(copy, temporary, constants.COPYFILE_FICLONE);
    const found = await checksum(temporary, signal);
    if (difference(pin, found) !== undefined) return undefined;
    await takeName(temporary, place);
    return found;
  } catch (error) {
    throw error instanceof UnreelError ? error : diskError(error, place.file);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Gives a proven file its name. */
export async function takeName(temporary: string, { file, foreign }: Place): Promise<void> {
  // Nothing of the user's is replaced, not even what came there meanwhile.
  if (foreign && (await isThere(file))) throw foreignFile(file, "it came while the model was being fetched");
  try {
    const handle = await open(temporary, "r");
    await handle.sync().finally(() => handle.close());
    await publish(temporary, file);
  } catch (error) {
    throw writeError(error, file);
  }
}
