import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { UnreelError, UnreelTypeError } from "../errors.js";

/** The input that stands for the bytes of one video on stdin. */
export const stdinName = "-";

/** What the library reads for an input. */
export function sourceOf(input: string): string | NodeJS.ReadStream {
  return input === stdinName ? process.stdin : input;
}

/** The input that a source was made of. */
export function inputOf(source: string | NodeJS.ReadStream): string {
  return typeof source === "string" ? source : stdinName;
}

/** Where a command's inputs come from: arguments, a list file, or a list on stdin. */
export interface InputOptions {
  readonly fromFile?: string;
  /** The list is separated by NUL instead of line ends. */
  readonly nul?: boolean;
}

/**
 * All inputs in order: the arguments, then the list of `--from-file` (`-` = stdin). At least one, and stdin for one thing
 * alone.
 */
export async function collectInputs(positional: readonly string[], options: InputOptions): Promise<string[]> {
  const inputs = [...positional];
  if (options.fromFile !== undefined) inputs.push(...(await readList(options.fromFile, options.nul === true)));
  assertStdinOnce(inputs, options.fromFile);
  if (inputs.length === 0) throw new UnreelTypeError("No input was given: name files, or a list with --from-file FILE");
  return inputs;
}

function assertStdinOnce(inputs: readonly string[], list: string | undefined): void {
  const uses = inputs.filter((input) => input === stdinName).length;
  if (uses > 0 && list === stdinName) {
    throw new UnreelTypeError("stdin holds the list of --from-file -, so it cannot be the video - too");
  }
  if (uses > 1) throw new UnreelTypeError("stdin holds one video: give - once. A file of that name is ./-");
}

async function readList(file: string, nul: boolean): Promise<string[]> {
  const content = file === "-" ? await text(process.stdin) : await readListFile(file);
  return content.split(nul ? "\0" : /\r?\n/).filter((line) => line.length > 0);
}

async function readListFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UnreelError(
      "ERR_UNREEL_NOT_FOUND",
      `The list ${file} cannot be read: ${String(error)}`,
      { path: file },
      error,
    );
  }
}
