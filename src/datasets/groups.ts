/** Disjoint sets of strings, with path halving; the representative of a set is its smallest member. */
class DisjointSets {
  private readonly parents = new Map<string, string>();

  find(member: string): string {
    let at = member;
    for (;;) {
      const parent = this.parents.get(at) ?? at;
      if (parent === at) return at;
      const grandparent = this.parents.get(parent) ?? parent;
      this.parents.set(at, grandparent);
      at = grandparent;
    }
  }

  join(a: string, b: string): void {
    const first = this.find(a);
    const second = this.find(b);
    if (first < second) this.parents.set(second, first);
    else if (second < first) this.parents.set(first, second);
  }
}

/** What ties a video to others. */
export interface Ties {
  readonly id: string;
  readonly source?: string | undefined;
  readonly identities?: readonly string[] | undefined;
}

/**
 * The group of each video: the connected components of "one is the other's source", "both come from one source" and
 * "both show one identity". A group is named after its smallest video id; a source counts whether or not it is among
 * the videos.
 *
 * @returns one name per video, in their order
 */
export function connectedGroups(videos: readonly Ties[]): string[] {
  const sets = new DisjointSets();
  // A prefix keeps ids and identities apart and sorts videos first, so that a group's name is a video's id.
  const node = (id: string) => `0${id}`;
  for (const video of videos) {
    if (video.source !== undefined) sets.join(node(video.id), node(video.source));
    for (const identity of video.identities ?? []) sets.join(node(video.id), `1${identity}`);
  }
  return videos.map((video) => sets.find(node(video.id)).slice(1));
}
