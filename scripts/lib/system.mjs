// What the machine must have before anything can be built, and the one command that brings it.
import { existsSync } from "node:fs";
import { fail, has, output, run, say } from "./run.mjs";

/** Debian's package for each program or header that the build calls. */
const buildNeeds = [
  { package: "g++", present: () => has("g++") || has("clang++") },
  { package: "cmake", present: () => has("cmake") },
  { package: "ninja-build", present: () => has("ninja") },
  { package: "make", present: () => has("make") },
  { package: "meson", present: () => has("meson") },
  { package: "nasm", present: () => has("nasm") },
  { package: "pkg-config", present: () => has("pkg-config") },
  { package: "xz-utils", present: () => has("xz") },
  { package: "zlib1g-dev", present: () => existsSync("/usr/include/zlib.h") },
];

/** What the tests compare with; a test that lacks one says so by name and counts as skipped. */
const testNeeds = [
  { package: "libgtest-dev", present: () => existsSync("/usr/include/gtest/gtest.h") },
  { package: "ffmpeg", present: () => has("ffmpeg") },
  { package: "valgrind", present: () => has("valgrind") },
  { package: "libsvm-tools", present: () => has("svm-train") && has("svm-predict") },
  { package: "python3-venv", present: () => output("python3", ["-c", "import venv, ensurepip"]) !== undefined },
];

/** What the benchmarks' peers need; ffmpeg's package brings the shared libraries that torchcodec loads. */
const benchNeeds = testNeeds.filter((need) => ["ffmpeg", "python3-venv"].includes(need.package));

/** Brings what is missing where that is allowed and possible; returns the packages that stay missing. */
async function ensure(needs, why) {
  const missing = needs.filter((need) => !need.present()).map((need) => need.package);
  if (missing.length === 0) return [];
  const command = `apt-get update && apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (process.getuid?.() !== 0 || !has("apt-get")) return missing;
  say(`${why} needs ${missing.join(", ")}: ${command}`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  try {
    await run("apt-get", ["update", "-qq"], { env, capture: true });
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], { env, capture: true });
  } catch (error) {
    say(`apt-get could not bring it: ${error.message.trim().split("\n").at(-1)}`);
  }
  return needs.filter((need) => !need.present()).map((need) => need.package);
}

/** Installs what the build calls (as root, through apt-get), or ends with the one command to run. */
export async function ensureBuildTools() {
  const missing = await ensure(buildNeeds, "the build");
  if (missing.length > 0) {
    fail(
      `The build needs ${missing.join(", ")}. On Debian or Ubuntu:\n` +
        `  sudo apt-get install -y --no-install-recommends ${missing.join(" ")}\n` +
        "Elsewhere install what these packages carry, then run the same command again.",
    );
  }
}

/** Installs what the tests compare with where that is allowed; returns what stays missing. */
export async function ensureTestTools() {
  return ensure(testNeeds, "the test suite");
}

/** Installs what the benchmarks' peers need where that is allowed; returns what stays missing. */
export async function ensureBenchTools() {
  return ensure(benchNeeds, "the benchmark");
}
