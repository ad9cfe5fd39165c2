// The encoder alone, frame by frame, as its users call it: no decoding, no preprocessing.
import { InferenceSession, Tensor } from "onnxruntime-node";
import { watched } from "./watch.mjs";

const [model, count] = process.argv.slice(2);
const session = await InferenceSession.create(model);
const input = new Tensor("float32", new Float32Array(3 * 224 * 224), [1, 3, 224, 224]);
await session.run({ pixel_values: input });
await watched(async () => {
  for (let frame = 0; frame < Number(count); frame++) await session.run({ pixel_values: input });
  return Number(count);
});
