import { type ErrorCategory, type ErrorCode, errorCodes } from "./error-codes.js";

/** Named facts about an error that a program can act on: `{ path, limit, maximum, line, ... }`. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** What every error of unreel carries. Compare `code`, never the message: two copies of the package may be loaded. */
export interface CodedError extends Error {
  /** One of the `ERR_UNREEL_*` codes; the list only ever grows. */
  readonly code: ErrorCode;
  readonly category: ErrorCategory;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;
  readonly details: ErrorDetails;
}

/**
 * An error of unreel. Wrong arguments are {@link UnreelTypeError} or {@link UnreelRangeError} instead, with the same
 * fields, so that `instanceof TypeError` holds as everywhere in Node.
 *
 * @example
 * ```ts
 * import { openVideo, UnreelError } from "unreel";
 *
 * try {
 *   await openVideo("no-such-file.mp4");
 * } catch (error) {
 *   if (!(error instanceof UnreelError) || error.code !== "ERR_UNREEL_NOT_FOUND") throw error;
 * }
 * ```
 */
export class UnreelError extends Error implements CodedError {
  readonly code: ErrorCode;
  readonly category: ErrorCategory;
  readonly retryable: boolean;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = code === "ERR_UNREEL_ABORTED" ? "AbortError" : "UnreelError";
    this.code = code;
    this.category = errorCodes[code].category;
    this.retryable = errorCodes[code].retryable;
    this.details = details;
  }
}

/** An argument of the wrong type. */
export class UnreelTypeError extends TypeError implements CodedError {
  readonly code = "ERR_UNREEL_INVALID_ARGUMENT";
  readonly category = "argument";
  readonly retryable = false;
  readonly details: ErrorDetails;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message);
    this.details = details;
  }
}

/** An argument outside its range. */
export class UnreelRangeError extends RangeError implements CodedError {
  readonly code = "ERR_UNREEL_INVALID_ARGUMENT";
  readonly category = "argument";
  readonly retryable = false;
  readonly details: ErrorDetails;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message);
    this.details = details;
  }
}

/** Whether a caught value is an error of unreel, of this copy of the package or another. */
export function isCodedError(error: unknown): error is CodedError {
  return error instanceof Error && "code" in error && typeof error.code === "string" && error.code in errorCodes;
}

/**
 * Throws where the signal has fired.
 *
 * @throws UnreelError `ERR_UNREEL_ABORTED`
 */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new UnreelError("ERR_UNREEL_ABORTED", "The operation was aborted.", {}, signal.reason);
}
