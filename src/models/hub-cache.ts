import { readFile, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Pin } from "./checksum.js";
import { type HubSource, isCommit, repositoryName } from "./hub-source.js";

/** A file that the hub's own tools have fetched. */
export interface CachedFile {
  readonly file: string;
  /** What the hub said of its bytes then: the blob's name. Absent where the cache does not keep it. */
  readonly pin: Pin | undefined;
}

/** The commit that a branch or tag stood for when it was last fetched. */
async function commitOf(storage: string, revision: string): Promise<string | undefined> {
  if (isCommit(revision)) return revision;
  const text = await readFile(join(storage, "refs", revision), "utf8").catch(() => "");
  return isCommit(text.trim()) ? text.trim() : undefined;
}

function pinOfBlob(name: string): Pin | undefined {
  if (/^[0-9a-f]{64}$/.test(name)) return { sha256: name };
  return /^[0-9a-f]{40}$/.test(name) ? { gitOid: name } : undefined;
}

/**
 * The file in the cache that Python's huggingface_hub and other tools share (`HF_HUB_CACHE`, else `HF_HOME/hub`):
 * `models--OWNER--REPO/snapshots/COMMIT/FILE`, a link to a blob that is named by its hash.
 */
export async function cachedFile(source: HubSource): Promise<CachedFile | undefined> {
  const { getHFHubCachePath, getRepoFolderName } = await import("@huggingface/hub");
  const storage = join(getHFHubCachePath(), getRepoFolderName({ type: "model", name: repositoryName(source) }));
  const commit = await commitOf(storage, source.revision);
  if (commit === undefined) return undefined;
  try {
    const file = await realpath(join(storage, "snapshots", commit, source.file));
    const isBlob = dirname(file) === (await realpath(join(storage, "blobs")).catch(() => ""));
    return { file, pin: isBlob ? pinOfBlob(basename(file)) : undefined };
  } catch {
    return undefined;
  }
}
