// The scripts around the product: what they leave when something fails, and what they say.
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repositoryRoot } from "./support/cli.js";
import { temporaryFolder } from "./support/folders.js";
import { runProgram } from "./support/programs.js";

const folder = temporaryFolder("scripts");
const at = (name: string) => join(folder, name);
let programs = 0;

/** Runs a module that imports from scripts/; resolves to what it printed. */
async function runModule(text: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const path = at(`program-${programs++}.mjs`);
  const set = Object.entries(env).map(
    ([name, value]) => `process.env[${JSON.stringify(name)}] = ${JSON.stringify(value)};`,
  );
  writeFileSync(path, `${set.join("\n")}\n${text.replaceAll("SCRIPTS", join(repositoryRoot, "scripts"))}`);
  const { status, stdout, stderr } = await runProgram(path, []);
  expect(status, stderr).toBe(0);
  return stdout;
}

describe("the cache", () => {
  it("keeps nothing of a folder whose making failed, and one of two that were made at once", async () => {
    const cache = at("cache");
    const printed = await runModule(
      `import { writeFileSync } from "node:fs";
      import { cachedFolder } from "SCRIPTS/lib/cache.mjs";
      const failed = await cachedFolder("deps", "bad", async () => { throw new Error("no"); }).catch((e) => e.message);
      const make = async (scratch) => writeFileSync(scratch + "/file", "text");
      const both = await Promise.all([cachedFolder("deps", "good", make), cachedFolder("deps", "good", make)]);
      console.log(JSON.stringify([failed, ...both]));`,
      { UNREEL_CACHE: cache },
    );
    expect(JSON.parse(printed)).toEqual(["no", join(cache, "deps/good"), join(cache, "deps/good")]);
    expect(readdirSync(join(cache, "deps"))).toEqual(["good"]);
    expect(existsSync(join(cache, "deps/good/file"))).toBe(true);
  });

  it("is refused for building where its path has a blank", async () => {
    const printed = await runModule(
      `import { buildDeps } from "SCRIPTS/deps/build.mjs";
      await buildDeps().catch((error) => console.log(error.message));`,
      { UNREEL_CACHE: at("my cache") },
    );
    expect(printed).toMatch(/my cache.*set UNREEL_CACHE to a path without blanks/);
  });
});

describe("a failing program", () => {
  it("is explained by the last line that it wrote", async () => {
    const printed = await runModule(
      `import { reasonOf } from "SCRIPTS/deps/fetch.mjs";
      console.log(reasonOf(new Error("apt-get update\\nended with exit code 100\\nE: no network\\n\\n")));`,
    );
    expect(printed).toBe("E: no network\n");
  });

  it("named apt-get leaves what is missing missing", async () => {
    const bin = at("bin");
    mkdirSync(bin);
    symlinkSync("/bin/sh", join(bin, "sh"));
    writeFileSync(join(bin, "apt-get"), "#!/bin/sh\necho 'E: no network' >&2\nexit 100\n");
    chmodSync(join(bin, "apt-get"), 0o755);
    const printed = await runModule(
      `import { ensureTestTools } from "SCRIPTS/lib/system.mjs";
      console.log(JSON.stringify(await ensureTestTools()));`,
      { PATH: bin },
    );
    expect(JSON.parse(printed)).toContain("ffmpeg");
  });
});

it("a script knows itself when it is started through a link", async () => {
  writeFileSync(
    at("main.mjs"),
    `import { isMain } from ${JSON.stringify(join(repositoryRoot, "scripts/lib/root.mjs"))};\nconsole.log(isMain(import.meta.url));\n`,
  );
  symlinkSync(at("main.mjs"), at("link.mjs"));
  expect((await runProgram(at("link.mjs"), [])).stdout).toBe("true\n");
  expect(await runModule(`import ${JSON.stringify(at("main.mjs"))};`)).toBe("false\n");
});
