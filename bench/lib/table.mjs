const written = (number) => (number !== 0 && Math.abs(number) < 0.01 ? number.toExponential(1) : number.toFixed(2));

/** Prints objects of the same fields as a table; numbers to the right. */
export function printTable(rows, stream) {
  const fields = Object.keys(rows[0] ?? {});
  const cell = (value) => (typeof value === "number" ? written(value) : String(value));
  const widths = fields.map((field) => Math.max(field.length, ...rows.map((row) => cell(row[field]).length)));
  const line = (values, numeric) =>
    `${values.map((text, i) => (numeric[i] ? text.padStart(widths[i]) : text.padEnd(widths[i]))).join("  ")}\n`;
  const numeric = fields.map((field) => typeof rows[0]?.[field] === "number");
  stream.write(line(fields, numeric));
  for (const row of rows)
    stream.write(
      line(
        fields.map((field) => cell(row[field])),
        numeric,
      ),
    );
}
