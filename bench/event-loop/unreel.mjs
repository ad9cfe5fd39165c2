import { loadDetector } from "../../dist/index.js";
import { watched } from "./watch.mjs";

const [detectorFolder, ...clips] = process.argv.slice(2);
const detector = await loadDetector(detectorFolder);
await watched(async () => {
  let frames = 0;
  for await (const result of detector.scanMany(clips)) {
    if (!result.ok) throw result.error;
    frames += result.quality.framesUsed;
  }
  return frames;
});
detector.close();
