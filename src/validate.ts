import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UnreelRangeError, UnreelTypeError } from "./errors.js";

/** A value as messages show it. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 80));
  if (typeof value === "object" && value !== null) return value.constructor?.name ?? "an object";
  return String(value);
}

/** A finite number > 0. `name` is the argument as the caller wrote it: "options.fps". */
export function checkPositive(value: unknown, name: string): number {
  if (typeof value !== "number") throw new UnreelTypeError(`${name} must be a number, not ${shown(value)}`);
  if (!Number.isFinite(value) || value <= 0) throw new UnreelRangeError(`${name} must be above 0, not ${shown(value)}`);
  return value;
}

/** A whole number >= minimum. */
export function checkInteger(value: unknown, minimum: number, name: string): number {
  if (typeof value !== "number") throw new UnreelTypeError(`${name} must be a number, not ${shown(value)}`);
  if (!Number.isSafeInteger(value) || value < minimum) {
    throw new UnreelRangeError(`${name} must be a whole number from ${minimum} on, not ${shown(value)}`);
  }
  return value;
}

/** A number in [minimum, maximum]. */
export function checkRange(value: unknown, minimum: number, maximum: number, name: string): number {
  if (typeof value !== "number") throw new UnreelTypeError(`${name} must be a number, not ${shown(value)}`);
  if (!(value >= minimum && value <= maximum)) {
    throw new UnreelRangeError(`${name} must lie between ${minimum} and ${maximum}, not ${shown(value)}`);
  }
  return value;
}

/** One of the allowed values. */
export function checkOneOf<T extends string>(value: unknown, allowed: readonly T[], name: string): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined)
    throw new UnreelTypeError(`${name} must be one of ${allowed.join(", ")}, not ${shown(value)}`);
  return found;
}

/** An instance of a typed array class with `length` elements. */
export function checkTyped<T extends ArrayBufferView & { readonly length: number }>(
  value: unknown,
  type: new (...args: never[]) => T,
  length: number,
  name: string,
): T {
  if (!(value instanceof type)) throw new UnreelTypeError(`${name} must be a ${type.name}, not ${shown(value)}`);
  if (value.length !== length) {
    throw new UnreelRangeError(`${name} must have ${length} elements, not ${value.length}`);
  }
  return value;
}

function pathOfUrl(source: string | URL, name: string): string {
  let path: string;
  try {
    const url = new URL(source);
    if (url.protocol !== "file:")
      throw new UnreelTypeError(`${name}: only file: URLs can be opened, not ${url.protocol}`);
    path = fileURLToPath(url);
  } catch (error) {
    if (error instanceof UnreelTypeError) throw error;
    throw new UnreelTypeError(`${name}: ${String(source)} names no file: ${String(error)}`);
  }
  return checkedPath(path, name);
}

function checkedPath(path: string, name: string): string {
  if (path.length === 0) throw new UnreelTypeError(`${name} is an empty string; give the path of a file`);
  if (path.includes("\0")) throw new UnreelTypeError(`${name} has a NUL character: ${shown(path)}`);
  return resolve(path);
}

/** The absolute path of a path or `file:` URL. */
export function pathOf(source: unknown, name: string): string {
  if (source instanceof URL || (typeof source === "string" && /^file:/i.test(source))) return pathOfUrl(source, name);
  if (typeof source !== "string")
    throw new UnreelTypeError(`${name} must be a path or a file: URL, not ${shown(source)}`);
  return checkedPath(source, name);
}
