/**
 * Writes protobuf messages whose size is known before their bytes exist, so that a message of hundreds of megabytes is
 * streamed with the memory of one chunk. Wire format: protobuf.dev, "Encoding".
 */
export interface Piece {
  /** Bytes that `chunks` yields in all. */
  readonly size: number;
  /** The bytes, part by part. A part is valid until the next is asked for. */
  chunks(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export function bytes(data: Uint8Array): Piece {
  return { size: data.length, chunks: () => [data] };
}

/** Pieces one after another. */
export function concat(pieces: readonly Piece[]): Piece {
  return {
    size: pieces.reduce((sum, piece) => sum + piece.size, 0),
    async *chunks() {
      for (const piece of pieces) yield* piece.chunks();
    },
  };
}

/** All bytes of a piece in memory. */
export async function gather(piece: Piece): Promise<Uint8Array<ArrayBuffer>> {
  const result = new Uint8Array(piece.size);
  let filled = 0;
  for await (const part of piece.chunks()) {
    result.set(part, filled);
    filled += part.length;
  }
  return result;
}

/** A whole number within 2^53; a negative one takes ten bytes, as int64 does. */
export function varintField(field: number, value: number): Piece {
  return bytes(Uint8Array.from([...varint(field * 8), ...varint(value)]));
}

/** A single-precision number. */
export function floatField(field: number, value: number): Piece {
  const data = new DataView(new ArrayBuffer(4));
  data.setFloat32(0, value, true);
  return bytes(Uint8Array.from([...varint(field * 8 + 5), ...new Uint8Array(data.buffer)]));
}

/** A message, or raw bytes. */
export function lengthField(field: number, content: Piece): Piece {
  return concat([bytes(Uint8Array.from([...varint(field * 8 + 2), ...varint(content.size)])), content]);
}

export function textField(field: number, text: string): Piece {
  return lengthField(field, bytes(new TextEncoder().encode(text)));
}

/** Several whole numbers in one field, as proto3 writes repeated numbers. */
export function packedField(field: number, values: readonly number[]): Piece {
  return lengthField(field, bytes(Uint8Array.from(values.flatMap(varint))));
}

/** Division, not shifts: values may exceed 32 bits. */
function varint(value: number): number[] {
  if (value < 0) return negativeVarint(value);
  const result: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) result.push((rest % 128) + 128);
  result.push(rest);
  return result;
}

/** Two's complement in 64 bits. */
function negativeVarint(value: number): number[] {
  const result: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 128n; rest >>= 7n) result.push(Number(rest & 127n) + 128);
  result.push(Number(rest));
  return result;
}
