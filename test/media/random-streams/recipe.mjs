import { containerFor, containers } from "./container.mjs";
import { Dice } from "./dice.mjs";
import { encoders } from "./encoder.mjs";
import { picture } from "./picture.mjs";
import { Shape } from "./shape.mjs";
import { commandsFor, treatmentFor, treatments } from "./treatment.mjs";

const ffmpeg = "ffmpeg -hide_banner -v error -nostdin -y";

const families = { h264: 26, hevc: 18, vp8: 9, vp9: 12, av1: 9, mpeg2: 10, mpeg1: 3, mpeg4: 8, old: 5 };

/** Filters and options that give frames their times. */
function timing(dice, family, rate) {
  const exactTimes = ["h264", "hevc", "vp8", "vp9"].includes(family);
  const kind = dice.weighted({ constant: 12, gaps: 2, variable: exactTimes ? 2 : 0 });
  if (kind === "constant") return { kind, filter: "", options: "" };
  if (kind === "gaps")
    return {
      kind,
      filter: `,select=gt(mod(n*n*31+n*${dice.from(2, 19)}\\,23)\\,5)`,
      options: "-fps_mode passthrough",
    };
  const pts = `(N*4+mod(N*N*${dice.pick([7, 5, 11])}\\,3)+floor(N/${dice.from(5, 20)})*${dice.from(3, 40)})`;
  return {
    kind,
    filter: `,settb=1/90000,setpts=${pts}*90000/(4*(${rate}))`,
    options: "-fps_mode passthrough -enc_time_base 1:90000",
  };
}

/**
 * How the random stream of a seed is made: {seed, family, codec, container, treatment, timing, exact, timeless,
 * description, commands, file}. `commands` are shell lines that leave `file` in the folder that they run in.
 */
export function recipe(seed) {
  const dice = new Dice(seed, "recipe");
  const family = dice.weighted(families);
  const shape = new Shape(dice, family);
  const encoder = encoders[family](dice, shape);
  const times = timing(dice, family, shape.rate);
  const container = containerFor(dice, encoder.name ?? family);
  const treatment = treatmentFor(dice, family, container);

  const encodeOne = (made, size, { output, options = "", inputs = [] }) => {
    const graph = `${picture(dice, size)}`;
    const input = `-f lavfi -i '${graph}' ${inputs.join(" ")}`;
    const filter = `-vf 'format=${made.format}${times.filter}'`;
    const command = (more, to) =>
      `${ffmpeg} ${input} ${filter} ${times.options} -pix_fmt ${made.format} ${made.args.join(" ")} ${more} ${to}`
        .replace(/ +/g, " ")
        .trim();
    if (!made.twoPasses) return [command(options, output)];
    return [command("-pass 1 -an -f null", "-"), command(`-pass 2 ${options}`, output)];
  };
  const encode = ({ other = false, ...how }) => {
    if (!other) return encodeOne(encoder, shape, how);
    // The same codec and pixel format again, with other parameters and, mostly, another size.
    const second = Object.assign(new Shape(dice, family), { rate: shape.rate });
    if (dice.chance(0.3)) second.resize(shape.width, shape.height);
    let made = encoders[family](dice, second);
    for (let tries = 0; made.format !== encoder.format && tries < 100; tries++) made = encoders[family](dice, second);
    second.rate = shape.rate;
    return encodeOne(made, second, how);
  };
  const commands = commandsFor(dice, { ffmpeg, family, container, treatment, shape, encode });
  const codec = encoder.name ?? family;
  return {
    seed,
    family,
    codec,
    container,
    treatment,
    timing: times.kind,
    exact: treatments[treatment].exact,
    timeless: containers[container].timeless === true,
    description: `seed ${seed}: ${codec} in ${container}, ${shape.width}x${shape.height}, ${shape.frames} frames at ${shape.rate}, ${encoder.format}, times ${times.kind}, treatment ${treatment}`,
    commands,
    file: `stream.${containers[container].ending}`,
  };
}
