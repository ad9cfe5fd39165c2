// The documentation is true: its programs compile and run, its commands, files and links are there.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import { repositoryRoot, runCli } from "./support/cli.js";
import {
  blocksOf,
  codeBlocks,
  exampleFiles,
  findAll,
  pages,
  programs,
  readText,
  shellCommands,
} from "./support/documentation.js";
import { writeClip, writeTinyEncoder } from "./support/fixtures.js";
import { temporaryFolder } from "./support/folders.js";
import { referencePython, withoutPython } from "./support/python.js";

const folder = temporaryFolder("docs");
const fixtures = join(folder, "fixtures");
const at = (name: string) => join(fixtures, name);

interface Program {
  /** "README.md:74" */
  readonly name: string;
  readonly text: string;
  readonly args: readonly string[];
}

/** An example says in its head how it is called. */
function exampleProgram(file: string): Program {
  const text = readText(file);
  const usage = text.split("\n").find((line) => line.startsWith(`//   node ${file} `));
  if (usage === undefined) throw new Error(`${file} does not say how it is called: //   node ${file} ...`);
  return { name: file, text, args: usage.split(" ").slice(5) };
}

const service = "examples/moderate-upload.ts";
const examples = exampleFiles.map(exampleProgram);
const all: readonly Program[] = [
  ...programs().map(({ file, line, text }) => ({ name: `${file}:${line}`, text, args: [] })),
  ...examples,
];

/** A file name for a program. */
const slug = ({ name }: Program) => name.replaceAll(/[^\w]+/g, "-");

async function unreel(...args: string[]): Promise<void> {
  const result = await runCli(args, { cwd: fixtures });
  expect(result.status, `${args.join(" ")}\n${result.stderr}`).toBe(0);
}

function csvBlock(page: string): string {
  const block = codeBlocks(page).find(({ language }) => language === "csv");
  if (block === undefined) throw new Error(`${page} has no csv block`);
  return `${block.text}\n`;
}

/** Everything that the programs of the documentation call by name. */
async function makeFixtures(): Promise<void> {
  for (const name of ["clips", "real", "fake"]) mkdirSync(at(name), { recursive: true });
  for (const [hue, name] of ["clip.mp4", "clips/a.mp4", "clips/b.mp4"].entries())
    await writeClip(at(name), 12, { hue: hue * 50 });
  await writeClip(at("street.mp4"), 40, { width: 768, height: 512 });
  writeTinyEncoder(at("encoder.onnx"));
  writeFileSync(at("manifest.csv"), csvBlock("README.md"));
  for (const [hue, line] of csvBlock("README.md").trim().split("\n").slice(1).entries()) {
    await writeClip(at(line.split(",")[0] ?? ""), 8, { hue: hue * 30 });
  }
  writeFileSync(at("predictions.csv"), csvBlock("docs/evaluate.md"));
  await unreel("synth", "street.mp4", "--out", "dataset", "--clips", "12", "--seconds", "1");
  await unreel(
    "extract",
    "dataset",
    "--dataset",
    "celeb-df-v2",
    "--encoder",
    "encoder.onnx",
    "--out",
    "features",
    "--count",
    "4",
  );
  const head = ["--dim", "16", "--epochs", "3", "--onnx", "head.onnx"];
  await unreel("train", "head", "features", "--out", "detector", ...head);
  await unreel("train", "svm", "features", "--detector", "detector");
  await unreel("sample", "clip.mp4", "--frames", "0,5,9", "--out", "frames.npy");
}

