import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { basename, join } from "node:path";
import { isVideoName, kindOfPath, visibleNames } from "../datasets/files.js";
import { isInputError } from "../encoder.js";
import { type CodedError, UnreelError } from "../errors.js";
import { pathOf } from "../validate.js";
import { openVideo, type Video } from "../video.js";
import type { FootageShape } from "./plan.js";

/** A video that clips can be cut from. */
export interface Footage extends FootageShape {
  readonly path: string;
  /** The file's name without its folders. */
  readonly file: string;
  /** Of the file's bytes, hexadecimal. */
  readonly sha256: string;
}

/** A source that gives no clips, and why. */
export interface SkippedSource {
  readonly source: string;
  readonly code: string;
  readonly reason: string;
}

async function sha256Of(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { signal })) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

/** From the times of the first and the last frame; 25 where they say nothing. */
async function measureFps(video: Video, signal: AbortSignal | undefined): Promise<number> {
  const { frameCount } = video.info;
  const times: { frame: number; ptsUs: number }[] = [];
  const ends = { frames: [...new Set([0, frameCount - 1])], size: "clip", ...(signal && { signal }) } as const;
  for await (const { frame, ptsUs } of video.sample(ends)) times.push({ frame, ptsUs });
  const [first, last] = times;
  if (first === undefined || last === undefined || last.ptsUs <= first.ptsUs) return 25;
  return ((last.frame - first.frame) * 1e6) / (last.ptsUs - first.ptsUs);
}

async function inspect(path: string, signal: AbortSignal | undefined): Promise<Footage> {
  await using video = await openVideo(path, { ...(signal && { signal }) });
  const { width, height, frameCount } = video.info;
  const fps = await measureFps(video, signal);
  return { path, file: basename(path), sha256: await sha256Of(path, signal), width, height, frames: frameCount, fps };
}

/** The sources with each folder replaced by the videos in it, sorted by name. */
async function expand(sources: readonly string[]): Promise<string[]> {
  const paths: string[] = [];
  for (const source of sources) {
    const path = pathOf(source, "sources[]");
    if ((await kindOfPath(path)) !== "folder") {
      paths.push(path);
      continue;
    }
    const names = (await visibleNames(path)).filter(isVideoName);
    if (names.length === 0) {
      throw new UnreelError("ERR_UNREEL_NOT_FOUND", `${source} is a folder without a video; give video files`, {
        path,
      });
    }
    paths.push(...names.map((name) => join(path, name)));
  }
  return paths;
}

/**
 * Opens every source and reads what a plan needs. A file that cannot be read as a video, or has the same bytes as an
 * earlier one, is skipped and said; when none is left, the first one's error is thrown.
 *
 * @param sources - videos, or folders of videos
 */
export async function inspectFootage(
  sources: readonly string[],
  signal?: AbortSignal,
): Promise<{ footage: Footage[]; skipped: SkippedSource[] }> {
  const footage: Footage[] = [];
  const skipped: SkippedSource[] = [];
  let firstError: CodedError | undefined;
  for (const path of await expand(sources)) {
    try {
      const found = await inspect(path, signal);
      const twin = footage.find(({ sha256 }) => sha256 === found.sha256);
      if (twin === undefined) footage.push(found);
      else skipped.push({ source: path, code: "duplicate", reason: `the same bytes as ${twin.path}` });
    } catch (error) {
      if (!isInputError(error)) throw error;
      firstError ??= error;
      skipped.push({ source: path, code: error.code, reason: error.message });
    }
  }
  if (footage.length === 0 && firstError !== undefined) throw firstError;
  return { footage, skipped };
}
