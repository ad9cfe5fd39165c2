import { type CodedError, isCodedError } from "../errors.js";

/** A line for people, on stderr. */
export function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

/** Data, on stdout; waits for a slow reader. */
export async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await new Promise<void>((resolve) => process.stdout.once("drain", resolve));
}

/** One JSON document a line, on stdout. */
export async function writeJsonLine(value: unknown): Promise<void> {
  await write(`${JSON.stringify(value)}\n`);
}

/** An input's failure as it stands in JSON output. */
export function failure(input: string, error: CodedError): object {
  return { ok: false, input, error: { code: error.code, message: error.message } };
}

/** A failure for people: code first, so that it can be searched for. */
export function explain(error: unknown): string {
  if (isCodedError(error)) return `${error.code}: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
