import { readFileSync, writeFileSync } from "node:fs";

type Numbers = Uint8Array | Uint16Array | Float32Array | Float64Array;

function typeOf(data: Numbers): string {
  if (data instanceof Uint8Array) return "|u1";
  if (data instanceof Uint16Array) return "<u2";
  return data instanceof Float32Array ? "<f4" : "<f8";
}

/** An .npy file as numpy writes it: format 1.0. `fortran` says column by column of the same bytes. */
export function npyBytes(data: Numbers, shape: readonly number[], { fortran = false } = {}): Buffer {
  const dimensions = shape.map((side) => `${side},`).join(" ");
  const order = fortran ? "True" : "False";
  const text = `{'descr': '${typeOf(data)}', 'fortran_order': ${order}, 'shape': (${dimensions}), }`;
  const padded = `${text.padEnd(64 * Math.ceil((text.length + 11) / 64) - 11)}\n`;
  const prefix = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, padded.length & 255, padded.length >> 8]);
  return Buffer.concat([prefix, Buffer.from(padded), Buffer.from(data.buffer, data.byteOffset, data.byteLength)]);
}

export function writeNpy(path: string, data: Numbers, shape: readonly number[]): void {
  writeFileSync(path, npyBytes(data, shape));
}

/** The shape of an .npy file of format 1.0 and the bytes of its data. */
export function readNpy(path: string): { shape: number[]; bytes: Uint8Array<ArrayBuffer> } {
  const file = readFileSync(path);
  const begin = 10 + file.readUInt16LE(8);
  const [, sides = ""] = /'shape': \(([^)]*)\)/.exec(file.toString("latin1", 10, begin)) ?? [];
  const shape = sides.split(",").flatMap((side) => (side.trim() === "" ? [] : [Number(side)]));
  return { shape, bytes: Uint8Array.from(file.subarray(begin)) };
}
