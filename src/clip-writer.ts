import type { NativeClip } from "./native/binding.js";
import { awaitNative, nativeBinding } from "./native/load.js";
import { checkInteger, checkOneOf, checkRange, checkTyped, pathOf } from "./validate.js";

/** Options of {@link createClip}. */
export interface ClipOptions {
  /** `mpeg4` (default), `mjpeg`, or `ffv1`, which is lossless. */
  readonly codec?: "mpeg4" | "mjpeg" | "ffv1";
  /** Pixels; even for mpeg4 and mjpeg. */
  readonly width: number;
  readonly height: number;
  /** Frames per second as a fraction. Default 25/1. */
  readonly fps?: { readonly numerator: number; readonly denominator: number };
  /** mpeg4 and mjpeg: fixed quantiser from 1 (best) to 31. Default 4. */
  readonly quality?: number;
  /** Frames from one key frame to the next. Default 25. */
  readonly gop?: number;
}

/** Writes one video clip. The file appears under its name when {@link ClipWriter.finish} has succeeded, never before. */
export class ClipWriter implements AsyncDisposable {
  readonly #native: NativeClip;
  readonly #bytes: number;

  /** @internal use {@link createClip} */
  constructor(native: NativeClip, bytes: number) {
    this.#native = native;
    this.#bytes = bytes;
  }

  /** Appends one frame: uint8 RGB, height x width x 3. */
  write(rgb: Uint8Array): Promise<void> {
    checkTyped(rgb, Uint8Array, this.#bytes, "rgb");
    return awaitNative(() => this.#native.write(rgb));
  }

  /** Ends the clip and gives the file its name. */
  async finish(): Promise<void> {
    await awaitNative(() => this.#native.finish());
  }

  /** Drops an unfinished clip; nothing stays behind. */
  close(): void {
    this.#native.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/**
 * Starts a clip; the container follows from the path's ending: .mp4, .mkv or .avi.
 *
 * @throws UnreelError `ERR_UNREEL_OUTPUT_NOT_WRITABLE`, `ERR_UNREEL_WRITE_FAILED`
 *
 * @example
 * ```ts
 * import { createClip } from "unreel";
 *
 * const clip = await createClip("gray.mp4", { width: 64, height: 64 });
 * for (let i = 0; i < 10; i++) await clip.write(new Uint8Array(64 * 64 * 3).fill(20 * i));
 * await clip.finish();
 * ```
 */
export function createClip(path: string, options: ClipOptions): Promise<ClipWriter> {
  const fps = options.fps ?? { numerator: 25, denominator: 1 };
  const native = {
    codec: checkOneOf(options.codec ?? "mpeg4", ["mpeg4", "mjpeg", "ffv1"], "options.codec"),
    width: checkInteger(options.width, 1, "options.width"),
    height: checkInteger(options.height, 1, "options.height"),
    fpsNumerator: checkInteger(fps.numerator, 1, "options.fps.numerator"),
    fpsDenominator: checkInteger(fps.denominator, 1, "options.fps.denominator"),
    quality: checkRange(options.quality ?? 4, 1, 31, "options.quality"),
    gop: checkInteger(options.gop ?? 25, 1, "options.gop"),
  };
  const target = pathOf(path, "path");
  const bytes = native.width * native.height * 3;
  return awaitNative(() => nativeBinding().createClip(target, native)).then((clip) => new ClipWriter(clip, bytes));
}
