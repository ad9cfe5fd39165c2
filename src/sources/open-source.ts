import { isCodedError, UnreelError } from "../errors.js";
import type { NativeLimits, NativeSource, NativeSpool } from "../native/binding.js";
import { awaitNative, callNative, nativeBinding } from "../native/load.js";
import type { HttpSettings } from "./http-options.js";
import { HttpProducer } from "./http-producer.js";
import type { Producer } from "./producer.js";
import { StreamProducer } from "./stream-producer.js";
import type { Input } from "./video-source.js";

/** Bytes that are handed to the engine in one call: copying them takes the JavaScript thread a moment. */
const pieceBytes = 1 << 20;

/** An input as the engine reads it, for one video. */
export interface OpenedSource {
  readonly native: NativeSource;
  /** The error that the caller gets for one of the engine's: with the cause, where the producer of the bytes failed. */
  explain(error: unknown): unknown;
  /** Lets go of the stream or the server. Idempotent. */
  close(): void;
}

/** Feeds a native spool from a producer, as long as somebody reads it. */
class SpooledInput implements OpenedSource {
  readonly native: NativeSpool;
  readonly #producer: Producer;
  #failure: UnreelError | undefined;
  #closed = false;

  constructor(producer: Producer, limits: NativeLimits) {
    this.#producer = producer;
    this.native = callNative(() => nativeBinding().createSpool(producer.name, limits));
    // Also when the engine gave up: the longest wait was over, or nobody holds the video any more.
    this.native.done().then(() => producer.close());
    void this.#pump();
  }

  async #pump(): Promise<void> {
    try {
      for (;;) {
        const wanted = await this.native.wanted();
        if (wanted === null) return;
        const step = await this.#producer.next(wanted);
        if (this.#closed) return;
        if ("size" in step) callNative(() => this.native.setSize(step.size));
        else await this.#put(step.at, step.bytes);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  async #put(at: number, bytes: Uint8Array): Promise<void> {
    for (let begin = 0; begin < bytes.length && !this.#closed; begin += pieceBytes) {
      await awaitNative(() => this.native.put(at + begin, bytes.subarray(begin, begin + pieceBytes)));
    }
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    const failure =
      error instanceof UnreelError ? error : new UnreelError("ERR_UNREEL_INTERNAL", String(error), {}, error);
    this.#failure = failure;
    this.native.fail(failure.code, failure.message, failure.details);
  }

  explain(error: unknown): unknown {
    const failure = this.#failure;
    const same = isCodedError(error) && error.code === failure?.code && error.message === failure.message;
    return same ? failure : error;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.native.close();
    this.#producer.close();
  }
}

const nothingToClose = { explain: (error: unknown) => error, close: () => undefined };

/**
 * Opens an input for one video; bytes are brought once the engine reads.
 *
 * @throws UnreelError `ERR_UNREEL_SOURCE_CONSUMED`
 */
export function openSource(input: Input, limits: NativeLimits, http: HttpSettings): OpenedSource {
  switch (input.kind) {
    case "file":
      return { native: input.path, ...nothingToClose };
    case "bytes":
      return { native: input.bytes, ...nothingToClose };
    case "web":
      return new SpooledInput(new HttpProducer(input.url, http), limits);
    case "stream":
      return new SpooledInput(new StreamProducer(input.stream), limits);
  }
}
