// Weights as signed 8-bit numbers, one scale per output channel.

/** Where element (input, output) of a matrix lies: at `input * inputStride + output * outputStride`. */
export interface MatrixLayout {
  /** Length of the sums that a matrix product takes. */
  readonly inputs: number;
  readonly outputs: number;
  readonly inputStride: number;
  readonly outputStride: number;
}

const most = 127;

/** Where all weights of an output are smaller they count as 0: engines take denormal numbers for 0, and so their scale. */
const smallestPeak = 1e-30;

/**
 * A scale for each output: weights / scale, rounded, are the 8-bit numbers. Undefined where a weight is not finite.
 *
 * CPUs without VNNI multiply unsigned activations and signed weights in pairs and keep the pair's sum in 16 bits with
 * saturation (x86's vpmaddubsw; MLAS takes inputs 2k and 2k + 1 together). So a scale is the least that keeps both each
 * weight within 127 and the sum of each such pair within 128: 255 x 128 < 2^15, and nothing saturates on any machine.
 * Seven bits for all weights would be as safe and twice as coarse; this is about 1.5 times as coarse as plain 8 bits.
 */
export function outputScales(weights: Float32Array, layout: MatrixLayout): Float32Array | undefined {
  const scales = new Float32Array(layout.outputs);
  const { inputs, outputs, inputStride, outputStride } = layout;
  for (let output = 0; output < outputs; output++) {
    const column = output * outputStride;
    let peak = 0;
    for (let input = 0; input < inputs; input += 2) {
      const at = input * inputStride + column;
      const one = weights[at] ?? 0;
      const two = input + 1 < inputs ? (weights[at + inputStride] ?? 0) : 0;
      // Of one sign, the sum's size is larger than either's; else the larger one's.
      const size = Math.max(Math.abs(one), Math.abs(two), Math.abs(one + two));
      if (!(size <= peak)) peak = size;
    }
    if (!Number.isFinite(peak)) return undefined;
    scales[output] = peak < smallestPeak ? 1 : peak / most;
  }
  return scales;
}

/** The 8-bit numbers, inputs x outputs in C order: round(weight / scale), ties to even. */
export function quantized(weights: Float32Array, layout: MatrixLayout, scales: Float32Array): Int8Array {
  const { inputs, outputs, inputStride, outputStride } = layout;
  const result = new Int8Array(inputs * outputs);
  for (let output = 0; output < outputs; output++) {
    const scale = scales[output] ?? 1;
    for (let input = 0; input < inputs; input++) {
      const weight = weights[input * inputStride + output * outputStride] ?? 0;
      result[input * outputs + output] = roundHalfEven(weight / scale);
    }
  }
  return result;
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
