import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { setImmediate } from "node:timers/promises";
import { isUint8Array } from "node:util/types";
import { UnreelError } from "../errors.js";
import { shown } from "../validate.js";
import type { Producer, Step } from "./producer.js";

const name = "the stream";

/** Streams and iterators that some video has read: they have nothing left for another. */
const taken = new WeakSet<object>();

/** Values in order, and a way to let go of what brings them at any moment. */
interface Feed {
  next(): Promise<IteratorResult<unknown>>;
  close(): void;
}

function ignore(): void {}

/** Destroying ends a read that waits, which an iterator's return() does not. */
function feedOfReadable(stream: Readable): Feed {
  // From now on: a stream may fail before its first byte is asked for, and an error without a listener ends the process.
  stream.on("error", ignore);
  const iterator = stream[Symbol.asyncIterator]();
  return { next: () => iterator.next(), close: () => void stream.destroy() };
}

function feedOfWebStream(stream: ReadableStream): Feed {
  const reader = stream.getReader();
  return {
    async next() {
      const { done, value } = await reader.read();
      return done ? { done, value: undefined } : { done, value };
    },
    close: () => void reader.cancel().catch(ignore),
  };
}

function feedOfIterator(iterator: AsyncIterator<unknown>): Feed {
  return {
    next: () => iterator.next(),
    close: () => {
      // Not waited for: an iterator that owes a value ends once it has it, which may be never.
      Promise.resolve(iterator.return?.()).catch(ignore);
    },
  };
}

function isUsedUp(stream: AsyncIterable<unknown>): boolean {
  if (taken.has(stream)) return true;
  if (stream instanceof Readable) return stream.readableEnded || (stream.destroyed && stream.errored === null);
  return stream instanceof ReadableStream && stream.locked;
}

function feedOf(stream: AsyncIterable<unknown>): Feed {
  if (isUsedUp(stream)) {
    throw new UnreelError(
      "ERR_UNREEL_SOURCE_CONSUMED",
      "The stream has been read already; give each video a stream of its own, or the bytes as a Uint8Array.",
    );
  }
  if (stream instanceof Readable || stream instanceof ReadableStream) {
    taken.add(stream);
    return stream instanceof Readable ? feedOfReadable(stream) : feedOfWebStream(stream);
  }
  const iterator = stream[Symbol.asyncIterator]();
  // Generators are their own iterators; other iterables give a new one each time.
  if ((iterator as object) === stream) taken.add(stream);
  return feedOfIterator(iterator);
}

/** Brings what a stream or an async iterable of bytes yields, one after the other. */
export class StreamProducer implements Producer {
  readonly name = name;
  readonly #feed: Feed;
  #position = 0;
  #closed = false;

  /** @throws UnreelError `ERR_UNREEL_SOURCE_CONSUMED` */
  constructor(stream: AsyncIterable<unknown>) {
    this.#feed = feedOf(stream);
  }

  async next(): Promise<Step> {
    for (;;) {
      const { done, value } = await this.#take();
      if (done) return { size: this.#position };
      if (!isUint8Array(value)) {
        throw new UnreelError(
          "ERR_UNREEL_SOURCE_INVALID",
          `The stream brought ${shown(value)}, which is no Uint8Array; a stream of texts has an encoding set, or is in object mode.`,
        );
      }
      if (value.length > 0) {
        const at = this.#position;
        this.#position += value.length;
        return { at, bytes: value };
      }
      // An iterator that yields nothing again and again must not keep timers from their turn.
      await setImmediate();
    }
  }

  async #take(): Promise<IteratorResult<unknown>> {
    try {
      return await this.#feed.next();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new UnreelError("ERR_UNREEL_SOURCE_FAILED", `The stream failed: ${why}`, {}, error);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#feed.close();
  }
}
