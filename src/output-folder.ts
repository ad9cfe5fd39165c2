// Folders that a command fills: whose they are, and writing into them so that no half file is ever seen.
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { UnreelError } from "./errors.js";

/** What tells an output folder of ours from somebody else's. */
export interface OutputFolderOptions {
  /** The file whose presence says that an earlier run of unreel wrote the folder: "metrics.json". */
  readonly marker: string;
  /**
   * A file that tells the same while the marker is not there yet, which an unfinished run leaves. Others may have one of
   * its name: ours has `mark` in its first bytes.
   */
  readonly unfinished?: { readonly file: string; readonly mark: string };
  /** What will be written, for messages: "a report". */
  readonly what: string;
  /**
   * Whether the marker's text is really ours, where its name is one that others use too. Without it presence decides.
   */
  readonly recognise?: (text: string) => boolean;
}

const temporaryName = /^\.unreel-(\d+)-[0-9a-f]+\.tmp$/;

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** The coded error for a failed write below `path`. */
function writeError(error: unknown, path: string): UnreelError {
  const system = codeOf(error);
  const details = { path, system };
  switch (system) {
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new UnreelError(
        "ERR_UNREEL_OUTPUT_NOT_WRITABLE",
        `${path} cannot be written (${system}): choose another place or mend its permissions`,
        details,
        error,
      );
    case "ENOENT":
    case "ENOTDIR":
    case "ELOOP":
    case "ENAMETOOLONG":
      return new UnreelError("ERR_UNREEL_OUTPUT_NOT_WRITABLE", `${path} cannot be created (${system})`, details, error);
    case "EISDIR":
    case "EEXIST":
    case "ENOTEMPTY":
      return new UnreelError("ERR_UNREEL_OUTPUT_EXISTS", `${path} is there already and is no file`, details, error);
    default:
      return new UnreelError("ERR_UNREEL_IO", `writing ${path} failed: ${String(error)}`, details, error);
  }
}

function processLives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** The names in a folder, without temporary files; those whose writer was killed are removed. */
async function entriesOf(folder: string): Promise<string[]> {
  const entries: string[] = [];
  for (const name of await readdir(folder)) {
    const pid = temporaryName.exec(name)?.[1];
    if (pid === undefined) entries.push(name);
    else if (!processLives(Number(pid))) await rm(join(folder, name), { force: true, recursive: true });
  }
  return entries;
}

async function beginningOf(path: string): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function isOurs(folder: string, entries: readonly string[], options: OutputFolderOptions): Promise<boolean> {
  const { unfinished } = options;
  if (unfinished !== undefined && entries.includes(unfinished.file)) {
    if ((await beginningOf(join(folder, unfinished.file))).includes(unfinished.mark)) return true;
  }
  if (!entries.includes(options.marker)) return false;
  return options.recognise === undefined || options.recognise(await readFile(join(folder, options.marker), "utf8"));
}

async function isFolder(path: string): Promise<boolean | undefined> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw writeError(error, path);
  }
}

/**
 * Makes sure that `folder` can take an output: creates it with its parents, or accepts it when it is empty or was
 * written by an earlier run (its marker is there; what it holds is left for the writer to replace file by file). Proves
 * that it is writable by writing. Call it before the work, so that hours are not spent for an output that cannot be.
 *
 * @throws UnreelError `ERR_UNREEL_OUTPUT_EXISTS` where a file or something of somebody else's is in the way,
 * `ERR_UNREEL_OUTPUT_NOT_WRITABLE` where it cannot be created or written.
 */
export async function prepareOutputFolder(folder: string, options: OutputFolderOptions): Promise<void> {
  const path = resolve(folder);
  const kind = await isFolder(path);
  if (kind === false) {
    throw new UnreelError("ERR_UNREEL_OUTPUT_EXISTS", `${folder} is a file; ${options.what} needs a folder`, { path });
  }
  try {
    await mkdir(path, { recursive: true });
    const entries = await entriesOf(path);
    if (entries.length > 0 && !(await isOurs(path, entries, options))) {
      throw new UnreelError(
        "ERR_UNREEL_OUTPUT_EXISTS",
        `${folder} holds something else (${entries.sort().slice(0, 3).join(", ")}); ` +
          `${options.what} goes into a new or empty folder, or replaces an earlier one`,
        { path },
      );
    }
    const probe = temporaryBeside(join(path, "probe"));
    await (await open(probe, "wx")).close();
    await rm(probe);
  } catch (error) {
    throw error instanceof UnreelError ? error : writeError(error, path);
  }
}

function temporaryBeside(path: string): string {
  return join(dirname(path), `.unreel-${process.pid}-${randomBytes(6).toString("hex")}.tmp`);
}

/** A file's content: at once, or part by part (a part may be reused once the next is asked for). */
export type FileContent = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

async function writeTemporary(path: string, data: FileContent): Promise<string> {
  const temporary = temporaryBeside(path);
  try {
    const file = await open(temporary, "wx");
    try {
      await writeFile(file, data);
      await file.sync();
    } finally {
      await file.close();
    }
    return temporary;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error instanceof UnreelError ? error : writeError(error, path);
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Writes several files of one folder: all are on disk under temporary names before the first takes its own name, in the
 * order given. A run that fails or is killed leaves whole files only.
 *
 * @param files - contents by file name; a name has no slash.
 * @throws UnreelError `ERR_UNREEL_OUTPUT_NOT_WRITABLE`, `ERR_UNREEL_OUTPUT_EXISTS` (a folder has the name) or
 * `ERR_UNREEL_IO`; then no temporary file stays.
 */
export async function writeFilesAtomic(folder: string, files: Readonly<Record<string, FileContent>>): Promise<void> {
  const waiting = new Map<string, string>();
  try {
    for (const [name, data] of Object.entries(files)) {
      const path = join(folder, name);
      waiting.set(path, await writeTemporary(path, data));
    }
    for (const [path, temporary] of waiting) {
      await rename(temporary, path).catch((error: unknown) => {
        throw writeError(error, path);
      });
      waiting.delete(path);
    }
  } finally {
    for (const temporary of waiting.values()) await rm(temporary, { force: true }).catch(() => undefined);
  }
  await syncFolder(folder).catch((error: unknown) => {
    throw writeError(error, folder);
  });
}

/**
 * Lets `fill` write files into a new folder within `folder`, then moves those that it names to `folder`, in that order. So
 * files that belong together can be looked at together before they take their names. What a killed run left is removed.
 *
 * @throws UnreelError as {@link writeFilesAtomic}, and whatever `fill` throws; then nothing is left.
 */
export async function stageFiles<T>(
  folder: string,
  fill: (stage: string) => Promise<{ readonly names: readonly string[]; readonly result: T }>,
): Promise<T> {
  const stage = temporaryBeside(join(folder, "stage"));
  try {
    await entriesOf(folder);
    await mkdir(stage);
  } catch (error) {
    throw writeError(error, stage);
  }
  try {
    const { names, result } = await fill(stage);
    for (const name of names) {
      await rename(join(stage, name), join(folder, name)).catch((error: unknown) => {
        throw writeError(error, join(folder, name));
      });
    }
    await syncFolder(folder);
    return result;
  } finally {
    await rm(stage, { recursive: true, force: true }).catch(() => undefined);
  }
}

/**
 * Writes one file so that readers see the old content or the new, never a part: temporary file beside it, fsync,
 * rename, fsync of the folder.
 *
 * @throws UnreelError as {@link writeFilesAtomic}.
 */
export async function writeFileAtomic(path: string, data: FileContent): Promise<void> {
  await writeFilesAtomic(dirname(path), { [basename(path)]: data });
}
