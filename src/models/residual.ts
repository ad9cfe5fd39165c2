import { GraphWriter, type ModelContent } from "./onnx-writer.js";

/**
 * A fixed feature of a picture's noise, as in steganalysis: high-pass residuals, quantised and truncated, and how often
 * each triple of neighbours occurs. What was pasted into a picture, scaled or smoothed has other noise than what is
 * around it. Nothing is trained and nothing is random.
 *
 * For each of the 25 luma tiles of 64 x 64 bytes (luma-tiles: 9 of the middle, 16 of the rim), with x(i, j) row i,
 * column j, at the 60 x 60 positions that are two pixels or more from the edge:
 *
 *     channel  residual r                                                 q
 *     0        x(i, j-1) - 2 x(i, j) + x(i, j+1)                          2     second order, horizontal
 *     1        x(i-1, j) - 2 x(i, j) + x(i+1, j)                          2     second order, vertical
 *     2        -x(i, j-1) + 3 x(i, j) - 3 x(i, j+1) + x(i, j+2)           3     third order, horizontal
 *     3        -x(i-1, j) + 3 x(i, j) - 3 x(i+1, j) + x(i+2, j)           3     third order, vertical
 *     4        SQUARE 3 x 3: -1 2 -1 / 2 -4 2 / -1 2 -1                   4
 *     5        SQUARE 5 x 5: -1 2 -2 2 -1 / 2 -6 8 -6 2 / -2 8 -12 8 -2
 *                            / 2 -6 8 -6 2 / -1 2 -2 2 -1                12
 *
 *     d = min(max(round(r / q), -2), 2)          halves away from zero
 *
 * Triples (d1, d2, d3) of three neighbours in a row, and of three in a column, are counted. A triple, its mirror image
 * (d3, d2, d1) and the negatives of both are one class: 39 of 125, in the order of their smallest code
 * (d1 + 2) + 5 (d2 + 2) + 25 (d3 + 2). Six blocks of 39 counts: channels 0 and 1 along their own direction, then across
 * it; so 2 and 3; channel 4 both ways, channel 5 both ways. Blocks are divided by their sums: m of the nine middle tiles
 * together, e of the sixteen at the rim.
 *
 *     image_embeds = sqrt(m) - sqrt(e)           234 numbers
 *
 * So the middle, where faces are, is compared with the rim of the same picture, and what camera, light and codec do to
 * all of it falls out. The square root makes bins of all heights equally noisy (Hellinger).
 *
 * Sources: T. Pevny, P. Bas, J. Fridrich, "Steganalysis by subtractive pixel adjacency matrix", IEEE TIFS 5(2), 2010
 * (SPAM: differences, truncation, joint statistics of neighbours); J. Fridrich, J. Kodovsky, "Rich models for
 * steganalysis of digital images", IEEE TIFS 7(3), 2012 (quantised residuals, SQUARE, symmetries).
 */
export function residualGraph(): ModelContent {
  const graph = new GraphWriter();
  const code = quantised(graph);
  const tiles = graph.node("Concat", [triples(graph, code, "row"), triples(graph, code, "column")], "tiles", {
    axis: { int: 1 },
  });
  const pictures = graph.node("Reshape", [tiles, graph.int64("by_picture", [-1, tileCount, 2 * bins])], "pictures");
  graph.floats("classes", foldMatrix(), [2 * bins, blocks * classCount]);
  const middle = rootOf(graph, pictures, "middle", 0, middleTiles);
  const rim = rootOf(graph, pictures, "rim", middleTiles, tileCount);
  graph.node("Sub", [middle, rim], "image_embeds");
  return graph.graph(
    "noise_residual",
    { name: "luma_tiles", type: "uint8", shape: ["batch", tileCount, tileSize, tileSize] },
    { name: "image_embeds", shape: ["batch", residualDimension] },
  );
}

const tileCount = 25;
const middleTiles = 9;
const tileSize = 64;
const truncation = 2;
const symbols = 2 * truncation + 1;
const codes = symbols ** 3;

interface Channel {
  /** 5 x 5, row by row. */
  readonly kernel: readonly number[];
  readonly q: number;
  /** The block that its triples in a row are counted in, and that of those in a column. */
  readonly blocks: { readonly row: number; readonly column: number };
}

/** Differences in a row as a 5 x 5 kernel; its transpose is that of differences in a column. */
function horizontal(...differences: readonly number[]): number[] {
  return Array.from({ length: 25 }, (_, at) => (Math.floor(at / 5) === 2 ? (differences[at % 5] ?? 0) : 0));
}

function transposed(kernel: readonly number[]): number[] {
  return kernel.map((_, at) => kernel[(at % 5) * 5 + Math.floor(at / 5)] ?? 0);
}

/** A horizontal kernel and its vertical twin: triples along their direction in one block, across it in the next. */
function pair(kernel: readonly number[], q: number, along: number): Channel[] {
  return [
    { kernel, q, blocks: { row: along, column: along + 1 } },
    { kernel: transposed(kernel), q, blocks: { row: along + 1, column: along } },
  ];
}

const square3 = [0, 0, 0, 0, 0, 0, -1, 2, -1, 0, 0, 2, -4, 2, 0, 0, -1, 2, -1, 0, 0, 0, 0, 0, 0];
const square5 = [-1, 2, -2, 2, -1, 2, -6, 8, -6, 2, -2, 8, -12, 8, -2, 2, -6, 8, -6, 2, -1, 2, -2, 2, -1];

