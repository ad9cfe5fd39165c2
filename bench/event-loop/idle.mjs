import { setTimeout } from "node:timers/promises";
import { watched } from "./watch.mjs";

await watched(async () => {
  await setTimeout(3000);
  return 0;
});
