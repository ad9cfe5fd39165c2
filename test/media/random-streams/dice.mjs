/** Random choices that a seed determines: the same seed gives the same choices on every machine. */
export class Dice {
  #state;

  /** `seed` a whole number; `use` keeps the choices for one purpose apart from those for another. */
  constructor(seed, use = "") {
    this.#state = seed >>> 0;
    for (const letter of use) this.#state = (Math.imul(this.#state, 31) + letter.charCodeAt(0)) >>> 0;
    this.#next();
  }

  /** mulberry32 by Tommy Ettinger, public domain. */
  #next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `low` to `high`, both included. */
  from(low, high) {
    return low + Math.floor(this.#next() * (high - low + 1));
  }

  /** True once in 1 / `probability` times. */
  chance(probability) {
    return this.#next() < probability;
  }

  pick(choices) {
    return choices[this.from(0, choices.length - 1)];
  }

  /** One of the keys of `weights`, which maps each to its weight. */
  weighted(weights) {
    const entries = Object.entries(weights);
    let at = this.#next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      at -= weight;
      if (at < 0) return key;
    }
    return entries[entries.length - 1][0];
  }
}
