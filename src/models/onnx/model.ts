import { type FileHandle, open } from "node:fs/promises";
import { UnreelError } from "../../errors.js";
import { pathOf } from "../../validate.js";
import { concat, lengthField, type Piece, textField, varintField } from "../protobuf.js";
import { ByteRange, damaged, fileSource } from "./byte-range.js";
import { type ExternalDataFile, ExternalFolder } from "./external-data.js";
import { OnnxGraph } from "./graph.js";
import { inOrder, type Numbered } from "./numbered.js";
import { type Field, numberOf, rangeOf, readFields, textOf } from "./wire.js";

/**
 * An ONNX file, open for reading, whose graph may be edited and written as another file. Everything of the file is kept,
 * known to unreel or not; tensors' data stays in the files until it is read or written. Close it, or declare it with
 * `await using`; whatever was read from it lazily must be written before.
 */
export class OnnxModel implements AsyncDisposable {
  readonly path: string;
  readonly graph: OnnxGraph;
  irVersion: number;
  producer: string;
  producerVersion: string;
  /** Versions by domain; "" is ONNX's own. */
  readonly opsets: Map<string, number>;
  readonly metadata: Map<string, string>;
  readonly #opsetFields: Header["opsets"];
  readonly #rest: readonly Numbered[];
  readonly #file: FileHandle;
  readonly #folder: ExternalFolder;

  private constructor(path: string, header: Header, graph: OnnxGraph, file: FileHandle, folder: ExternalFolder) {
    this.path = path;
    this.graph = graph;
    this.irVersion = header.irVersion;
    this.producer = header.producer;
    this.producerVersion = header.producerVersion;
    this.opsets = new Map([...header.opsets].map(([domain, { version }]) => [domain, version]));
    this.#opsetFields = header.opsets;
    this.metadata = header.metadata;
    this.#rest = header.rest;
    this.#file = file;
    this.#folder = folder;
  }

  /**
   * Opens a file and reads all of it but tensors' data.
   *
   * @throws UnreelError `ERR_UNREEL_MODEL_NOT_FOUND`; `ERR_UNREEL_MODEL_INVALID` where it is no ONNX, is cut off or
   * damaged, or names weights that are not beside it
   */
  static async open(file: string | URL): Promise<OnnxModel> {
    const path = pathOf(file, "file");
    const handle = await openModel(path);
    const folder = new ExternalFolder(path);
    try {
      const range = ByteRange.all(fileSource(path, handle, (await handle.stat()).size));
      const fields = await readFields(range);
      const graph = fields.findLast(({ number }) => number === 7);
      const header = await readHeader(fields);
      if (graph === undefined || header.irVersion < 1) throw damaged(path, 0, "it has no graph, so it is no ONNX");
      return new OnnxModel(path, header, await OnnxGraph.read(rangeOf(graph), folder), handle, folder);
    } catch (error) {
      await handle.close();
      await folder.close();
      throw error;
    }
  }

  /** Version of ONNX's own operators; 0 where the file says none. */
  get opset(): number {
    return this.opsets.get("") ?? this.opsets.get("ai.onnx") ?? 0;
  }

  /** Names of the files beside the model that its tensors lie in, sorted; mostly none. */
  get externalFiles(): readonly string[] {
    return this.#folder.names;
  }

  /** Of the file and those beside it. */
  async bytes(): Promise<number> {
    return (await this.#file.stat()).size + (await this.#folder.bytes());
  }

  /** The ModelProto. Long constants go into `external`, where there is one; else all data is in it. */
  encode(external?: ExternalDataFile): Piece {
    const texts: Numbered[] = [[2, this.producer] as const, [3, this.producerVersion] as const].flatMap(
      ([number, text]) => (text === "" ? [] : [{ number, piece: textField(number, text) }]),
    );
    return concat(
      inOrder([
        { number: 1, piece: varintField(1, this.irVersion) },
        ...texts,
        { number: 7, piece: lengthField(7, this.graph.encode(external)) },
        ...[...this.opsets].map(([domain, version]) => this.#opsetImport(domain, version)),
        ...[...this.metadata].map(([key, value]) => metadataEntry(key, value)),
        ...this.#rest,
      ]),
    );
  }

  /** As it stood in the file, where it says the same: some leave ONNX's own domain out. */
  #opsetImport(domain: string, version: number): Numbered {
    const known = this.#opsetFields.get(domain);
    return known?.version === version ? known.field : opsetImport(domain, version);
  }

  async close(): Promise<void> {
    await this.#file.close();
    await this.#folder.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A ModelProto's `opset_import`. */
export function opsetImport(domain: string, version: number): Numbered {
  return { number: 8, piece: lengthField(8, concat([textField(1, domain), varintField(2, version)])) };
}

/** A ModelProto's `metadata_props`. */
export function metadataEntry(key: string, value: string): Numbered {
  return { number: 14, piece: lengthField(14, concat([textField(1, key), textField(2, value)])) };
}

interface Header {
  readonly irVersion: number;
  readonly producer: string;
  readonly producerVersion: string;
  readonly opsets: ReadonlyMap<string, { readonly version: number; readonly field: Field }>;
  readonly metadata: Map<string, string>;
  readonly rest: readonly Numbered[];
}

async function openModel(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, "r");
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw new Error("it is no file");
  } catch (error) {
    throw new UnreelError("ERR_UNREEL_MODEL_NOT_FOUND", `There is no readable model file at ${path}`, { path }, error);
  }
}

async function readHeader(fields: readonly Field[]): Promise<Header> {
  const opsets = new Map<string, { version: number; field: Field }>();
  const metadata = new Map<string, string>();
  const rest: Numbered[] = [];
  let [irVersion, producer, producerVersion] = [0, "", ""];
  for (const field of fields) {
    if (field.number === 1) irVersion = numberOf(field);
    else if (field.number === 2) producer = await textOf(field);
    else if (field.number === 3) producerVersion = await textOf(field);
    else if (field.number === 8) {
      const parts = await readFields(rangeOf(field));
      const version = parts.findLast(({ number }) => number === 2);
      opsets.set(await textIn(parts, 1), { version: version === undefined ? 0 : numberOf(version), field });
    } else if (field.number === 14) {
      const parts = await readFields(rangeOf(field));
      metadata.set(await textIn(parts, 1), await textIn(parts, 2));
    } else if (field.number !== 7) rest.push(field);
  }
  return { irVersion, producer, producerVersion, opsets, metadata, rest };
}

async function textIn(fields: readonly Field[], number: number): Promise<string> {
  const field = fields.findLast((each) => each.number === number);
  return field === undefined ? "" : textOf(field);
}
