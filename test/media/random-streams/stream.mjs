// A random stream on disk, with FFmpeg's full decode of it beside it.
import { execFile } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../../../scripts/lib/root.mjs";
import { output } from "../../../scripts/lib/run.mjs";
import { policiesFor } from "./policies.mjs";
import { decodeByFfmpeg } from "./reference.mjs";

const execute = promisify(execFile);

/** The program that samples by unreel; `npm test` builds it. */
export const samplePlanes = join(root, "build/release/native/test/media/sample_planes");

/** The first line of `ffmpeg -version`; undefined without ffmpeg or without an encoder that the recipes call. */
export function ffmpegVersion() {
  const encoders = output("ffmpeg", ["-hide_banner", "-encoders"]) ?? "";
  const needed = ["libx264", "libx265", "libvpx", "libvpx-vp9", "libsvtav1", "libaom-av1"];
  if (needed.some((name) => !encoders.includes(` ${name} `))) return undefined;
  return output("ffmpeg", ["-version"])?.split("\n")[0];
}

/** The JSON lines of sample_planes; a last line {crash} where it did not end well. */
export async function sample(file, policies) {
  const lines = (text) => text.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"));
  try {
    const { stdout } = await execute(samplePlanes, [file, ...policies], { maxBuffer: 1 << 28 });
    return lines(stdout).map((line) => JSON.parse(line));
  } catch (error) {
    throw new Error(
      `sample_planes ${file} ${policies.join(" ")}\nended with ${error.signal ?? error.code}\n${error.stderr}`,
    );
  }
}

/**
 * Makes the recipe's stream in `folder` and lets FFmpeg decode it. Leaves the recipe's file and stream.json:
 * {policies, reference}. Throws where ffmpeg does not encode it.
 */
export async function makeStream(recipe, folder) {
  await execute("sh", ["-ec", recipe.commands.join("\n")], { cwd: folder, maxBuffer: 1 << 26 });
  for (const scrap of [
    "base.mp4",
    "base.mkv",
    "base.ts",
    "both.ts",
    "first.ts",
    "second.ts",
    "first.mkv",
    "second.mkv",
  ])
    rmSync(join(folder, scrap), { force: true });
  const [info] = await sample(join(folder, recipe.file), []);
  const reference = await decodeByFfmpeg(folder, recipe.file, info.stream ?? "v:0", {
    twice: recipe.family === "vp8" && !recipe.exact,
  });
  const policies = policiesFor(recipe.seed, Math.max(1, reference.frames.length));
  writeFileSync(join(folder, "stream.json"), JSON.stringify({ policies, reference }));
}

/** What makeStream() left. */
export function readStream(folder) {
  return JSON.parse(readFileSync(join(folder, "stream.json"), "utf8"));
}
