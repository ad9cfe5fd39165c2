import type { Piece } from "../protobuf.js";

/** A field and its number. */
export interface Numbered {
  readonly number: number;
  readonly piece: Piece;
}

/** Pieces by field number, those of one number in the order given: as every protobuf library writes a message. */
export function inOrder(fields: readonly Numbered[]): Piece[] {
  return [...fields].sort((a, b) => a.number - b.number).map(({ piece }) => piece);
}
