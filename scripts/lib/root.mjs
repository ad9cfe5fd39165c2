// Where things are, as a script sees it.
import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout's root. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** Whether the module with this `import.meta.url` is the program that node was started with, through links or not. */
export function isMain(url) {
  const [, program] = process.argv;
  if (program === undefined) return false;
  try {
    return realpathSync(program) === realpathSync(fileURLToPath(url));
  } catch {
    // `node -e` with arguments: the first of them names no file.
    return false;
  }
}
