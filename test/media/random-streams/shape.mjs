// Width, height, rate and length of a stream.

const subsampled = { yuv420p: [2, 2], yuv422p: [2, 1], yuv440p: [1, 2], yuvj420p: [2, 2] };

/** Whose encoders take odd sizes in subsampled formats too. */
const takeOdd = new Set(["vp8", "vp9", "av1", "mpeg2", "mpeg1", "mpeg4"]);

export class Shape {
  constructor(dice, family) {
    this.family = family;
    this.width = dice.weighted({ 0: 3, 1: 1 }) === "0" ? dice.pick([64, 80, 96, 128, 160, 176]) : dice.from(49, 200);
    this.height = dice.weighted({ 0: 3, 1: 1 }) === "0" ? dice.pick([48, 64, 72, 96, 120, 144]) : dice.from(41, 160);
    if (dice.chance(0.04)) [this.width, this.height] = [320, 240];
    this.rate = dice.pick(["25", "25", "30", "24", "50", "60", "30000/1001", "24000/1001", "12", "10"]);
    this.frames = dice.weighted({ 0: 1, 1: 4, 2: 1 }) === "1" ? dice.from(30, 90) : dice.from(20, 200);
  }

  /** Sides that a pixel format and an encoder take. */
  fit(format, multiple, least = 16) {
    const [x, y] = subsampled[format.replace(/10le$/, "")] ?? [1, 1];
    const odd = takeOdd.has(this.family);
    const round = (side, by) => Math.max(Math.ceil(least / by) * by, side - (side % by));
    this.width = round(this.width, odd ? multiple : Math.max(x, multiple));
    this.height = round(this.height, odd ? multiple : Math.max(y, multiple));
  }

  resize(width, height) {
    this.width = width;
    this.height = height;
  }

  /** MPEG-1 and MPEG-2 know a few rates. */
  standardRate() {
    if (["12", "10"].includes(this.rate)) this.rate = "25";
  }
}
