import { InvalidArgumentError } from "commander";
import type { Shareable } from "../datasets/leak.js";
import { UnreelTypeError } from "../errors.js";

/** Parses a whole number >= `minimum` of a command-line option. */
export function wholeNumber(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < minimum) {
      throw new InvalidArgumentError(`it must be a whole number from ${minimum} on.`);
    }
    return value;
  };
}

/** Parses a number above 0 of a command-line option. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError("it must be a number above 0.");
  return value;
}

/** Parses a number of at least 0 of a command-line option. */
export function numberFrom0(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError("it must be a number of at least 0.");
  return value;
}

/** Parses a share of at least 0 and below 1. */
export function shareBelow1(text: string): number {
  const value = numberFrom0(text);
  if (value >= 1) throw new InvalidArgumentError("it must be below 1.");
  return value;
}

/** Parses a share above 0 and below 1. */
export function openShare(text: string): number {
  const value = positiveNumber(text);
  if (value >= 1) throw new InvalidArgumentError("it must be below 1.");
  return value;
}

/** Parses a score, or the name of a threshold. */
export function scoreOrName(text: string): number | string {
  const value = Number(text);
  return text.trim() === "" || !Number.isFinite(value) ? text : value;
}

/** Parses a cosine, -1 to 1. */
export function cosine(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= -1 && value <= 1))
    throw new InvalidArgumentError("it must lie between -1 and 1.");
  return value;
}

/** Parses a list like `0,5,9`. */
export function wholeNumberList(text: string): number[] {
  return text.split(",").map(wholeNumber(0));
}

/** Parses a list like `0.1,1,10`. */
export function positiveNumberList(text: string): number[] {
  return text.split(",").map(positiveNumber);
}

/** Parses a list like `0.25,1,4`, or `scale`. */
export function gammas(text: string): number[] | "scale" {
  return text === "scale" ? text : positiveNumberList(text);
}

/** Parses any finite number. */
export function finiteNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("it must be a number.");
  return value;
}

/** Parses a list like `source,group`. */
export function shareables(text: string | undefined): Shareable[] {
  const kinds = (text ?? "").split(",").filter((kind) => kind !== "");
  return kinds.map((kind) => {
    if (kind === "source" || kind === "identity" || kind === "group") return kind;
    throw new UnreelTypeError(`--allow-shared takes source, identity and group, not ${kind}`);
  });
}
