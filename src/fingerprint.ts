import { createHash } from "node:crypto";
import { UnreelError, UnreelTypeError } from "./errors.js";

/** A value that JSON can carry. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * Everything that shaped a feature: encoder SHA-256, precision, preprocessing, sampling, crop, colour, versions. Two
 * things with different fingerprints must not be mixed.
 */
export type Fingerprint = Readonly<Record<string, Json>>;

/**
 * The one text of a JSON value: object keys sorted by UTF-16 code unit, no spaces, numbers as ECMAScript prints them
 * (the form of RFC 8785).
 *
 * @throws UnreelTypeError for what JSON cannot carry: NaN, infinities, undefined, functions
 */
export function canonicalJson(value: Json): string {
  return canonical(value, "the value");
}

function canonical(value: unknown, where: string): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item, at) => canonical(item, `${where}[${at}]`)).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const record = value as Readonly<Record<string, unknown>>;
    const members = Object.keys(record)
      .sort()
      .map((key) => {
        return `${JSON.stringify(key)}:${canonical(record[key], `${where}.${key}`)}`;
      });
    return `{${members.join(",")}}`;
  }
  throw new UnreelTypeError(`${where} is ${String(value)}, which JSON cannot carry`);
}

/** SHA-256 (hex) of the canonical JSON: the same for equal fingerprints, whatever the order of their keys. */
export function fingerprintHash(fingerprint: Fingerprint): string {
  return createHash("sha256").update(canonicalJson(fingerprint)).digest("hex");
}

/** Leaf values by path: `preprocessing.size` -> `224`. Empty objects and arrays are leaves. */
function leaves(value: Json, path: string, into: Map<string, string>): Map<string, string> {
  const members = typeof value === "object" && value !== null ? Object.entries(value) : [];
  if (members.length === 0) return into.set(path, canonicalJson(value));
  for (const [key, member] of members) leaves(member, path === "" ? key : `${path}.${key}`, into);
  return into;
}

/** The encoders that made features, in the order of their embeddings in a row; none where the fingerprint names none. */
export function encodersOf(
  fingerprint: Fingerprint,
): readonly { readonly sha256: string; readonly dimension: number }[] {
  const { encoders } = fingerprint;
  if (!Array.isArray(encoders)) return [];
  return (encoders as readonly Json[]).map((encoder) => {
    const { sha256, dimension } = (encoder ?? {}) as Readonly<Record<string, Json>>;
    return { sha256: String(sha256), dimension: Number(dimension) };
  });
}

/**
 * Names each field in which two fingerprints differ, with both values, `a`'s first:
 * `encoder.sha256: "ab…" and "cd…"; precision: "fp32" and nothing`. Empty when they are equal.
 */
export function describeFingerprintDifference(a: Fingerprint, b: Fingerprint): string {
  if (canonicalJson(a) === canonicalJson(b)) return "";
  const left = leaves(a, "", new Map());
  const right = leaves(b, "", new Map());
  const fields = [...new Set([...left.keys(), ...right.keys()])].sort();
  const differences = fields
    .filter((field) => left.get(field) !== right.get(field))
    .map((field) => `${field}: ${left.get(field) ?? "nothing"} and ${right.get(field) ?? "nothing"}`);
  return differences.join("; ");
}

/**
 * Demands that two things were shaped alike.
 *
 * @param what names both, in the order of the arguments: "the feature store out/ and this run"
 * @param remedy what the user can do about it
 * @throws UnreelError `ERR_UNREEL_FINGERPRINT_MISMATCH`, naming the fields and both values
 */
export function assertSameFingerprint(
  a: Fingerprint,
  b: Fingerprint,
  what: string,
  remedy = "Use the same encoder, preprocessing and sampling for both, or make one of them anew.",
): void {
  const difference = describeFingerprintDifference(a, b);
  if (difference === "") return;
  throw new UnreelError(
    "ERR_UNREEL_FINGERPRINT_MISMATCH",
    `${what} do not belong together; they differ in ${difference}. ${remedy}`,
    { difference, first: fingerprintHash(a), second: fingerprintHash(b) },
  );
}
