import type { FileHandle } from "node:fs/promises";
import { UnreelError } from "../../errors.js";
import type { Piece } from "../protobuf.js";

/** Where bytes of a model come from: a file, or memory that was read from one. */
export interface ByteSource {
  /** The file's path, for messages. */
  readonly path: string;
  /** Where the source's byte 0 lies in the file. */
  readonly origin: number;
  readonly size: number;
  /** All of it, where it is in memory. */
  readonly memory?: Uint8Array;
  /** Bytes [at, at + length), which lie within the source. */
  read(at: number, length: number): Promise<Uint8Array>;
}

/** A model's fault, with its place. */
export function damaged(path: string, byte: number, what: string): UnreelError {
  return new UnreelError(
    "ERR_UNREEL_MODEL_INVALID",
    `The model file ${path} is damaged: ${what}, near byte ${byte}. Fetch or make it again.`,
    { path, byte },
  );
}

/** The bytes of an open file. The handle stays the caller's. */
export function fileSource(path: string, file: FileHandle, size: number): ByteSource {
  return {
    path,
    origin: 0,
    size,
    async read(at, length) {
      const buffer = new Uint8Array(length);
      for (let filled = 0; filled < length; ) {
        const { bytesRead } = await file.read(buffer, filled, length - filled, at + filled);
        if (bytesRead === 0) throw damaged(path, at + filled, "it became shorter while it was read");
        filled += bytesRead;
      }
      return buffer;
    },
  };
}

/** Bytes in memory that lay at `origin` of the file at `path`. */
export function memorySource(path: string, memory: Uint8Array, origin: number): ByteSource {
  return { path, origin, size: memory.length, memory, read: async (at, length) => memory.subarray(at, at + length) };
}

const bytesPerChunk = 1 << 20;

/** Bytes [begin, begin + size) of a source, read only when they are asked for. */
export class ByteRange implements Piece {
  readonly source: ByteSource;
  readonly begin: number;
  readonly size: number;

  constructor(source: ByteSource, begin: number, size: number) {
    this.source = source;
    this.begin = begin;
    this.size = size;
  }

  /** The whole source. */
  static all(source: ByteSource): ByteRange {
    return new ByteRange(source, 0, source.size);
  }

  /** Place in the file, for messages. */
  get place(): number {
    return this.source.origin + this.begin;
  }

  read(): Promise<Uint8Array> {
    return this.source.read(this.begin, this.size);
  }

  async *chunks(): AsyncIterable<Uint8Array> {
    for (let done = 0; done < this.size; done += bytesPerChunk) {
      yield await this.source.read(this.begin + done, Math.min(bytesPerChunk, this.size - done));
    }
  }
}
