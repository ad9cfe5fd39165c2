import { corrupt } from "./files.js";

/** Reads the fields of a JSON file that unreel wrote; anything else than what it wrote is `ERR_UNREEL_STORE_CORRUPT`. */
export class RecordReader {
  private readonly record: Readonly<Record<string, unknown>>;
  private readonly path: string;

  constructor(value: unknown, path: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw corrupt(path, "an object was expected in it");
    }
    this.record = value as Readonly<Record<string, unknown>>;
    this.path = path;
  }

  /** The root object of a JSON text. */
  static parse(text: string, path: string): RecordReader {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw corrupt(path, "it is not JSON", error);
    }
    return new RecordReader(value, path);
  }

  has(name: string): boolean {
    return this.record[name] !== undefined;
  }

  value(name: string): unknown {
    return this.record[name];
  }

  object(name: string): RecordReader {
    return new RecordReader(this.record[name], this.path);
  }

  objects(name: string): RecordReader[] {
    const list = this.record[name];
    if (!Array.isArray(list)) throw corrupt(this.path, `${name} is not a list`);
    return list.map((item) => new RecordReader(item, this.path));
  }

  string(name: string): string {
    const value = this.record[name];
    if (typeof value !== "string") throw corrupt(this.path, `${name} is not a string`);
    return value;
  }

  optionalString(name: string): string | undefined {
    return this.has(name) ? this.string(name) : undefined;
  }

  optionalStrings(name: string): string[] | undefined {
    const value = this.record[name];
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
      throw corrupt(this.path, `${name} is not a list of strings`);
    }
    return value;
  }

  boolean(name: string): boolean {
    const value = this.record[name];
    if (typeof value !== "boolean") throw corrupt(this.path, `${name} is neither true nor false`);
    return value;
  }

  /** A whole number from 0 on. */
  count(name: string): number {
    const value = this.record[name];
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
      throw corrupt(this.path, `${name} is not a whole number`);
    }
    return value;
  }
}
