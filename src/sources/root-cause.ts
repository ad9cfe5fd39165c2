/** The innermost error of a failed fetch, which says why: "connect ECONNREFUSED 127.0.0.1:80". */
export function rootCause(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof AggregateError && cause.errors.length > 0) return rootCause(cause.errors[0]);
  return cause instanceof Error ? rootCause(cause) : error;
}

/** An error in words. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
