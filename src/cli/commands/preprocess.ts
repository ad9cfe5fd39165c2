import { type Command, Option } from "commander";
import { UnreelTypeError } from "../../errors.js";
import { NpyFileWriter, readNpyFile } from "../../npy-file.js";
import { checkCrop, clipSize, preprocess } from "../../preprocess.js";
import { type PreprocessingVariant, preprocessingVariants } from "../../preprocessing.js";
import { openVideo } from "../../video.js";
import { wholeNumber } from "../options.js";
import { say } from "../output.js";

/** `unreel preprocess`: an encoder's resize and crop of pictures. */
export function addPreprocessCommand(program: Command): void {
  program
    .command("preprocess")
    .description("an encoder's resize and crop; CLIP's own equals Pillow and torchvision in every byte")
    .argument("<input>", "a picture, or an .npy file of uint8 [H, W, 3] or [N, H, W, 3]")
    .requiredOption("--out <file>", "the .npy file to write: uint8 [size, size, 3], with a leading N for several")
    .addOption(
      new Option("--variant <name>", "whose arithmetic and crop").choices(preprocessingVariants).default("clip"),
    )
    .addOption(new Option("--size <n>", "side of the square").argParser(wholeNumber(1)).default(clipSize))
    .action(run);
}

interface Pictures {
  /** One picture has no leading axis in the output. */
  readonly single: boolean;
  readonly items: AsyncIterable<{ data: Uint8Array; width: number; height: number }>;
}

interface PreprocessCommandOptions {
  readonly out: string;
  readonly variant: PreprocessingVariant;
  readonly size: number;
}

async function run(input: string, options: PreprocessCommandOptions): Promise<void> {
  const { variant, size } = checkCrop(options, "--");
  const { single, items } = input.endsWith(".npy") ? await fromNpy(input) : { single: true, items: fromPicture(input) };
  await using out = await NpyFileWriter.create(options.out);
  let count = 0;
  for await (const { data, width, height } of items) {
    await out.append(await preprocess(data, { width, height, variant, size }), [size, size, 3]);
    count++;
  }
  await out.finish({ single });
  say(`wrote ${count} crop${count === 1 ? "" : "s"} to ${options.out}`);
}

async function* fromPicture(file: string) {
  await using video = await openVideo(file);
  yield* video.sample({ frames: [0], alpha: "drop" });
}

async function fromNpy(file: string): Promise<Pictures> {
  const { shape, data } = await readNpyFile(file);
  const [channels = 0, width = 0, height = 0, count = 1] = [...shape].reverse();
  if ((shape.length !== 3 && shape.length !== 4) || channels !== 3 || count === 0) {
    throw new UnreelTypeError(
      `${file} has shape [${shape.join(", ")}]; it must be [H, W, 3], or [N, H, W, 3] with N from 1 on`,
    );
  }
  const bytes = width * height * 3;
  async function* items() {
    for (let i = 0; i < count; i++) yield { data: data.subarray(i * bytes, (i + 1) * bytes), width, height };
  }
  return { single: shape.length === 3, items: items() };
}
