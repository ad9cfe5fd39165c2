// Where things are, as a script sees it.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout's root. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** Whether the module with this `import.meta.url` is the program that node was started with. */
export function isMain(url) {
  return process.argv[1] === fileURLToPath(url);
}
