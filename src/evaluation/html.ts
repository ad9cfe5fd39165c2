// HTML text in which nothing but this file's own tag is markup.

/** Text that is markup already; made by {@link html} alone. */
export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

export type HtmlValue = Html | string | number | readonly HtmlValue[] | undefined;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Controls (but tab and line feed) and lone surrogates: HTML cannot hold them. */
const unwritable = /(?![\t\n])[\p{Cc}\p{Cs}]/gu;

/** Text made safe for element content and quoted attributes; what HTML cannot hold becomes U+FFFD. */
export function escapeHtml(text: string): string {
  return text.replace(unwritable, "\ufffd").replace(/[&<>"']/g, (character) => entities[character] ?? "");
}

function textOf(value: HtmlValue): string {
  if (value === undefined) return "";
  if (value instanceof Html) return value.toString();
  if (typeof value === "string" || typeof value === "number") return escapeHtml(String(value));
  return value.map(textOf).join("");
}

/** A template whose values are escaped, unless they are {@link Html}; lists are joined, undefined is nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(parts.reduce((text, part, index) => text + textOf(values[index - 1]) + part));
}
