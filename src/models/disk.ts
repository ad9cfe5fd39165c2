import { dirname } from "node:path";
import { UnreelError } from "../errors.js";
import { systemCode, writeError } from "../features/files.js";

/** The error for a disk that has no room for a model. */
export function diskFull(folder: string, why: string, cause?: unknown): UnreelError {
  return new UnreelError(
    "ERR_UNREEL_IO",
    `the disk of ${folder} is full: ${why}. Make room and call again: what was fetched is kept and the rest is added to it`,
    { path: folder, system: "ENOSPC" },
    cause,
  );
}

/** A failed write of `path`, as a coded error that tells a full disk from the rest. */
export function diskError(error: unknown, path: string): UnreelError {
  const full = ["ENOSPC", "EDQUOT"].includes(systemCode(error instanceof UnreelError ? error.cause : error));
  if (full) return diskFull(dirname(path), "writing failed", error);
  return error instanceof UnreelError ? error : writeError(error, path);
}
