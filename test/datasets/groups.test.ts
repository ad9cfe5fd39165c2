import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { connectedGroups, type Ties } from "../../src/datasets/groups.js";

const name = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h");
const tied: fc.Arbitrary<Ties> = fc.record(
  {
    id: name,
    source: fc.option(fc.oneof(name, fc.constantFrom("0 elsewhere", "z elsewhere")), { nil: undefined }),
    identities: fc.option(fc.array(fc.oneof(name, fc.constantFrom("id0", "id1")), { maxLength: 2 }), {
      nil: undefined,
    }),
  },
  { requiredKeys: ["id"] },
);
const videos = fc.uniqueArray(tied, { selector: ({ id }) => id, maxLength: 8 });

/** Everything that is reached from a video through sources and identities, by walking until nothing new is found. */
function component(from: Ties, all: readonly Ties[]): Set<string> {
  const reached = new Set([`video ${from.id}`]);
  const edges = all.flatMap(({ id, source, identities = [] }) => [
    ...(source === undefined ? [] : [[`video ${id}`, `video ${source}`] as const]),
    ...identities.map((identity) => [`video ${id}`, `person ${identity}`] as const),
  ]);
  for (let before = 0; before < reached.size; ) {
    before = reached.size;
    for (const [a, b] of edges) {
      if (reached.has(a) || reached.has(b)) reached.add(a).add(b);
    }
  }
  return reached;
}

describe("groups", () => {
  it("are the connected components of sources and identities", () => {
    fc.assert(
      fc.property(videos, (all) => {
        const groups = connectedGroups(all);
        const components = all.map((video) => component(video, all));
        for (const [i, a] of all.entries()) {
          for (const [j, b] of all.entries()) {
            expect(groups[i] === groups[j]).toBe(components[i]?.has(`video ${b.id}`));
          }
          const ids = [...(components[i] ?? [])]
            .filter((node) => node.startsWith("video "))
            .map((node) => node.slice(6));
          expect([groups[i], a.id]).toEqual([ids.sort()[0], a.id]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("do not depend on the order of the videos", () => {
    const shuffled = videos.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    const byId = (all: readonly Ties[]) => new Map(connectedGroups(all).map((group, at) => [all[at]?.id, group]));
    fc.assert(
      fc.property(shuffled, ([all, other]) => {
        expect(byId(other)).toEqual(byId(all));
      }),
    );
  });

  it("join both identities of a fake, and through them the videos of either", () => {
    const ties = [
      { id: "real-of-0", identities: ["id0"] },
      { id: "real-of-1", identities: ["id1"] },
      { id: "alone" },
      { id: "fake", source: "real-of-0", identities: ["id0", "id1"] },
    ];
    expect(connectedGroups(ties)).toEqual(["fake", "fake", "alone", "fake"]);
  });

  it("join two fakes of one source that is not there", () => {
    expect(
      connectedGroups([
        { id: "x", source: "s" },
        { id: "y", source: "s" },
        { id: "z", source: "t" },
      ]),
    ).toEqual(["s", "s", "t"]);
  });

  it("keep a person and a video of the same name apart", () => {
    expect(connectedGroups([{ id: "id0" }, { id: "x", identities: ["id0"] }])).toEqual(["id0", "x"]);
  });

  it("of a long chain are one", () => {
    const length = 20_000;
    const chain = Array.from({ length }, (_, i) => ({
      id: `v${String(i).padStart(5, "0")}`,
      identities: [`p${i}`, `p${i + 1}`],
    }));
    expect(new Set(connectedGroups(chain))).toEqual(new Set(["v00000"]));
  });
});
