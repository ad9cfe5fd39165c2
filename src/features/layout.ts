import { join } from "node:path";

/** A share of the work on one store: writer `index` of `count`, from 0. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

const FILES = {
  embeddings: { folder: "img_emb", prefix: "img_emb_", suffix: ".npy" },
  metadata: { folder: "metadata", prefix: "metadata_", suffix: ".parquet" },
  commit: { folder: "_commits", prefix: "", suffix: ".json" },
} as const;

/** The three files of a shard. */
export type ShardFile = keyof typeof FILES;

/** Where everything in a store lies: clip-retrieval's names, plus what a commit needs. */
export class StoreLayout {
  readonly root: string;
  readonly description: string;
  readonly commits: string;
  /** Files that are being written; nothing in it counts. */
  readonly work: string;
  readonly locks: string;

  constructor(root: string) {
    this.root = root;
    this.description = join(root, "store.json");
    this.commits = join(root, FILES.commit.folder);
    this.work = join(root, "_wip");
    this.locks = join(root, "_locks");
  }

  /** Every folder below the root. */
  get folders(): readonly string[] {
    return [...Object.values(FILES).map(({ folder }) => join(this.root, folder)), this.work, this.locks];
  }

  /** The final place of a shard's file; ids have at least six digits. */
  file(kind: ShardFile, id: number): string {
    return join(this.folder(kind), this.name(kind, id));
  }

  /** Where a shard's file is written first. */
  temporary(kind: ShardFile, id: number): string {
    return join(this.work, this.name(kind, id));
  }

  folder(kind: ShardFile): string {
    return join(this.root, FILES[kind].folder);
  }

  /** The shard that a file name belongs to, if it is such a name. */
  idOf(kind: ShardFile, name: string): number | undefined {
    const { prefix, suffix } = FILES[kind];
    if (!name.startsWith(prefix) || !name.endsWith(suffix)) return undefined;
    const digits = name.slice(prefix.length, name.length - suffix.length);
    return /^\d{6,15}$/.test(digits) && this.name(kind, Number(digits)) === name ? Number(digits) : undefined;
  }

  private name(kind: ShardFile, id: number): string {
    const { prefix, suffix } = FILES[kind];
    return `${prefix}${String(id).padStart(6, "0")}${suffix}`;
  }
}
