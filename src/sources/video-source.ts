import type { Readable } from "node:stream";
import { isUint8Array } from "node:util/types";
import { UnreelTypeError } from "../errors.js";
import { pathOf, shown } from "../validate.js";

/**
 * Where a video's bytes come from: a path, a `file:`, `http:` or `https:` URL, the bytes themselves, or something that
 * brings them in order: a Node stream, a web stream, any async iterable. A stream can be read once; it is taken over,
 * and destroyed when the video is closed or cannot be opened.
 *
 * @example
 * ```ts
 * import { createReadStream, readFileSync } from "node:fs";
 * import { openVideo, type VideoSource } from "unreel";
 *
 * const sources: VideoSource[] = ["clip.mp4", readFileSync("clip.mp4"), createReadStream("clip.mp4")];
 * for (const source of sources) {
 *   await using video = await openVideo(source);
 *   console.log(video.info.frameCount);
 * }
 * ```
 */
export type VideoSource = string | URL | Uint8Array | Readable | AsyncIterable<Uint8Array>;

/** A checked {@link VideoSource}. */
export type Input =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "web"; readonly url: URL }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "stream"; readonly stream: AsyncIterable<unknown> };

/** Whether a text is a URL of the web; anything else that a user types is a path or a `file:` URL. */
export function isWebAddress(text: string): boolean {
  return /^https?:/i.test(text);
}

function webInput(source: string | URL, name: string): Input {
  try {
    return { kind: "web", url: new URL(source) };
  } catch {
    throw new UnreelTypeError(`${name}: ${shown(String(source))} is no URL`);
  }
}

/** What a source is; `name` is the argument as the caller wrote it. */
export function inputOf(source: unknown, name: string): Input {
  if ((typeof source === "string" || source instanceof URL) && isWebAddress(String(source))) {
    return webInput(source, name);
  }
  if (typeof source === "string" || source instanceof URL) return { kind: "file", path: pathOf(source, name) };
  if (isUint8Array(source)) return { kind: "bytes", bytes: source };
  if (typeof source === "object" && source !== null && Symbol.asyncIterator in source) {
    return { kind: "stream", stream: source as AsyncIterable<unknown> };
  }
  throw new UnreelTypeError(
    `${name} must be a path, a URL, a Uint8Array, a stream or an async iterable of bytes, not ${shown(source)}`,
  );
}
