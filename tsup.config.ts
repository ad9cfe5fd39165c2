import { defineConfig } from "tsup";

export default defineConfig([
  { entry: { index: "src/index.ts" }, format: ["esm", "cjs"], dts: true, shims: true, target: "node20", clean: false },
  { entry: { cli: "src/cli/main.ts" }, format: ["esm"], target: "node20", banner: { js: "#!/usr/bin/env node" } },
]);
