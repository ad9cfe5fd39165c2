// Random pictures through unreel's preprocessing, on every vector target of this CPU, beside Pillow's.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "../../bench/lib/worker.mjs";
import { root } from "../../scripts/lib/root.mjs";
import { Dice } from "../media/random-streams/dice.mjs";

/** A length from `low` to `high`; each power of two is as likely as the next. */
function length(dice, low, high) {
  return Math.min(high, Math.floor(low * (high / low) ** (dice.from(0, 1_000_000) / 1_000_000)));
}

/** Width and height: mostly ordinary, some near a crop's size, strips, and a few as large as 8192. */
function sides(dice, size) {
  const shapes = {
    ordinary: () => [length(dice, 1, 2000), length(dice, 1, 2000)],
    near: () => [size + dice.from(-3, 3), size + dice.from(-3, 9)].map((side) => Math.max(1, side)),
    strip: () => [dice.from(1, 24), length(dice, 200, 8192)],
    large: () => [length(dice, 2000, 8192), length(dice, 200, 1500)],
    largest: () => [8192, dice.pick([2160, 4320, 8192])],
  };
  const chosen = shapes[dice.weighted({ ordinary: 70, near: 10, strip: 14, large: 5.8, largest: 0.2 })]();
  return dice.chance(0.5) ? chosen : chosen.reverse();
}

/** Everything that a seed decides. */
export function caseOf(seed) {
  const dice = new Dice(seed, "preprocess");
  const size = dice.weighted({ 224: 55, 336: 20, other: 25 });
  const side = size === "other" ? length(dice, 1, 500) : Number(size);
  const [width, height] = sides(dice, side);
  return {
    seed,
    width,
    height,
    size: side,
    variant: dice.weighted({ clip: 50, hf: 30, squash: 20 }),
    content: dice.weighted({ noise: 50, extremes: 20, waves: 25, flat: 5 }),
  };
}

/** The two sides' processes: one of Pillow's, one of unreel's for each target. */
export class Soak {
  #folder = mkdtempSync(join(tmpdir(), "unreel-soak-"));
  #pillow;
  #targets;

  constructor(python, targets) {
    this.#pillow = new Worker(python, [join(root, "test/reference/preprocess_worker.py")]);
    this.#targets = targets.map((target) => ({
      target,
      worker: new Worker(process.execPath, [join(root, "test/preprocess/worker.mjs"), target]),
    }));
  }

  /** Pillow's version; throws when a process has not started as it should. */
  async start() {
    const { version } = await this.#pillow.hello();
    for (const { target, worker } of this.#targets) {
      const { inForce } = await worker.hello();
      if (inForce !== target) throw new Error(`the kernels run on ${inForce}, not on ${target}`);
    }
    return version;
  }

  /** Bytes compared on each target, and for each target on which some differ how many. */
  async check(one) {
    const files = { picture: join(this.#folder, "picture"), crop: join(this.#folder, "crop") };
    await this.#pillow.ask({ ...one, ...files });
    const differing = {};
    for (const { target, worker } of this.#targets) {
      const answer = await worker.ask({ ...one, ...files });
      if (answer.differing > 0) differing[target] = answer.differing;
    }
    return { bytes: 3 * one.size * one.size, differing };
  }

  close() {
    this.#pillow.close();
    for (const { worker } of this.#targets) worker.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
