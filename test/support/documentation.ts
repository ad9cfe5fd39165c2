// What the documentation claims, taken apart: code blocks, commands, links and file names with their lines.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "./cli.js";

/** A piece of a file. */
export interface Excerpt {
  /** Relative to the repository's root. */
  readonly file: string;
  /** Of its first line, from 1. */
  readonly line: number;
  readonly text: string;
}

/** A fenced block of code. */
export interface CodeBlock extends Excerpt {
  readonly language: string;
}

/** The text of a file of the repository. */
export function readText(file: string): string {
  return readFileSync(join(repositoryRoot, file), "utf8");
}

function filesIn(folder: string, suffix: string): string[] {
  const names = readdirSync(join(repositoryRoot, folder), { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(suffix)).map((name) => `${folder}/${name}`);
}

/** Every page: those in the root, in docs/ and in examples/. */
export const pages: readonly string[] = [
  ...readdirSync(repositoryRoot).filter((name) => name.endsWith(".md")),
  ...filesIn("docs", ".md"),
  ...filesIn("examples", ".md"),
].sort();

export const exampleFiles: readonly string[] = filesIn("examples", ".ts").sort();

/** The fenced blocks of a page, and those of the `@example` tags of a TypeScript source. */
export function codeBlocks(file: string): CodeBlock[] {
  const inSource = file.endsWith(".ts");
  const blocks: CodeBlock[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [at, raw] of readText(file).split("\n").entries()) {
    const line = inSource ? raw.replace(/^\s*\* ?/, "") : raw;
    const fence = /^```(\w*)\s*$/.exec(line);
    if (fence === null) open?.lines.push(line);
    else if (open === undefined) open = { language: fence[1] ?? "", line: at + 2, lines: [] };
    else {
      blocks.push({ file, line: open.line, language: open.language, text: open.lines.join("\n") });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`${file}:${open.line}: a code block is not closed`);
  return blocks;
}

/** The blocks of one language in the pages. */
export function blocksOf(...languages: readonly string[]): CodeBlock[] {
  return pages.flatMap(codeBlocks).filter(({ language }) => languages.includes(language));
}

/** The programs in the pages and in the TSDoc of src/. */
export function programs(): CodeBlock[] {
  return [...blocksOf("ts"), ...filesIn("src", ".ts").sort().flatMap(codeBlocks)];
}

/** Everything in a page that matches, with its line. */
export function findAll(file: string, pattern: RegExp): Excerpt[] {
  return readText(file)
    .split("\n")
    .flatMap((text, at) => [...text.matchAll(pattern)].map((match) => ({ file, line: at + 1, text: match[1] ?? "" })));
}

/** The commands of shell blocks, and those in running text that begin with `unreel`, `npm` or `node`. */
export function shellCommands(): Excerpt[] {
  const inBlocks = blocksOf("sh").flatMap(({ file, line, text }) =>
    text
      .split("\n")
      .flatMap((command, at) => command.split(/\||&&/).map((part) => ({ file, line: line + at, text: part.trim() }))),
  );
  const inText = pages.flatMap((file) => findAll(file, /`((?:unreel|npm|npx|node) [^`]+)`/g));
  return [...inBlocks, ...inText];
}
