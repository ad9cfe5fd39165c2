const INFINITY_BITS = 0x7f800000;

/**
 * IEEE 754 binary32 bits to binary16 bits, rounding to nearest, ties to even, as numpy and F16C do: too large becomes
 * infinity, too small becomes a subnormal or zero, NaN stays NaN (quiet, with the top bits of its payload).
 *
 * @param bits the 32 bits, as a signed or unsigned number
 */
function halfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x47800000) {
    return magnitude > INFINITY_BITS ? sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff) : sign | 0x7c00;
  }
  if (magnitude >= 0x38800000) {
    // The exponent's bias goes from 127 to 15; a carry out of the mantissa rightly raises the exponent.
    const rebiased = magnitude - 0x38000000;
    return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13);
  }
  if (magnitude <= 0x33000000) return sign;
  const shift = 126 - (magnitude >>> 23);
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const half = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  return sign | (half + (rest > tie || (rest === tie && (half & 1) === 1) ? 1 : 0));
}

/** The exact value of binary16 bits. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0x1f) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

let values: Float32Array | undefined;

function halfValues(): Float32Array {
  values ??= Float32Array.from({ length: 65536 }, (_, bits) => halfValue(bits));
  return values;
}

/** The float16 bits of each number, rounded to nearest even. */
export function encodeFloat16(numbers: Float32Array): Uint16Array {
  const bits = new Int32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  const halves = new Uint16Array(numbers.length);
  for (let at = 0; at < halves.length; at++) halves[at] = halfBits(bits[at] ?? 0);
  return halves;
}

/**
 * The exact numbers that float16 bits stand for.
 *
 * @param into where to write them, of the same length; made anew by default
 */
export function decodeFloat16(halves: Uint16Array, into: Float32Array = new Float32Array(halves.length)): Float32Array {
  const table = halfValues();
  for (let at = 0; at < into.length; at++) into[at] = table[halves[at] ?? 0] ?? 0;
  return into;
}

/**
 * The index of the first finite number that float16 would turn into an infinity (65520 and beyond), or -1.
 *
 * @param halves what {@link encodeFloat16} made of `numbers`
 */
export function overflowingIndex(numbers: Float32Array, halves: Uint16Array): number {
  return halves.findIndex((half, at) => (half & 0x7fff) === 0x7c00 && Number.isFinite(numbers[at]));
}