/** Makes `unreel` and `@types/node` resolve from the temporary folder as in a user's project. */
function makeProject(): void {
  mkdirSync(join(folder, "node_modules/@types"), { recursive: true });
  symlinkSync(repositoryRoot, join(folder, "node_modules/unreel"));
  symlinkSync(join(repositoryRoot, "node_modules/@types/node"), join(folder, "node_modules/@types/node"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
}

/** What the compiler has to say of each program, under the repository's own strict settings. */
function typeCheck(): Map<string, string[]> {
  const { config } = ts.readConfigFile(join(repositoryRoot, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, folder);
  const check = join(folder, "check");
  mkdirSync(check);
  for (const each of all) writeFileSync(join(check, `${slug(each)}.ts`), each.text);
  const program = ts.createProgram(
    all.map((each) => join(check, `${slug(each)}.ts`)),
    options,
  );
  const found = new Map<string, string[]>();
  for (const { file, start = 0, messageText } of ts.getPreEmitDiagnostics(program)) {
    const name = file === undefined ? "" : file.fileName.slice(check.length + 1, -3);
    const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1;
    found.set(name, [
      ...(found.get(name) ?? []),
      `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    ]);
  }
  return found;
}

/** A folder of its own with the fixtures and the program as JavaScript; returns the program's path. */
function prepare(program: Program): string {
  const place = join(folder, "runs", slug(program));
  cpSync(fixtures, place, { recursive: true });
  const { outputText } = ts.transpileModule(program.text, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  writeFileSync(join(place, "program.mjs"), outputText);
  return join(place, "program.mjs");
}

let diagnostics = new Map<string, string[]>();

beforeAll(async () => {
  makeProject();
  await makeFixtures();
  diagnostics = typeCheck();
});

describe("programs compile and run", () => {
  test.each(all.filter(({ name }) => name !== service).map((each) => [each.name, each] as const))(
    "%s",
    (_, program) => {
      expect(diagnostics.get(slug(program)) ?? []).toEqual([]);
      const path = prepare(program);
      const result = spawnSync(process.execPath, [path, ...program.args], {
        cwd: dirname(path),
        encoding: "utf8",
        timeout: 60_000,
      });
      expect(result.status, `${program.text}\n${result.stdout}\n${result.stderr}`).toBe(0);
      expect(result.stderr.replaceAll(/^.*ExperimentalWarning.*\n.*\n/gm, "")).toBe("");
    },
  );

  test("the compiler has nothing to say besides", () => {
    expect(diagnostics.get("")).toBeUndefined();
  });

  test(`${service} answers uploads and shuts down`, async () => {
    const program = examples.find(({ name }) => name === service);
    if (program === undefined) throw new Error(`there is no ${service}`);
    expect(diagnostics.get(slug(program)) ?? []).toEqual([]);
    const path = prepare(program);
    const child = spawn(process.execPath, [path, "detector", "0"], {
      cwd: dirname(path),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    try {
      const url = await new Promise<string>((resolve, reject) => {
        child.stdout.setEncoding("utf8").on("data", (text: string) => resolve(/http:\S+/.exec(text)?.[0] ?? ""));
        ended.then(() => reject(new Error("the service ended before it listened")));
      });
      const post = async (body: Uint8Array<ArrayBuffer>) => {
        const response = await fetch(`${url}/scan`, { method: "POST", body });
        return { status: response.status, body: await response.json() };
      };
      expect(await post(new Uint8Array(readFileSync(at("clip.mp4"))))).toMatchObject({
        status: 200,
        body: { verdict: expect.stringMatching(/^(fake|real)$/), score: expect.any(Number) },
      });
      expect(await post(new TextEncoder().encode("no video\n".repeat(99)))).toEqual({
        status: 422,
        body: { error: "ERR_UNREEL_NOT_MEDIA" },
      });
      expect((await fetch(`${url}/health`)).status).toBe(200);
    } finally {
      child.kill("SIGTERM");
    }
    expect(await ended).toBe(0);
  });
});

describe.skipIf(referencePython() === undefined)(`Python blocks run (${withoutPython})`, () => {
  test.each(blocksOf("python").map(({ file, line, text }) => [`${file}:${line}`, text] as const))("%s", (_, text) => {
    const result = spawnSync(referencePython() ?? "", ["-c", text], { cwd: fixtures, encoding: "utf8" });
    expect(result.status, result.stderr).toBe(0);
  });
});

/** Options by command ("train head"), as `--help` prints them. */
function readHelp(): Map<string, ReadonlySet<string>> {
  const known = new Map<string, ReadonlySet<string>>();
  const visit = (path: readonly string[]) => {
    const help = execFileSync(process.execPath, [join(repositoryRoot, "dist/cli.js"), ...path, "--help"], {
      encoding: "utf8",
    });
    known.set(
      path.join(" "),
      new Set(
        [...help.matchAll(/^ +(?:(-\w), )?(--[\w-]+)/gm)].flatMap(([, short, long]) => [short ?? "", long ?? ""]),
      ),
    );
    const commands = /\nCommands:\n((?: .*\n)+)/.exec(help)?.[1] ?? "";
    for (const [, name] of commands.matchAll(/^ {2}(\w[\w-]*)/gm))
      if (name !== undefined && name !== "help") visit([...path, name]);
  };
  visit([]);
  return known;
}

describe("what the pages name is there", () => {
  const commands = shellCommands();
  let help = new Map<string, ReadonlySet<string>>();
  beforeAll(() => {
    help = readHelp();
  });

  test("commands of unreel and their options", () => {
    const wrong = commands.flatMap(({ file, line, text }) => {
      const words = text.replace(/^(?:\w+=\S+ +)+/, "").split(/\s+/);
      const demo = /^npm run (?:-s )?demo -- /.test(text)
        ? ["demo", ...words.slice(words.indexOf("--") + 1)]
        : undefined;
      const called = /^(?:npx +)?unreel |^node dist\/cli\.js /.test(words.join(" "))
        ? words.slice(words[0] === "unreel" ? 1 : 2)
        : demo;
      if (called === undefined) return [];
      const [first = "", second = ""] = called;
      const command = help.has(`${first} ${second}`) ? `${first} ${second}` : first.startsWith("-") ? "" : first;
      const options = help.get(command);
      if (options === undefined) return [`${file}:${line}: unreel has no command ${command}`];
      const unknown = called.filter((word) => /^--?[a-z0]/.test(word) && !options.has(word.split("=")[0] ?? ""));
      return unknown.map((word) => `${file}:${line}: unreel ${command} has no option ${word}`);
    });
    expect(wrong).toEqual([]);
  });

  test("npm scripts", () => {
    const { scripts } = JSON.parse(readText("package.json")) as { scripts: Record<string, string> };
    const named = pages.flatMap((file) => findAll(file, /npm run (?:-s )?([a-z][\w:-]*)/g));
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter(({ text }) => !(text in scripts))).toEqual([]);
  });

  test("links within the repository", () => {
    const links = pages.flatMap((file) => findAll(file, /\]\((?!https?:|#)([^)#\s]+)/g));
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter(({ file, text }) => !existsSync(join(repositoryRoot, dirname(file), text)))).toEqual([]);
  });

  test("files and folders of the repository", () => {
    const paths = pages.flatMap((file) => findAll(file, /`((?:native|src|scripts|test|docs|examples)\/[\w./-]+)`/g));
    expect(paths.length).toBeGreaterThan(0);
    const absent = paths.filter(({ text }) => !text.includes("NAME") && !existsSync(join(repositoryRoot, text)));
    expect(absent).toEqual([]);
  });

  test("every error code, with the meaning that errors.def gives it", () => {
    const page = readText("docs/errors.md");
    const defined = [...readText("native/base/errors.def").matchAll(/"(ERR_UNREEL_\w+)", "\w+", \w+, "([^"]*)"/g)];
    expect(defined.length).toBeGreaterThan(0);
    expect(defined.map(([, code, doc]) => `| \`${code}\` | ${doc} |`).filter((row) => !page.includes(row))).toEqual([]);
  });
});
