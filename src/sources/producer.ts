/** What a producer does next: it brings bytes, or says how many there are altogether. */
export type Step = { readonly at: number; readonly bytes: Uint8Array } | { readonly size: number };

/** Brings the bytes of one input, when it is asked. */
export interface Producer {
  /** What messages call the input. */
  readonly name: string;
  /** The next step; `wanted` is the byte that is waited for, which the step need not bring. One call at a time. */
  next(wanted: number): Promise<Step>;
  /** Lets go of everything, also in the middle of a step, which may then fail or never end. Idempotent. */
  close(): void;
}