const channels: readonly Channel[] = [
  ...pair(horizontal(0, 1, -2, 1, 0), 2, 0),
  ...pair(horizontal(0, -1, 3, -3, 1), 3, 2),
  { kernel: square3, q: 4, blocks: { row: 4, column: 4 } },
  { kernel: square5, q: 12, blocks: { row: 5, column: 5 } },
];

const blocks = 6;
/** Side of the part of a tile that has all neighbours. */
const inner = tileSize - 4;
const bins = channels.length * codes;
const classes = tripleClasses();
const classCount = Math.max(...classes) + 1;

/** Length of the feature: 234. */
export const residualDimension = blocks * classCount;

/** The class of each code of a triple. */
function tripleClasses(): readonly number[] {
  const codeOf = (triple: readonly number[]) => triple.reduceRight((sum, d) => sum * symbols + d + truncation, 0);
  const smallest = Array.from({ length: codes }, (_, code) => {
    const triple = [0, 1, 2].map((place) => (Math.floor(code / symbols ** place) % symbols) - truncation);
    const mirrored = triple.toReversed();
    return Math.min(...[triple, mirrored].flatMap((each) => [codeOf(each), codeOf(each.map((d) => -d))]));
  });
  const order = [...new Set(smallest)].sort((a, b) => a - b);
  return smallest.map((code) => order.indexOf(code));
}

/** [25 batch, 6, 60, 60]: d of each channel. */
function quantised(graph: GraphWriter): string {
  const wide = graph.node("Cast", ["luma_tiles"], "wide", { to: { int: 1 } });
  const planes = graph.node("Reshape", [wide, graph.int64("by_tile", [-1, 1, tileSize, tileSize])], "planes");
  const kernels = channels.flatMap(({ kernel }) => kernel);
  const residual = graph.node(
    "Conv",
    [planes, graph.floats("kernels", kernels, [channels.length, 1, 5, 5])],
    "residual",
  );
  // A little more than 1/q: Round takes halves to even numbers, and so none is left. Too little to reach another half.
  const steps = channels.map(({ q }) => 1 / q + 1 / 1024);
  const scaled = graph.node("Mul", [residual, graph.floats("steps", steps, [1, channels.length, 1, 1])], "scaled");
  const limits = [graph.float32("lowest", -truncation), graph.float32("highest", truncation)];
  return graph.node("Round", [graph.node("Clip", [scaled, ...limits], "clipped")], "quantised");
}

/** [25 batch, 750]: how often each triple of each channel lies in a row, or in a column. */
function triples(graph: GraphWriter, quantisedName: string, way: "row" | "column"): string {
  const at = (part: string) => `${way}_${part}`;
  const places = channels.flatMap(() => [1, symbols, symbols ** 2]);
  const shape = way === "row" ? [channels.length, 1, 1, 3] : [channels.length, 1, 3, 1];
  const firstCodes = channels.map((_, channel) => codes * channel + truncation * (1 + symbols + symbols ** 2));
  const code = graph.node(
    "Conv",
    [quantisedName, graph.floats(at("places"), places, shape), graph.floats(at("first"), firstCodes)],
    at("codes"),
    { group: { int: channels.length } },
  );
  const length = channels.length * inner * (inner - 2);
  const flat = graph.node("Reshape", [code, graph.int64(at("flat_shape"), [-1, length])], at("flat"));
  const indices = graph.node("Cast", [flat], at("indices"), { to: { int: 6 } });
  const size = graph.node("Shape", [indices], at("size"));
  const ones = graph.node("Expand", [graph.float32(at("one"), 1), size], at("ones"));
  const tiles = graph.node("Shape", [indices], at("tiles"), { start: { int: 0 }, end: { int: 1 } });
  const empty = graph.node("Concat", [tiles, graph.int64(at("bins"), [bins])], at("empty_shape"), { axis: { int: 0 } });
  const zeros = graph.node("Expand", [graph.float32(at("zero"), 0), empty], at("zeros"));
  return graph.node("ScatterElements", [zeros, indices, ones], at("counts"), {
    axis: { int: 1 },
    reduction: { text: "add" },
  });
}

/** [1500, 234], 0 or 1: the block and class of each channel's triples, in rows first, in columns second. */
function foldMatrix(): number[] {
  const columns = blocks * classCount;
  const matrix = new Array<number>(2 * bins * columns).fill(0);
  for (const [way, offset] of [
    ["row", 0],
    ["column", bins],
  ] as const) {
    for (const [channel, { blocks: block }] of channels.entries()) {
      for (const [code, of] of classes.entries()) {
        matrix[(offset + channel * codes + code) * columns + block[way] * classCount + of] = 1;
      }
    }
  }
  return matrix;
}

/** [batch, 234]: the root of each class's share of its block, over tiles `from` to `to` of a picture. */
function rootOf(graph: GraphWriter, pictures: string, name: string, from: number, to: number): string {
  const at = (part: string) => `${name}_${part}`;
  const axis = graph.int64(at("axis"), [1]);
  const range = [graph.int64(at("from"), [from]), graph.int64(at("to"), [to]), axis];
  const own = graph.node("Slice", [pictures, ...range], at("tiles"));
  const counts = graph.node("ReduceSum", [own, axis], at("counts"), { keepdims: { int: 0 } });
  const folded = graph.node("MatMul", [counts, "classes"], at("classes"));
  // Every block counts two channels' triples, or one channel's both ways.
  const total = (to - from) * 2 * inner * (inner - 2);
  const share = graph.node("Div", [folded, graph.float32(at("total"), total)], at("share"));
  return graph.node("Sqrt", [share], at("root"));
}
