import { concat, lengthField, type Piece, textField } from "../protobuf.js";
import { type ByteRange, damaged } from "./byte-range.js";
import type { ExternalDataFile, ExternalFolder } from "./external-data.js";
import { type NodeParts, OnnxNode } from "./node.js";
import { inOrder, type Numbered } from "./numbered.js";
import type { ReadContext } from "./read-context.js";
import { OnnxTensor } from "./tensor.js";
import { OnnxValueInfo } from "./value-info.js";
import { rangeOf, readFields, textOf } from "./wire.js";

const deepestGraph = 32;

/**
 * A graph of nodes, which may be edited: the arrays and the map are the graph. By ONNX's rules each node stands
 * behind those that it reads from, though ONNX Runtime and some converters do not mind.
 */
export class OnnxGraph {
  readonly name: string;
  nodes: OnnxNode[] = [];
  /** Constants by name, in the file's order. */
  readonly initializers = new Map<string, OnnxTensor>();
  inputs: OnnxValueInfo[] = [];
  readonly outputs: OnnxValueInfo[] = [];
  /** What an exporter says of values in between. */
  valueInfos: OnnxValueInfo[] = [];
  readonly #rest: Numbered[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** Reads a GraphProto. @throws UnreelError `ERR_UNREEL_MODEL_INVALID` */
  static async read(range: ByteRange, folder: ExternalFolder, depth = 0): Promise<OnnxGraph> {
    if (depth > deepestGraph) throw damaged(range.source.path, range.place, "graphs lie within each other too deep");
    const context: ReadContext = { folder, readGraph: (inner) => OnnxGraph.read(inner, folder, depth + 1) };
    const fields = await readFields(range);
    const name = fields.findLast(({ number }) => number === 2);
    const graph = new OnnxGraph(name === undefined ? "" : await textOf(name));
    for (const field of fields) {
      if (field.number === 1) graph.nodes.push(await OnnxNode.read(rangeOf(field), context));
      else if (field.number === 5) graph.add(await OnnxTensor.read(rangeOf(field), folder));
      else if (field.number === 11) graph.inputs.push(await OnnxValueInfo.read(rangeOf(field)));
      else if (field.number === 12) graph.outputs.push(await OnnxValueInfo.read(rangeOf(field)));
      else if (field.number === 13) graph.valueInfos.push(await OnnxValueInfo.read(rangeOf(field)));
      else if (field.number !== 2) graph.#rest.push(field);
    }
    return graph;
  }

  /** Adds a constant, or replaces the one of its name; gives the name back. */
  add(tensor: OnnxTensor): string {
    this.initializers.set(tensor.name, tensor);
    return tensor.name;
  }

  /** The node that computes each value. */
  producers(): Map<string, OnnxNode> {
    return new Map(this.nodes.flatMap((node) => node.outputs.map((output): [string, OnnxNode] => [output, node])));
  }

  /** The nodes that read each value, once each. */
  consumers(): Map<string, OnnxNode[]> {
    const result = new Map<string, OnnxNode[]>();
    for (const node of this.nodes) {
      for (const name of new Set(node.reads)) {
        const known = result.get(name);
        if (known === undefined) result.set(name, [node]);
        else known.push(node);
      }
    }
    return result;
  }

  /** Values that the graph reads and neither computes nor holds: of a graph within another, what it takes from there. */
  get captures(): string[] {
    const own = new Set([...this.inputs.map(({ name }) => name), ...this.initializers.keys()]);
    for (const node of this.nodes) for (const output of node.outputs) own.add(output);
    const read = [...this.nodes.flatMap((node) => node.reads), ...this.outputs.map(({ name }) => name)];
    return [...new Set(read)].filter((name) => !own.has(name));
  }

  /** `base`, or with a number behind it, so that nothing in the graph has the name. */
  freeName(base: string): string {
    const taken = new Set([
      ...this.nodes.flatMap((node) => [...node.outputs, ...node.reads]),
      ...this.initializers.keys(),
      ...this.inputs.map(({ name }) => name),
    ]);
    let name = base;
    for (let i = 2; taken.has(name); i++) name = `${base}.${i}`;
    return name;
  }

  /** Puts nodes in the place of one. */
  replace(node: OnnxNode, by: readonly (OnnxNode | NodeParts)[]): void {
    const at = this.nodes.indexOf(node);
    if (at < 0) throw new RangeError(`the node ${node.name} is not in the graph`);
    this.nodes.splice(at, 1, ...by.map((each) => (each instanceof OnnxNode ? each : OnnxNode.of(each))));
  }

  /** Lets whoever reads the value `from` read `to` instead. What a graph within another captures keeps its name. */
  redirect(from: string, to: string): void {
    const swap = (names: readonly string[]) => names.map((name) => (name === from ? to : name));
    this.nodes = this.nodes.map((node) =>
      node.inputs.includes(from) ? node.with({ inputs: swap(node.inputs) }) : node,
    );
  }

  /**
   * Removes nodes and constants whose results nobody reads, and what is said of values that are no more. Constants that
   * are named as inputs (models before IR version 4) go from the inputs too.
   */
  prune(): void {
    const producers = this.producers();
    const kept = new Set<OnnxNode>();
    // A set is walked over what is added meanwhile too. Some converters leave nodes in no order at all.
    const wanted = new Set(this.outputs.map(({ name }) => name));
    for (const name of wanted) {
      const node = producers.get(name);
      if (node === undefined || kept.has(node)) continue;
      kept.add(node);
      for (const read of node.reads) wanted.add(read);
    }
    this.nodes = this.nodes.filter((node) => kept.has(node));
    for (const name of [...this.initializers.keys()]) {
      if (wanted.has(name)) continue;
      this.initializers.delete(name);
      this.inputs = this.inputs.filter((input) => input.name !== name);
    }
    const values = new Set(this.nodes.flatMap(({ outputs }) => outputs));
    this.valueInfos = this.valueInfos.filter(({ name }) => values.has(name) || this.initializers.has(name));
  }

  /** The GraphProto; long constants go into `external`, where there is one. */
  encode(external?: ExternalDataFile): Piece {
    const messages = (number: number, pieces: readonly Piece[]) =>
      pieces.map((piece): Numbered => ({ number, piece: lengthField(number, piece) }));
    return concat(
      inOrder([
        ...messages(
          1,
          this.nodes.map((node) => node.encode()),
        ),
        ...(this.name === "" ? [] : [{ number: 2, piece: textField(2, this.name) }]),
        ...messages(
          5,
          [...this.initializers.values()].map((tensor) => tensor.encode(external)),
        ),
        ...messages(
          11,
          this.inputs.map((input) => input.encode()),
        ),
        ...messages(
          12,
          this.outputs.map((output) => output.encode()),
        ),
        ...messages(
          13,
          this.valueInfos.map((info) => info.encode()),
        ),
        ...this.#rest,
      ]),
    );
  }
}
