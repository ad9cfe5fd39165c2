// Where everything that is fetched or built outside the tree lives.
import { createHash } from "node:crypto";
import {
  chmodSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The cache folder: `UNREEL_CACHE`, else `$XDG_CACHE_HOME/unreel`, else `~/.cache/unreel`. */
export function cacheRoot() {
  const root = process.env.UNREEL_CACHE
    ? resolve(process.env.UNREEL_CACHE)
    : join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "unreel");
  mkdirSync(root, { recursive: true });
  return root;
}

export function sha256Text(text) {
  return createHash("sha256").update(text).digest("hex");
}

export async function sha256File(path) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

/** A short key of everything that shapes a build: any change makes another cache entry. */
export function keyOf(...parts) {
  return sha256Text(JSON.stringify(parts)).slice(0, 16);
}

/**
 * The folder `parent/name`, made by `make(scratch)` the first time. `make` fills a scratch folder that gets its name only
 * when `make` has returned, so that a killed run leaves nothing that looks finished; when `make` throws it is removed.
 */
export async function cachedFolder(parent, name, make) {
  const target = join(cacheRoot(), parent, name);
  if (existsSync(target)) return target;
  mkdirSync(join(cacheRoot(), parent), { recursive: true });
  const scratch = mkdtempSync(`${target}.part-`);
  try {
    // mkdtemp's folder is its owner's alone; what is in the cache may be read like any other file.
    chmodSync(scratch, 0o777 & ~process.umask());
    await make(scratch, target);
    try {
      renameSync(scratch, target);
    } catch (error) {
      if (!existsSync(target)) throw error;
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return target;
}

export function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}
