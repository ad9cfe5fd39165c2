import { UnreelError } from "../errors.js";
import { abortable, nativeBinding } from "../native/load.js";
import { writeFileAtomic } from "../output-folder.js";
import { checkInteger, pathOf } from "../validate.js";
import { checkLabels, checkRows } from "./svm-options.js";

/** Rows as {@link trainSvm} takes them. */
export interface SvmData {
  /** rows x dims, C order. */
  readonly x: Float64Array | Float32Array;
  /** 1 = fake, 0 = real; one a row. */
  readonly labels: Int32Array;
  readonly rows: number;
  readonly dims: number;
}

/** Options of {@link readSvmData}. */
export interface ReadSvmDataOptions {
  /** Length of a row, 1 to 65,536. Default: the greatest index in the file, which leaves out zeros. */
  readonly dims?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads libsvm's sparse text format, `label index:value …`: labels 1 or +1 (fake) and 0 or -1 (real), indices that begin
 * at 1 and ascend, finite decimals with a point. The file may be larger than memory; `x` may not. It is read twice.
 *
 * @throws UnreelError `ERR_UNREEL_SVM_DATA_INVALID` (details `path` and `line`), `ERR_UNREEL_NOT_FOUND`,
 * `ERR_UNREEL_IS_A_DIRECTORY`, `ERR_UNREEL_NOT_READABLE` (a pipe, too), `ERR_UNREEL_LIMIT_EXCEEDED` (more than 2^30
 * numbers, or a thousand times what the file holds), `ERR_UNREEL_ABORTED`
 *
 * @example
 * ```ts
 * import { readSvmData, trainSvm, writeSvmData } from "unreel";
 *
 * const x = Float64Array.of(0, 0.25, 1, 0);
 * await writeSvmData("train.txt", { x, labels: Int32Array.of(0, 1), rows: 2, dims: 2 });
 * const data = await readSvmData("train.txt", { dims: 2 });
 * const svm = await trainSvm(data.x, data.labels, { rows: data.rows, dims: data.dims, kernel: "linear" });
 * console.log(svm.supportVectorCount);
 * ```
 */
export function readSvmData(
  file: string,
  options: ReadSvmDataOptions = {},
): Promise<SvmData & { readonly x: Float64Array }> {
  const path = pathOf(file, "file");
  const dims = options.dims === undefined ? 0 : checkInteger(options.dims, 1, "options.dims");
  return abortable(options.signal, (token) => nativeBinding().readSvmData(path, dims, token));
}

/**
 * Writes libsvm's sparse text format, which svm-train, svm-scale and scikit-learn read: labels 1 and 0, zeros left out,
 * of every number the digits that give the same double back, 17 at most. The file appears whole or not at all.
 *
 * @throws UnreelError `ERR_UNREEL_NOT_FINITE` (details `row` and `column`), `ERR_UNREEL_OUTPUT_NOT_WRITABLE`,
 * `ERR_UNREEL_OUTPUT_EXISTS` (a folder has the name), `ERR_UNREEL_IO`
 */
export async function writeSvmData(file: string, data: SvmData): Promise<void> {
  const path = pathOf(file, "file");
  const rows = checkInteger(data.rows, 1, "data.rows");
  const dims = checkInteger(data.dims, 1, "data.dims");
  const x = checkRows(data.x, rows, dims, "data.x");
  const labels = checkLabels(data.labels, rows);
  await writeFileAtomic(path, textChunks([{ x, labels, rows, dims }]));
}

/** About a megabyte of text, so that other work of the process is not kept waiting by one part. */
const chunkLength = 1 << 20;

/** The text of blocks of rows that follow one another, in parts. Errors count rows from 0 over all blocks. */
export async function* textChunks(blocks: Iterable<SvmData> | AsyncIterable<SvmData>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = "";
  let before = 0;
  for await (const { x, labels, rows, dims } of blocks) {
    for (let row = 0; row < rows; row++) {
      text += lineOf(x.subarray(row * dims, (row + 1) * dims), labels[row] ?? 0, before + row);
      if (text.length < chunkLength) continue;
      yield encoder.encode(text);
      text = "";
    }
    before += rows;
  }
  yield encoder.encode(text);
}

function lineOf(values: Float64Array | Float32Array, label: number, row: number): string {
  let line = String(label);
  for (const [column, value] of values.entries()) {
    if (value === 0) continue;
    if (!Number.isFinite(value)) throw notFinite(row, column);
    line += ` ${column + 1}:${value}`;
  }
  return `${line}\n`;
}

function notFinite(row: number, column: number): UnreelError {
  return new UnreelError(
    "ERR_UNREEL_NOT_FINITE",
    `The feature in row ${row}, column ${column} (both from 0) is NaN or infinite.`,
    { row, column },
  );
}
