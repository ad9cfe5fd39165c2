import type { ByteRange } from "./byte-range.js";
import type { ExternalFolder } from "./external-data.js";
import type { OnnxGraph } from "./graph.js";

/** What the parts of a model are read with. */
export interface ReadContext {
  readonly folder: ExternalFolder;
  /** Reads a graph within the present one: the body of an If, Loop or Scan. */
  readGraph(range: ByteRange): Promise<OnnxGraph>;
}
