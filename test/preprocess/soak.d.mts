/** A random picture and what is made of it. */
export interface Case {
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  readonly size: number;
  readonly variant: string;
  readonly content: string;
}

export function caseOf(seed: number): Case;

export class Soak {
  constructor(python: string, targets: readonly string[]);
  start(): Promise<string>;
  check(one: Case): Promise<{ bytes: number; differing: Record<string, number> }>;
  close(): void;
}
