import { UnreelError } from "../errors.js";
import type { VideoFacts } from "./video.js";

/** What two splits must not share unless it is allowed by name. A video itself may never be shared. */
export type Shareable = "source" | "identity" | "group";

/** What makes a leak; {@link VideoFacts} and everything built on it fit. */
export type LeakFacts = Pick<VideoFacts, "id" | "group" | "source" | "identities" | "dataset"> & {
  /** A hash of what was made of its pixels: where it is equal, it is one video, whatever its id and dataset say. */
  readonly content?: string;
};

/** One kind of thing that stands on both sides. */
export interface Leak {
  readonly kind: "video" | Shareable;
  /** Every shared id, source, identity or group, in the order of the first side. */
  readonly shared: readonly string[];
}

const plural = { video: "videos", source: "sources", identity: "identities", group: "groups" } as const;

/** The values of one kind; a real video is its own source, so that it meets the fakes that were made from it. */
function valuesOf(video: LeakFacts, kind: Leak["kind"]): readonly string[] {
  if (kind === "video") return [video.id];
  if (kind === "source") return [video.source ?? video.id];
  return kind === "identity" ? (video.identities ?? []) : [video.group];
}

/**
 * Everything that two sets of videos share: videos (by id or content), sources, identities and groups. Names are
 * compared within one dataset only, as `id0` of one dataset is not `id0` of another; contents are compared always.
 */
export function findLeaks(a: Iterable<LeakFacts>, b: Iterable<LeakFacts>): Leak[] {
  const first = [...a];
  const second = [...b];
  const contents = new Set(second.flatMap(({ content }) => content ?? []));
  const key = (video: LeakFacts, value: string) => `${video.dataset ?? ""}\0${value}`;
  return (["video", "source", "identity", "group"] as const).flatMap((kind) => {
    const there = new Set(second.flatMap((video) => valuesOf(video, kind).map((value) => key(video, value))));
    const shared = new Map<string, string>();
    for (const video of first) {
      if (kind === "video" && video.content !== undefined && contents.has(video.content)) {
        shared.set(key(video, video.id), video.id);
      }
      for (const value of valuesOf(video, kind)) {
        if (there.has(key(video, value))) shared.set(key(video, value), value);
      }
    }
    return shared.size === 0 ? [] : [{ kind, shared: [...shared.values()] }];
  });
}

/**
 * Demands that two sets of videos share nothing but what is allowed.
 *
 * @param allow kinds that may be shared; a shared video is refused whatever stands here
 * @param names what to call the sides in the message
 * @throws UnreelError `ERR_UNREEL_SPLIT_LEAK` naming each kind, how many and the first of them, and how to allow them
 */
export function assertNoLeak(
  train: Iterable<LeakFacts>,
  test: Iterable<LeakFacts>,
  allow: ReadonlySet<Shareable> = new Set(),
  names: readonly [string, string] = ["train", "test"],
): void {
  const found = findLeaks(train, test);
  const refused = found.filter(({ kind }) => kind === "video" || !allow.has(kind));
  if (refused.length === 0) return;
  const described = refused.map(({ kind, shared }) => {
    const examples = shared.slice(0, 3).join(", ") + (shared.length > 3 ? ", …" : "");
    return `${shared.length} ${shared.length === 1 ? kind : plural[kind]} (${examples})`;
  });
  const kinds = found.map(({ kind }) => kind);
  const remedy = kinds.includes("video")
    ? "A video may never be on both sides, under whatever name; divide the videos anew."
    : `Scores would flatter the detector. Divide by group, or accept it with --allow-shared ${kinds.join(",")}.`;
  throw new UnreelError(
    "ERR_UNREEL_SPLIT_LEAK",
    `${names[0]} and ${names[1]} share ${described.join("; ")}. ${remedy}`,
    Object.fromEntries(refused.map(({ kind, shared }) => [plural[kind], shared.length])),
  );
}
