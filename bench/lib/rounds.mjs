import { say } from "../../scripts/lib/run.mjs";
import { spread } from "./spread.mjs";

/**
 * Runs the contenders `{name, run}` in turn, round after round, so that what slows the machine for a while slows all of
 * them; `run` resolves to seconds. Gives each name's median, min and max.
 */
export async function inTurn(what, contenders, rounds = 5) {
  const seen = new Map(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) for (const { name, run } of contenders) seen.get(name).push(await run());
  say(`${what}: ${rounds} rounds done`);
  return new Map([...seen].map(([name, seconds]) => [name, spread(seconds)]));
}
