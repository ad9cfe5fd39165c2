import { existsSync } from "node:fs";

/** The files that `--encoder` names, separated by commas. A file whose own name has a comma is one file. */
export function encoderFiles(text: string): string[] {
  return existsSync(text) ? [text] : text.split(",");
}
