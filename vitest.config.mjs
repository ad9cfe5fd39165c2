import { defineConfig } from "vitest/config";
import { existingVenvPython } from "./scripts/lib/python.mjs";

export default defineConfig({
  test: {
    pool: "forks",
    include: ["test/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 300_000,
    env: { UNREEL_TEST_PYTHON: process.env.UNREEL_TEST_PYTHON ?? existingVenvPython("test") ?? "" },
  },
});
