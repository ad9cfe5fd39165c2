import { readdir, realpath, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { UnreelError } from "../errors.js";
import { byCodeUnit } from "./video.js";

/** Suffixes of what unreel's demuxers read, in lower case. */
const VIDEO_SUFFIXES: ReadonlySet<string> = new Set(
  (
    ".mp4 .m4v .mov .qt .3gp .mkv .webm .avi .flv .f4v .ts .m2ts .mts .mpg .mpeg .vob .m2v " +
    ".wmv .asf .ogv .ogg .ogm .gif .mjpeg .mjpg"
  ).split(" "),
);

/** Whether a file's name ends like a video's. Hidden files (`._a.mp4`, as macOS leaves them) are none. */
export function isVideoName(name: string): boolean {
  return !name.startsWith(".") && VIDEO_SUFFIXES.has(extname(name).toLowerCase());
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** A file or folder of a dataset that cannot be read, as a coded error. */
function readError(error: unknown, path: string): unknown {
  const code = codeOf(error);
  if (code === "ENOENT") return new UnreelError("ERR_UNREEL_NOT_FOUND", `There is no ${path}`, { path }, error);
  if (code === "EACCES" || code === "EPERM") {
    return new UnreelError(
      "ERR_UNREEL_NOT_READABLE",
      `${path} may not be read; check its permissions`,
      { path },
      error,
    );
  }
  if (code === "ENOTDIR") {
    return new UnreelError(
      "ERR_UNREEL_DATASET_INVALID",
      `${path} is not a folder; a dataset's root is one`,
      { path },
      error,
    );
  }
  return new UnreelError("ERR_UNREEL_IO", `${path} cannot be read: ${String(error)}`, { path }, error);
}

/** The names in a folder that are not hidden, sorted by code unit. */
export async function visibleNames(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith(".")).sort(byCodeUnit);
  } catch (error) {
    throw readError(error, folder);
  }
}

/** "folder", "file", or undefined for what is neither or not there; links are followed. */
export async function kindOfPath(path: string): Promise<"folder" | "file" | undefined> {
  try {
    const found = await stat(path);
    return found.isDirectory() ? "folder" : found.isFile() ? "file" : undefined;
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ELOOP") return undefined;
    throw readError(error, path);
  }
}

/**
 * Every video below a folder, as '/'-separated paths relative to it, sorted by code unit. Links are followed, but not
 * into a folder that is already being walked.
 */
export async function videosBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  const walk = async (relative: string, above: readonly string[]): Promise<void> => {
    const here = join(folder, relative);
    const names = await visibleNames(here);
    const real = await realpath(here);
    if (above.includes(real)) return;
    for (const name of names) {
      const path = relative === "" ? name : `${relative}/${name}`;
      const kind = await kindOfPath(join(folder, path));
      if (kind === "folder") await walk(path, [...above, real]);
      else if (kind === "file" && isVideoName(name)) found.push(path);
    }
  };
  await walk("", []);
  return found.sort(byCodeUnit);
}
