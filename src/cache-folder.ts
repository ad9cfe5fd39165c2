import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Where things lie that can be had again: `UNREEL_CACHE`, else `unreel` in `XDG_CACHE_HOME`, else `~/.cache/unreel`. */
export function cacheFolder(): string {
  const { UNREEL_CACHE: cache, XDG_CACHE_HOME: caches } = process.env;
  return cache ? resolve(cache) : join(caches || join(homedir(), ".cache"), "unreel");
}
