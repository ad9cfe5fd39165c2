import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { LeakFacts } from "../datasets/leak.js";
import { corrupt, readError, systemCode } from "./files.js";
import { decodeFloat16, encodeFloat16 } from "./float16.js";
import type { TableVideo } from "./row-table.js";
import type { FeatureTable } from "./table.js";
import type { TrainingTable } from "./training-table.js";
import type { VectorFile } from "./vector-file.js";

function factsOf({ id, group, source, identities, dataset }: TableVideo, halves: Uint16Array): LeakFacts {
  return { id, group, source, identities, dataset, content: createHash("sha256").update(halves).digest("hex") };
}

/**
 * What the leak check needs of each video of a table. `content` is the SHA-256 of its rows rounded to float16 (little
 * endian, C order), the same whether the store holds float16 or float32: one file keeps it under any id.
 */
export function leakFactsOf(table: FeatureTable): LeakFacts[] {
  return table.videos.map((video) => {
    const { firstRow, rows } = video;
    const own = table.x.subarray(firstRow * table.dimension, (firstRow + rows) * table.dimension);
    return factsOf(video, encodeFloat16(own));
  });
}

/**
 * {@link leakFactsOf} of rows that stay in their files: reads each file once, a video at a time.
 *
 * @throws UnreelError `ERR_UNREEL_STORE_CORRUPT` where a file ends before its rows, `ERR_UNREEL_NOT_READABLE`,
 *   `ERR_UNREEL_IO`
 */
export async function storedLeakFactsOf(table: TrainingTable): Promise<LeakFacts[]> {
  const facts = new Array<LeakFacts>(table.videos.length);
  const order = Uint32Array.from(table.videos.keys()).sort((a, b) => {
    const [fileA = 0, rowA = 0] = placeOf(table, a);
    const [fileB = 0, rowB = 0] = placeOf(table, b);
    return fileA - fileB || rowA - rowB;
  });
  let opened: { readonly file: VectorFile; readonly handle: FileHandle } | undefined;
  try {
    for (const at of order) {
      const video = table.videos[at];
      const file = table.files[placeOf(table, at)[0] ?? 0];
      if (video === undefined || file === undefined) continue;
      if (opened?.file !== file) {
        await opened?.handle.close();
        opened = undefined;
        opened = { file, handle: await openVectors(file) };
      }
      facts[at] = factsOf(video, await readHalves(table, video, opened.file, opened.handle));
    }
  } finally {
    await opened?.handle.close();
  }
  return facts;
}

/** File and row of a video's first row. */
function placeOf({ videos, places }: TrainingTable, video: number): Uint32Array {
  const { firstRow = 0 } = videos[video] ?? {};
  return places.subarray(2 * firstRow, 2 * firstRow + 2);
}

async function openVectors({ path }: VectorFile): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    throw systemCode(error) === "ENOENT" ? corrupt(path, "it is missing", error) : readError(error, path);
  }
}

/** A video's rows in float16, in the order of the table. */
async function readHalves(
  { places, dimension }: TrainingTable,
  { firstRow, rows }: TableVideo,
  { path, dtype, dataOffset }: VectorFile,
  handle: FileHandle,
): Promise<Uint16Array> {
  const shardRows = Array.from({ length: rows }, (_, at) => places[2 * (firstRow + at) + 1] ?? 0);
  const first = shardRows.reduce((least, row) => Math.min(least, row), Number.POSITIVE_INFINITY);
  const numberBytes = dtype === "<f2" ? 2 : 4;
  const bytes = rows * dimension * numberBytes;
  const from = dataOffset + first * dimension * numberBytes;
  const { buffer, bytesRead } = await handle
    .read(new Uint8Array(bytes), 0, bytes, from)
    .catch((error: unknown) => Promise.reject(readError(error, path)));
  if (bytesRead !== bytes) throw corrupt(path, `it ends in the rows ${first} to ${first + rows - 1}`);
  const stored =
    dtype === "<f2" ? canonical(new Uint16Array(buffer.buffer)) : encodeFloat16(new Float32Array(buffer.buffer));
  if (shardRows.every((row, at) => row === first + at)) return stored;
  const sorted = new Uint16Array(stored.length);
  for (const [at, row] of shardRows.entries()) {
    sorted.set(stored.subarray((row - first) * dimension, (row - first + 1) * dimension), at * dimension);
  }
  return sorted;
}

/** The bits that float32 in between would make of them: other NaNs become the one. */
function canonical(halves: Uint16Array): Uint16Array {
  return halves.some((half) => (half & 0x7fff) > 0x7c00) ? encodeFloat16(decodeFloat16(halves)) : halves;
}
