// A spool leaves nothing behind, however its process ends.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeClip } from "../support/fixtures.js";
import { temporaryFolder } from "../support/folders.js";

test.each(["SIGKILL", "SIGTERM"] as const)("%s in the middle of a stream leaves no file", async (signal) => {
  const folder = temporaryFolder("killed");
  const clip = join(temporaryFolder("clip"), "clip.mp4");
  await writeClip(clip, 3);
  const program = join(import.meta.dirname, "../lifetimes/spooling.mjs");
  const child = spawn(process.execPath, [program, clip], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.on("close", (_, by) => resolve(by)));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  child.kill(signal);
  expect(await ended).toBe(signal);
  expect(readdirSync(folder)).toEqual([]);
});
