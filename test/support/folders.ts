import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";

/** A fresh folder, removed when the test file ends. */
export function temporaryFolder(name = "test"): string {
  const folder = mkdtempSync(join(tmpdir(), `unreel-${name}-`));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files by their '/'-separated paths below `root`, with the folders they need; returns `root`. */
export function writeTree(root: string, files: Readonly<Record<string, string>>): string {
  const made = new Set<string>();
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, path);
    const folder = dirname(file);
    if (!made.has(folder)) mkdirSync(folder, { recursive: true });
    made.add(folder);
    writeFileSync(file, text);
  }
  return root;
}
