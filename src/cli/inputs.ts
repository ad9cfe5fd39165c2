import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { UnreelError, UnreelTypeError } from "../errors.js";

/** Where a command's inputs come from: arguments, a list file, or a list on stdin. */
export interface InputOptions {
  readonly fromFile?: string;
  /** The list is separated by NUL instead of line ends. */
  readonly nul?: boolean;
}

/** All inputs in order: the arguments, then the list of `--from-file` (`-` = stdin). At least one. */
export async function collectInputs(positional: readonly string[], options: InputOptions): Promise<string[]> {
  const inputs = [...positional];
  if (options.fromFile !== undefined) inputs.push(...(await readList(options.fromFile, options.nul === true)));
  if (inputs.length === 0) throw new UnreelTypeError("No input was given: name files, or a list with --from-file FILE");
  return inputs;
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
