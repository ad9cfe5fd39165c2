import { type FileHandle, open } from "node:fs/promises";
import { corrupt, readError, systemCode } from "./files.js";
import { decodeFloat16 } from "./float16.js";
import type { TrainingTable } from "./training-table.js";
import type { VectorFile } from "./vector-file.js";

/** Vectors of rows that follow one another in a table. */
export interface VectorBlock {
  readonly firstRow: number;
  readonly rows: number;
  /** rows x dimension, C order. */
  readonly x: Float32Array;
}

/** Bytes that one block holds at most, as they lie in the file; a row at least. */
const blockBytes = 1 << 22;

/**
 * Reads the vectors of a table in its order, block by block: rows that also lie side by side in the store come together.
 * Their files' hashes are not compared with their commits; `verify` does that.
 *
 * @throws UnreelError `ERR_UNREEL_STORE_CORRUPT`, `ERR_UNREEL_NOT_READABLE`, `ERR_UNREEL_IO`
 */
export async function* storedVectors(table: TrainingTable): AsyncGenerator<VectorBlock> {
  let at: { readonly index: number; readonly handle: FileHandle } | undefined;
  try {
    for (let row = 0; row < table.rows; ) {
      const index = table.places[2 * row] ?? 0;
      const file = table.files[index] as VectorFile;
      if (at?.index !== index) {
        await at?.handle.close();
        at = undefined;
        at = { index, handle: await openVectors(file) };
      }
      const rows = rowsTogether(table, row, file);
      yield { firstRow: row, rows, x: await readRows(at.handle, file, table.places[2 * row + 1] ?? 0, rows, table) };
      row += rows;
    }
  } finally {
    await at?.handle.close();
  }
}

async function openVectors({ path }: VectorFile): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    throw systemCode(error) === "ENOENT" ? corrupt(path, "it is missing", error) : readError(error, path);
  }
}

function bytesPerNumber({ dtype }: VectorFile): number {
  return dtype === "<f2" ? 2 : 4;
}

/** How many rows from `first` on lie side by side in one file, as far as a block may hold them. */
function rowsTogether({ places, dimension, rows }: TrainingTable, first: number, file: VectorFile): number {
  const most = Math.max(1, Math.floor(blockBytes / (dimension * bytesPerNumber(file))));
  let count = 1;
  while (count < most && first + count < rows) {
    const row = first + count;
    if (places[2 * row] !== places[2 * first] || places[2 * row + 1] !== (places[2 * first + 1] ?? 0) + count) break;
    count += 1;
  }
  return count;
}

async function readRows(
  handle: FileHandle,
  file: VectorFile,
  first: number,
  rows: number,
  { dimension }: TrainingTable,
): Promise<Float32Array> {
  const rowBytes = dimension * bytesPerNumber(file);
  const bytes = new Uint8Array(rows * rowBytes);
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await handle
      .read(bytes, done, bytes.length - done, file.dataOffset + first * rowBytes + done)
      .catch((error: unknown) => {
        throw readError(error, file.path);
      });
    if (bytesRead === 0) throw corrupt(file.path, "it ends before its last row");
    done += bytesRead;
  }
  return file.dtype === "<f2" ? decodeFloat16(new Uint16Array(bytes.buffer)) : new Float32Array(bytes.buffer);
}
