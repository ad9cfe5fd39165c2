/** TensorProto.DataType of onnx.proto; those that unreel reads as numbers or writes. */
export const dataType = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  float16: 10,
  float64: 11,
  bfloat16: 16,
} as const;

/** Bits of an element by data type; strings (8) have none. */
const elementBits: ReadonlyMap<number, number> = new Map(
  Object.entries({
    64: [7, 11, 13, 14],
    128: [15],
    32: [1, 6, 12],
    16: [4, 5, 10, 16],
    8: [2, 3, 9, 17, 18, 19, 20, 24],
    4: [21, 22, 23],
    2: [25, 26],
  }).flatMap(([bits, types]) => types.map((type): [number, number] => [type, Number(bits)])),
);

/** Bytes of raw data that `elements` of a type take; undefined for strings and types that onnx.proto does not have. */
export function rawBytes(type: number, elements: number): number | undefined {
  const bits = elementBits.get(type);
  return bits === undefined ? undefined : Math.ceil((elements * bits) / 8);
}
