/**
 * xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021), seeded by splitmix32:
 * the same numbers for a seed on every machine. For sampling, never for secrets.
 */
export class Random {
  readonly #state = new Uint32Array(4);

  /** @param seed - a whole number; its low 32 bits count. */
  constructor(seed: number) {
    let x = seed >>> 0;
    for (let i = 0; i < 4; i += 1) {
      x = (x + 0x9e3779b9) >>> 0;
      let z = x;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      this.#state[i] = z ^ (z >>> 16);
    }
  }

  /** A whole number in [0, 2^32). */
  next(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#state;
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const c1 = c ^ a;
    const d1 = d ^ b;
    this.#state[1] = b ^ c1;
    this.#state[0] = a ^ d1;
    this.#state[2] = c1 ^ (b << 9);
    this.#state[3] = (d1 << 11) | (d1 >>> 21);
    return result;
  }

  /** A whole number in [0, bound), each equally likely; `bound` from 1 to 2^32. */
  below(bound: number): number {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const value = this.next();
      if (value < limit) return value % bound;
    }
  }
}

/** The items in a drawn order, each order equally likely (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items];
  for (let at = result.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    const [a, b] = [result[at], result[other]];
    if (a !== undefined && b !== undefined) [result[at], result[other]] = [b, a];
  }
  return result;
}
