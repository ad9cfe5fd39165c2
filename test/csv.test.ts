import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatCsv, parseCsv } from "../src/csv.js";

const options = { file: "x.csv" };

function parsed(text: string): unknown {
  const { header, records } = parseCsv(text, options);
  return [header, ...records.map(({ fields }) => header.map((name) => fields[name]))];
}

describe("parseCsv", () => {
  it.each([
    [
      "LF, CRLF and no end of the last line",
      "a,b\r\n1,2\n3,4",
      [
        ["a", "b"],
        ["1", "2"],
        ["3", "4"],
      ],
    ],
    [
      "quotes, commas and line ends in quotes",
      'a,b\n"x ""y"", z","1\r\n2"\n',
      [
        ["a", "b"],
        ['x "y", z', "1\r\n2"],
      ],
    ],
    [
      "a byte order mark",
      "\uFEFFa,b\n1,2\n",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "empty cells",
      'a,b,c\n,"",\n',
      [
        ["a", "b", "c"],
        ["", "", ""],
      ],
    ],
    ["nothing trimmed", "a\n x \n", [["a"], [" x "]]],
    ["no data", "a,b\n", [["a", "b"]]],
    [
      "names of Object's own",
      "__proto__,constructor\n1,2\n",
      [
        ["__proto__", "constructor"],
        ["1", "2"],
      ],
    ],
  ])("reads %s", (_what, text, expected) => {
    expect(parsed(text)).toEqual(expected);
  });

  it("has no field that the file does not have", () => {
    expect(parseCsv("a\n1\n", options).records[0]?.fields.toString).toBeUndefined();
  });

  it("counts lines through line ends in quotes", () => {
    expect(parseCsv('a\n"1\n\n2"\n3\n', options).records.map(({ line }) => line)).toEqual([2, 5]);
  });

  it.each([
    ["an empty text", "", 1, "no text"],
    ["a column without a name", "a,,b\n", 1, "column 2"],
    ["a column twice", "a,b,a\n", 1, '"a"'],
    ["a row too short", "a,b\n1,2\n3\n", 3, "1 cells"],
    ["a row too long", "a,b\n1,2,3\n", 2, "3 cells"],
    ["an empty line", "a,b\n\n1,2\n", 2, "empty"],
    ["an open quote", 'a,b\n1,2\n3,"4\n', 3, "never closed"],
    ["a quote inside a cell", 'a,b\n1,x"y\n', 2, "inside a cell"],
    ["text after a quote", 'a,b\n1,"x"y\n', 2, "after the closing quote"],
    ["a CR alone", "a,b\r1,2\r", 1, "CR"],
  ])("refuses %s and says on which line", (_what, text, line, words) => {
    expect(() => parseCsv(text, options)).toThrow(
      expect.objectContaining({
        code: "ERR_UNREEL_MANIFEST_INVALID",
        details: { path: "x.csv", line },
        message: expect.stringContaining(words),
      }),
    );
  });

  it("refuses a quote left open over millions of lines as any other", () => {
    expect(() => parseCsv(`a\n"${"x\n".repeat(4_000_000)}`, options)).toThrow("line 2: a quote is opened");
  });
});

describe("formatCsv", () => {
  const cell = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.stringMatching(/^[",\r\n ab]*$/),
    fc.constantFrom("\uFEFFx", " ", '"', "=1+1"),
  );
  const table = fc.integer({ min: 1, max: 4 }).chain((width) =>
    fc.record({
      header: fc.uniqueArray(
        cell.filter((text) => text !== ""),
        { minLength: width, maxLength: width },
      ),
      rows: fc.array(fc.array(cell, { minLength: width, maxLength: width })),
    }),
  );

  it("is read back as it was, whatever the cells hold", () => {
    fc.assert(
      fc.property(table, ({ header, rows }) => {
        expect(parsed(formatCsv(header, rows))).toEqual([header, ...rows]);
      }),
    );
  });

  it("keeps every bit of a number", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(parseCsv(formatCsv(["x"], [[value]]), options).records[0]?.fields.x)).toBe(value);
      }),
    );
  });

  it("refuses what a number cannot be, and ragged rows", () => {
    expect(() => formatCsv(["x"], [[Number.NaN]])).toThrow(TypeError);
    expect(() => formatCsv(["x", "y"], [["1"]])).toThrow(TypeError);
  });
});
