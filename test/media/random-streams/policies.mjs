// Which frames are asked for, and which those are by the definitions in docs and sampling.h, computed anew.
import { Dice } from "./dice.mjs";

/** Policies for a stream of `count` frames, as sample_planes reads them; run one after the other on one open file. */
export function policiesFor(seed, count) {
  const dice = new Dice(seed, "policies");
  const any = () => dice.from(0, count - 1);
  const some = (most) => Array.from({ length: dice.from(2, most) }, any);
  const run = (length) => {
    const first = dice.from(0, Math.max(0, count - length));
    return Array.from({ length: Math.min(length, count) }, (_, at) => first + at);
  };
  const every = dice.from(2, 9);
  const list = [
    `frames:${any()}`,
    `frames:${dice.pick([0, count - 1])}`,
    `frames:${some(7)}`,
    `frames:${run(dice.from(2, 4))}`,
    `count:${dice.pick([1, 2, 3, 5, 8, 8, 16, 32])}`,
    "keyframes",
    ...(dice.chance(0.5) ? [`frames:${any()}`] : []),
    ...(dice.chance(0.4) ? [`fps:${dice.pick([0.5, 1, 2, 2.5, 5, 10, 1000])}`] : []),
    ...(dice.chance(0.3) ? [`frames:${run(dice.from(10, 30))}`] : []),
    ...(dice.chance(0.3) ? [`frames:${run(count).filter((frame) => frame % every === 0)}`] : []),
    ...(dice.chance(0.2) ? [`count:${count + 3}`] : []),
  ];
  for (let at = list.length - 1; at > 0; at--) {
    const other = dice.from(0, at);
    [list[at], list[other]] = [list[other], list[at]];
  }
  // The full decode somewhere among them: what came before must not show in what comes after.
  list.splice(dice.from(0, list.length), 0, "all");
  return list;
}

/** The wanted frames of a policy, ascending; undefined for those that the container's key flags decide. */
export function wantedFrames(policy, ptsUs) {
  const count = ptsUs.length;
  const [kind, value = ""] = policy.split(":");
  if (kind === "all") return ptsUs.map((_, frame) => frame);
  if (kind === "frames") return [...new Set(value.split(",").map(Number))].sort((a, b) => a - b);
  if (kind === "count") {
    const asked = Math.min(Number(value), count);
    return Array.from({ length: asked }, (_, k) => Math.floor(((2 * k + 1) * count) / (2 * asked)));
  }
  if (kind === "fps") return shownAt(Number(value), ptsUs);
  return undefined;
}

function shownAt(fps, ptsUs) {
  const wanted = new Set();
  let frame = 0;
  for (let k = 0; ; k++) {
    const time = ptsUs[0] + Math.round((k * 1_000_000) / fps);
    if (time > ptsUs[ptsUs.length - 1]) return [...wanted];
    while (frame + 1 < ptsUs.length && ptsUs[frame + 1] <= time) frame++;
    wanted.add(frame);
  }
}
