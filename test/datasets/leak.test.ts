import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertNoLeak, findLeaks, type LeakFacts, type Shareable } from "../../src/datasets/leak.js";

/** A video that shares nothing with another, but for what is given. */
function video(id: string, facts: Partial<LeakFacts> = {}): LeakFacts {
  return { id, group: `group of ${id}`, ...facts };
}

describe("a leak is found and named", () => {
  it.each<[string, LeakFacts, LeakFacts, object]>([
    ["one video", video("a"), video("a", { group: "g" }), { kind: "video", shared: ["a"] }],
    [
      "two fakes of one source",
      video("a", { source: "s" }),
      video("b", { source: "s" }),
      { kind: "source", shared: ["s"] },
    ],
    ["a fake and its source", video("s"), video("b", { source: "s" }), { kind: "source", shared: ["s"] }],
    [
      "one person",
      video("a", { identities: ["id0", "id1"] }),
      video("b", { identities: ["id1", "id2"] }),
      { kind: "identity", shared: ["id1"] },
    ],
    ["one group", video("a", { group: "g" }), video("b", { group: "g" }), { kind: "group", shared: ["g"] }],
  ])("%s on both sides", (_what, a, b, leak) => {
    expect(findLeaks([a], [b])).toContainEqual(leak);
    expect(findLeaks([b], [a])).toContainEqual(leak);
  });

  it("all of it, in the order of the first side", () => {
    const train = [video("x", { identities: ["id9", "id2"] }), video("y", { identities: ["id1"] }), video("z")];
    const test = [video("p", { identities: ["id1"] }), video("q", { identities: ["id2", "id9"] })];
    expect(findLeaks(train, test)).toEqual([{ kind: "identity", shared: ["id9", "id2", "id1"] }]);
  });

  it("not where the names belong to different datasets", () => {
    const facts = { group: "g", source: "s", identities: ["id0"] };
    expect(findLeaks([video("a", { ...facts, dataset: "x" })], [video("a", { ...facts, dataset: "y" })])).toEqual([]);
    expect(findLeaks([video("a", { ...facts, dataset: "x" })], [video("a", facts)])).toEqual([]);
    expect(findLeaks([video("a", { ...facts, dataset: "x" })], [video("a", { ...facts, dataset: "x" })])).toHaveLength(
      4,
    );
  });

  it("one video under two names, of two datasets: its content tells", () => {
    const train = [video("a", { content: "12", dataset: "x" }), video("b", { content: "34" }), video("c")];
    expect(findLeaks(train, [video("q", { content: "34", dataset: "y" })])).toEqual([{ kind: "video", shared: ["b"] }]);
    expect(findLeaks(train, [video("q", { content: "56" }), video("r")])).toEqual([]);
  });

  it("exactly where some name stands on both sides", () => {
    const word = fc.constantFrom("a", "b", "c", "d", "e", "f");
    const facts = fc.record({
      id: word,
      group: word,
      source: fc.option(word, { nil: undefined }),
      identities: fc.option(fc.array(word, { maxLength: 2 }), { nil: undefined }),
      dataset: fc.constantFrom(undefined, "x"),
    });
    const names = (side: readonly LeakFacts[], of: (each: LeakFacts) => readonly string[]) =>
      side.flatMap((each) => of(each).map((value) => `${each.dataset} ${value}`));
    const side = fc.array(facts, { maxLength: 4 });
    fc.assert(
      fc.property(side, side, (a, b) => {
        const shared = (of: (each: LeakFacts) => readonly string[]) =>
          names(a, of).some((name) => names(b, of).includes(name));
        const expected = [
          ...(shared(({ id }) => [id]) ? ["video"] : []),
          ...(shared(({ id, source }) => [source ?? id]) ? ["source"] : []),
          ...(shared(({ identities = [] }) => identities) ? ["identity"] : []),
          ...(shared(({ group }) => [group]) ? ["group"] : []),
        ];
        expect(findLeaks(a, b).map(({ kind }) => kind)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});

describe("assertNoLeak", () => {
  const train = ["id0", "id1", "id2", "id3"].map((id) => video(`train ${id}`, { identities: [id] }));
  const test = ["id3", "id2", "id1", "id0"].map((id) => video(`test ${id}`, { identities: [id] }));
  const leak = (message: RegExp, details: object) =>
    expect.objectContaining({ code: "ERR_UNREEL_SPLIT_LEAK", message: expect.stringMatching(message), details });

  it("lets clean splits pass", () => {
    assertNoLeak([video("a", { identities: ["id0"] })], [video("b", { identities: ["id1"] }), video("c")]);
  });

  it("says what is shared, how much of it, and how to allow it", () => {
    expect(() => assertNoLeak(train, test)).toThrow(
      leak(/train and test share 4 identities \(id0, id1, id2, …\).*--allow-shared identity/, { identities: 4 }),
    );
    expect(() => assertNoLeak(train, test.slice(0, 1), new Set(), ["the detector", "this split"])).toThrow(
      leak(/the detector and this split share 1 identity \(id3\)/, { identities: 1 }),
    );
  });

  it("lets what is allowed pass, and nothing else", () => {
    assertNoLeak(train, test, new Set<Shareable>(["identity"]));
    expect(() => assertNoLeak(train, test, new Set<Shareable>(["source", "group"]))).toThrow(
      leak(/./, { identities: 4 }),
    );
  });

  it("never lets a video stand on both sides", () => {
    const everything = new Set<Shareable>(["source", "identity", "group", "video" as never]);
    expect(() => assertNoLeak([video("a")], [video("a")], everything)).toThrow(
      leak(/1 video \(a\).*never be on both sides/, { videos: 1 }),
    );
  });
});
