import { open } from "node:fs/promises";
import type { Commit } from "./commit.js";
import type { StoreDescription, StoreType } from "./description.js";
import { corrupt, readError, systemCode } from "./files.js";
import type { StoreLayout } from "./layout.js";
import { decodeNpyHeader, NPY_HEADER_BYTES } from "./npy.js";

/** An .npy file of a shard's vectors, rows x dimension, C order. */
export interface VectorFile {
  readonly path: string;
  readonly dtype: StoreType;
  /** Where the first vector begins, in bytes. */
  readonly dataOffset: number;
  readonly rows: number;
}

/**
 * The header of a shard's vectors.
 *
 * @param bytes the file, or its beginning
 * @throws UnreelError `ERR_UNREEL_STORE_CORRUPT` when it is none, or not that of the store's type and the commit's rows
 */
export function checkedHeader(
  bytes: Uint8Array,
  path: string,
  rows: number,
  { dimension, dtype }: StoreDescription,
): { readonly dataOffset: number } {
  const header = decodeNpyHeader(bytes);
  if (typeof header === "string") throw corrupt(path, header);
  if (header.type !== dtype || header.shape.join() !== `${rows},${dimension}`) {
    throw corrupt(path, `it holds ${header.type} (${header.shape.join()}), not ${dtype} (${rows},${dimension})`);
  }
  return { dataOffset: header.dataOffset };
}

/** A file's size and its first bytes. */
async function look(path: string, count: number): Promise<{ size: number; beginning: Uint8Array }> {
  try {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      const { buffer, bytesRead } = await file.read(new Uint8Array(count), 0, count, 0);
      return { size, beginning: buffer.subarray(0, bytesRead) };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw systemCode(error) === "ENOENT" ? corrupt(path, "it is missing", error) : readError(error, path);
  }
}

/**
 * Looks at the vectors of a shard without reading them: the file's size is compared with its commit, its header with the
 * store. The SHA-256 is not, which would take a second a gigabyte: that is `verify`'s to do.
 *
 * @throws UnreelError `ERR_UNREEL_STORE_CORRUPT`, `ERR_UNREEL_NOT_READABLE`, `ERR_UNREEL_IO`
 */
export async function checkedVectorFile(
  layout: StoreLayout,
  commit: Commit,
  description: StoreDescription,
): Promise<VectorFile> {
  const path = layout.file("embeddings", commit.shard);
  if (commit.files === undefined) throw corrupt(path, "its commit names no files");
  const { size, beginning } = await look(path, NPY_HEADER_BYTES);
  const { bytes } = commit.files.embeddings;
  if (size !== bytes) throw corrupt(path, `it has ${size} bytes, its commit says ${bytes}`);
  const { dataOffset } = checkedHeader(beginning, path, commit.rows, description);
  const needed = dataOffset + commit.rows * description.dimension * (description.dtype === "<f2" ? 2 : 4);
  if (size !== needed) throw corrupt(path, `it has ${size} bytes, its header says ${needed}`);
  return { path, dtype: description.dtype, dataOffset, rows: commit.rows };
}
