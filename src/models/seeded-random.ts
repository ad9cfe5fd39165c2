/**
 * Random numbers that are the same on every machine: 32-bit integer arithmetic, xoshiro128** (Blackman and Vigna, 2018).
 * Every stream is named, so that a tensor's values depend on the seed and its own name alone, never on what was drawn
 * before it.
 */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number, stream: string) {
    let state = fnv1a(`${seed}/${stream}`);
    const next = () => {
      state = (state + 0x9e3779b9) | 0;
      return mix(state);
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1;
  }

  /** 32 uniform bits as a signed integer. */
  next(): number {
    const product = Math.imul(this.#b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /**
   * A whole number, nearly normal: the sum of four uniform 16-bit numbers less its mean of 131,070 (Irwin-Hall, n = 4).
   * Its standard deviation is {@link normalUnit}.
   */
  normalInteger(): number {
    const one = this.next();
    const two = this.next();
    return (one & 0xffff) + (one >>> 16) + (two & 0xffff) + (two >>> 16) - 131_070;
  }
}

/** Standard deviation of {@link SeededRandom.normalInteger}: sqrt(4 (65536² - 1) / 12). */
export const normalUnit = Math.sqrt((65_536 ** 2 - 1) / 3);

/** FNV-1a over the UTF-16 units of `text`; names here are ASCII. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** MurmurHash3's 32-bit finalizer: every bit of the input reaches every bit of the output. */
function mix(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
