/** Element types that unreel reads and writes, as numpy spells them: little endian. */
export type NpyType = "<f2" | "<f4" | "|u1";

/** What an .npy header says of a C-order array. */
export interface NpyHeader {
  readonly type: NpyType;
  readonly shape: readonly number[];
}

/** Every header that unreel writes has this many bytes, so that data starts at a known, aligned place. */
export const NPY_HEADER_BYTES = 128;

/** "\x93NUMPY", then format version 1.0. */
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const PREFIX_BYTES = 10;

/**
 * The 128-byte header of an .npy file, format 1.0, C order.
 *
 * @param shape up to eight whole numbers
 */
export function encodeNpyHeader({ type, shape }: NpyHeader): Uint8Array<ArrayBuffer> {
  const dimensions = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${dimensions}), }`;
  const padding = NPY_HEADER_BYTES - PREFIX_BYTES - 1 - text.length;
  if (padding < 0) throw new RangeError(`the shape (${dimensions}) does not fit a ${NPY_HEADER_BYTES}-byte header`);
  const length = NPY_HEADER_BYTES - PREFIX_BYTES;
  const body = new TextEncoder().encode(`${text}${" ".repeat(padding)}\n`);
  return Uint8Array.from([...MAGIC, 1, 0, length & 0xff, length >>> 8, ...body]);
}

/**
 * Reads the header of an .npy file of any length, format 1.0 to 3.0.
 *
 * @param bytes the file, or its beginning
 * @returns the header and where the data starts; or a sentence that says what is wrong
 */
export function decodeNpyHeader(bytes: Uint8Array): (NpyHeader & { readonly dataOffset: number }) | string {
  if (bytes.length < PREFIX_BYTES || MAGIC.some((byte, at) => bytes[at] !== byte)) return "not an .npy file";
  const major = bytes[6] ?? 0;
  if (major < 1 || major > 3) return `.npy format ${major}.${bytes[7]} is not known`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = major === 1 ? PREFIX_BYTES : PREFIX_BYTES + 2;
  if (bytes.length < start) return "the .npy header is cut off";
  const dataOffset = start + (major === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (bytes.length < dataOffset) return "the .npy header is cut off";
  const text = new TextDecoder().decode(bytes.subarray(start, dataOffset));
  const type = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (type === undefined || order === undefined || shape === undefined) return "the .npy header cannot be understood";
  if (type !== "<f2" && type !== "<f4" && type !== "|u1") return `elements of type ${type} are not read`;
  if (order === "True") return "the array is in Fortran order; C order is needed";
  const dimensions = shape
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  return { type, shape: dimensions.map(Number), dataOffset };
}
