import { readdir, readFile } from "node:fs/promises";
import { type Commit, decodeCommit, type FailedVideo } from "./commit.js";
import { readError, systemCode } from "./files.js";
import type { StoreLayout } from "./layout.js";

/** Where a video's rows lie. */
export interface Place {
  readonly shard: number;
  readonly firstRow: number;
  readonly rows: number;
}

interface Failure {
  readonly shard: number;
  readonly video: FailedVideo;
}

/**
 * Everything that is committed. Where a video stands in several commits, rows win over a failure, and the highest
 * shard id, which is the latest, over the others.
 */
export class Ledger {
  readonly commits = new Map<number, Commit>();
  /** Videos with rows. */
  readonly videos = new Map<string, Place>();
  private readonly failed = new Map<string, Failure>();
  private readonly layout: StoreLayout;

  constructor(layout: StoreLayout) {
    this.layout = layout;
  }

  /** Videos that yielded no rows, by id. */
  get failures(): ReadonlyMap<string, FailedVideo> {
    return new Map([...this.failed].map(([id, { video }]) => [id, video]));
  }

  failure(id: string): FailedVideo | undefined {
    return this.failed.get(id)?.video;
  }

  get highestShard(): number {
    let highest = -1;
    for (const id of this.commits.keys()) highest = Math.max(highest, id);
    return highest;
  }

  /** Takes in commits that are on disk and not yet known. Commits never change, so the known ones are not read again. */
  async refresh(): Promise<void> {
    let names: string[];
    try {
      names = await readdir(this.layout.commits);
    } catch (error) {
      if (systemCode(error) === "ENOENT") return;
      throw readError(error, this.layout.commits);
    }
    for (const name of names.sort()) {
      const id = this.layout.idOf("commit", name);
      if (id === undefined || this.commits.has(id)) continue;
      const path = this.layout.file("commit", id);
      const text = await readFile(path, "utf8").catch((error: unknown) => {
        throw readError(error, path);
      });
      this.apply(decodeCommit(text, id, path));
    }
  }

  apply(commit: Commit): void {
    const { shard } = commit;
    this.commits.set(shard, commit);
    let firstRow = 0;
    for (const { id, rows } of commit.videos) {
      const before = this.videos.get(id);
      if (before === undefined || before.shard < shard) this.videos.set(id, { shard, firstRow, rows });
      this.failed.delete(id);
      firstRow += rows;
    }
    for (const video of commit.failures) {
      const before = this.failed.get(video.id);
      if (this.videos.has(video.id) || (before !== undefined && before.shard > shard)) continue;
      this.failed.set(video.id, { shard, video });
    }
  }
}
