// RFC 4180 in both directions. Every CSV file that unreel reads or writes goes through here.
import { UnreelError, UnreelTypeError } from "./errors.js";

/** One line of data. `line` is where it begins in the file, from 1: the header of a file is line 1. */
export interface CsvRecord {
  readonly line: number;
  /** By column name. Has no prototype, so that a column may have any name. */
  readonly fields: Readonly<Record<string, string>>;
}

interface CsvTable {
  readonly header: readonly string[];
  readonly records: readonly CsvRecord[];
}

/** What a cell may be when it is written; `undefined` is an empty cell. */
export type CsvCell = string | number | undefined;

interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

function invalid(file: string, line: number, what: string): UnreelError {
  return new UnreelError("ERR_UNREEL_MANIFEST_INVALID", `${file}, line ${line}: ${what}`, { path: file, line });
}

/** Splits text into rows of cells; knows quotes and line ends, not headers. */
class RowReader {
  readonly #text: string;
  readonly #file: string;
  #at: number;
  #line = 1;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
    this.#at = text.startsWith("\uFEFF") ? 1 : 0;
  }

  *rows(): Generator<Row> {
    while (this.#at < this.#text.length) {
      const line = this.#line;
      const cells = [this.#cell()];
      while (this.#text[this.#at] === ",") {
        this.#at += 1;
        cells.push(this.#cell());
      }
      this.#endOfLine();
      yield { line, cells };
    }
  }

  #cell(): string {
    return this.#text[this.#at] === '"' ? this.#quotedCell() : this.#bareCell();
  }

  #quotedCell(): string {
    const begin = this.#at + 1;
    let end = this.#text.indexOf('"', begin);
    while (end >= 0 && this.#text[end + 1] === '"') end = this.#text.indexOf('"', end + 2);
    if (end < 0) throw invalid(this.#file, this.#line, "a quote is opened and never closed");
    const raw = this.#text.slice(begin, end);
    this.#line += raw.split("\n").length - 1;
    this.#at = end + 1;
    return raw.replaceAll('""', '"');
  }

  #bareCell(): string {
    const begin = this.#at;
    while (this.#at < this.#text.length && !",\r\n".includes(this.#text.charAt(this.#at))) this.#at += 1;
    const cell = this.#text.slice(begin, this.#at);
    if (cell.includes('"')) {
      const advice = 'write the whole cell in quotes, and each " in it twice';
      throw invalid(this.#file, this.#line, `a quote inside a cell: ${advice}`);
    }
    return cell;
  }

  #endOfLine(): void {
    if (this.#at === this.#text.length) return;
    const end = ["\r\n", "\n"].find((each) => this.#text.startsWith(each, this.#at));
    if (end === undefined) {
      const what = this.#text[this.#at] === "\r" ? "a CR without its LF" : "text after the closing quote of a cell";
      throw invalid(this.#file, this.#line, what);
    }
    this.#at += end.length;
    this.#line += 1;
  }
}

function checkHeader(header: readonly string[], file: string): void {
  const seen = new Set<string>();
  for (const [index, name] of header.entries()) {
    if (name === "") throw invalid(file, 1, `column ${index + 1} has no name`);
    if (seen.has(name)) throw invalid(file, 1, `two columns are named ${JSON.stringify(name)}`);
    seen.add(name);
  }
}

/**
 * Reads CSV text with a header line, as RFC 4180 says: comma, double quotes, CRLF or LF; a byte order mark is passed
 * over, the last line may lack its end. Nothing is guessed or trimmed: an empty line, a row with more or fewer cells
 * than the header, a stray quote and a column named twice are errors.
 *
 * @param options.file - what errors call the text: its path, or "stdin".
 * @throws UnreelError `ERR_UNREEL_MANIFEST_INVALID`, details `{path, line}`.
 */
export function parseCsv(text: string, options: { readonly file: string }): CsvTable {
  const { file } = options;
  const rows = new RowReader(text, file).rows();
  const first = rows.next();
  if (first.done) throw invalid(file, 1, "there is no text; the first line must name the columns");
  const header = first.value.cells;
  checkHeader(header, file);
  const records: CsvRecord[] = [];
  for (const { line, cells } of rows) {
    if (cells.length === 1 && cells[0] === "" && header.length > 1) throw invalid(file, line, "the line is empty");
    if (cells.length !== header.length) {
      throw invalid(file, line, `${cells.length} cells where the header names ${header.length} columns`);
    }
    const fields: Record<string, string> = Object.create(null);
    for (const [index, name] of header.entries()) fields[name] = cells[index] ?? "";
    records.push({ line, fields });
  }
  return { header, records };
}

function cellText(cell: CsvCell): string {
  if (cell === undefined) return "";
  if (typeof cell === "string") return /[",\r\n]|^\uFEFF|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  if (!Number.isFinite(cell)) throw new UnreelTypeError(`a cell of a CSV file cannot be ${cell}`);
  return Object.is(cell, -0) ? "-0" : String(cell);
}

function lineText(cells: readonly CsvCell[]): string {
  const text = cells.map(cellText).join(",");
  // A lone empty cell would be an empty line, which readers skip or refuse.
  return `${text === "" ? '""' : text}\n`;
}

/**
 * Writes CSV text that {@link parseCsv}, pandas and spreadsheets read: quotes only where needed, numbers with as many
 * digits as give the same double back, every line ended by LF (RFC 4180 writes CRLF; readers take both, and line-based
 * tools only LF).
 *
 * @throws UnreelTypeError where a number is NaN or infinite or a row has another width than the header.
 */
export function formatCsv(header: readonly string[], rows: Iterable<readonly CsvCell[]>): string {
  const lines = [lineText(header)];
  for (const row of rows) {
    if (row.length !== header.length) {
      throw new UnreelTypeError(`a row of ${row.length} cells under a header of ${header.length} columns`);
    }
    lines.push(lineText(row));
  }
  return lines.join("");
}
